-- The newest final month by expected service, beside the same month a year before.
with newest as (
    select max(month) as month from marts.redirection_by_service_group where month <= $month
)
select
    service_group_name,
    treatments,
    treatments_year_before,
    treatments - treatments_year_before as treatments_change,
    qf,
    qf_columns,
    month as _from,
    month as _to,
from marts.redirection_by_service_group
join newest using (month)
order by service_group in ('UDEN_KODE', 'ØVRIGE'), treatments desc nulls last, service_group_name
