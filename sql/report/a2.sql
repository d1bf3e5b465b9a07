-- The newest whole final quarter by kind of agreement. A part withheld in one of its months is withheld in the quarter.
with newest as (
    select max(period_start) as quarter
    from marts.redirection_by_provider
    where period_type = 'quarter' and period_start + interval 2 month <= $month
),
summed as (
    select
        newest.quarter,
        part.agreement_type,
        part.is_total,
        case when count(part.treatments) = count(*) then sum(part.treatments) end as treatments,
    from newest
    join marts.redirection_monthly as part on date_trunc('quarter', part.month) = newest.quarter
    group by all
)
select
    part.agreement_type,
    cast(part.treatments as bigint) as treatments,
    round(part.treatments / total.treatments, 9) as treatments_share,
    case when part.treatments is null then 'c' else '' end as qf,
    part.quarter as _from,
    cast(part.quarter + interval 2 month as date) as _to,
from summed as part
join summed as total on total.is_total
where not part.is_total
order by part.treatments desc nulls last, part.agreement_type
