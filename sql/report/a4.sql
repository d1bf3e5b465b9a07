-- The newest whole final quarter by expected service. A group withheld in one of its months is withheld in the quarter.
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
        part.service_group,
        part.service_group_name,
        case when count(part.treatments) = count(*) then sum(part.treatments) end as treatments,
    from newest
    join marts.redirection_by_service_group as part on date_trunc('quarter', part.month) = newest.quarter
    group by all
)
select
    service_group_name,
    cast(summed.treatments as bigint) as treatments,
    round(summed.treatments / total.treatments, 9) as treatments_share,
    case when summed.treatments is null then 'c' else '' end as qf,
    case when count(summed.treatments) filter (service_group <> 'ØVRIGE') over () = count(*) filter (service_group <> 'ØVRIGE') over ()
        then round(sum(summed.treatments) filter (service_group <> 'ØVRIGE') over () / total.treatments, 9)
    end as _with_uncoded_share,
    service_group in ('UDEN_KODE', 'ØVRIGE') as _is_rest,
    count(*) filter (not _is_rest) over () as _named_groups,
    case when count(summed.treatments) filter (not _is_rest) over () = count(*) filter (not _is_rest) over ()
        then round(sum(summed.treatments) filter (not _is_rest) over () / total.treatments, 9)
    end as _named_share,
    quarter as _from,
    cast(quarter + interval 2 month as date) as _to,
from summed
cross join total
order by _is_rest, summed.treatments desc nulls last, service_group_name
