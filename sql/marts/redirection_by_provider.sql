-- Redirected treatments of the final months by the private provider that received them (seed L109-117): the ten largest, and Øvrige.
select
    period_start as month,
    provider_id,
    provider_name,
    treatments,
    treatments_share,
    providers,
    '' as qf,
    persons as _persons,
    part_of as _part_of,
    at_least as _at_least,
from core.provider_count
where period_type = 'month'
order by month, provider_id
