-- The newest whole final quarter by kind of agreement. A part withheld in one of its months is withheld in the quarter.
with newest as (
    select max(quarter) as quarter from marts.redirection_by_provider_quarterly where quarter + interval 2 month <= $month
),
total as (
    select sum(treatments) as treatments
    from newest join marts.redirection_monthly as month on date_trunc('quarter', month.month) = newest.quarter
),
summed as (
    select
        newest.quarter,
        part.agreement_type,
        case when count(part.treatments) = count(*) then sum(part.treatments) end as treatments,
    from newest
    join marts.redirection_by_agreement as part on date_trunc('quarter', part.month) = newest.quarter
    group by all
)
select
    summed.agreement_type,
    cast(summed.treatments as bigint) as treatments,
    round(summed.treatments / total.treatments, 9) as treatments_share,
    case when summed.treatments is null then 'c' else '' end as qf,
    summed.quarter as _from,
    cast(summed.quarter + interval 2 month as date) as _to,
from summed
cross join total
order by summed.treatments desc nulls last, summed.agreement_type
