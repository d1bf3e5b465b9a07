-- The critical systems, and which of them are measured.
select
    system_name,
    description,
    is_measured,
    count(*) over () as _critical,
    count(*) filter (is_measured) over () as _measured,
from reference.system
where is_critical
order by is_measured desc, system_name
