-- The newest whole final quarter by the functional hospital that redirected, with the service each redirects most
-- where that can be told: the largest shown is the largest of all if what is withheld of the hospital is no more than it.
-- A hospital withheld in one of its months is withheld in the quarter.
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
        part.hospital_code,
        part.hospital_name,
        case when count(part.treatments) = count(*) then sum(part.treatments) end as treatments,
    from newest
    join marts.redirection_by_hospital as part on date_trunc('quarter', part.month) = newest.quarter
    group by all
),
largest_service as (
    select hospital_code, arg_max(part.service_group_name, part.treatments) as service_group_name
    from marts.redirection_hospital_service_quarterly as part
    join summed using (quarter, hospital_code)
    group by hospital_code
    having count(part.treatments) = count(*) or max(part.treatments) >= any_value(summed.treatments) - sum(part.treatments)
),
ranked as (
    select *, row_number() over (order by treatments desc nulls last, hospital_name) as place from summed
)
select
    ranked.hospital_name,
    cast(ranked.treatments as bigint) as treatments,
    round(ranked.treatments / total.treatments, 9) as treatments_share,
    largest_service.service_group_name,
    case when ranked.treatments is null or largest_service.service_group_name is null then 'c' else '' end as qf,
    case
        when ranked.treatments is null then 'c: treatments, treatments_share, service_group_name'
        when largest_service.service_group_name is null then 'c: service_group_name'
        else ''
    end as qf_columns,
    round(sum(ranked.treatments) filter (place <= 3) over () / total.treatments, 9) as _first_three_share,
    ranked.quarter as _from,
    cast(ranked.quarter + interval 2 month as date) as _to,
from ranked
cross join total
left join largest_service on largest_service.hospital_code = ranked.hospital_code
order by place
