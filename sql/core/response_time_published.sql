-- The published compliance of each system and month under the system's own id, however the table spelled its name.
select
    cast(published.month as date) as month,
    coalesce(alias.system_id, 'UNMAPPED') as system_id,
    published.system_name,
    published.published_share,
    published.sla_target,
from raw.response_time_compliance as published
left join reference.system_alias as alias on lower(alias.alias) = lower(published.system_name)
order by all
