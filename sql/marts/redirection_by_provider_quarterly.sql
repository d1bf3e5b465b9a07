-- Redirected treatments of the final quarters by the private provider that received them (seed L109-117): the ten largest, and Øvrige.
select
    period_start as quarter,
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
where period_type = 'quarter'
order by quarter, provider_id
