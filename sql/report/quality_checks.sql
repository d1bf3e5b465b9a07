-- Checks that found something.
select table_name, rule, severity, offenders, coalesce(named, '') as named
from meta.check_result
where not passed
order by severity, table_name, check_name
