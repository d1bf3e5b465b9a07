-- Checks that found something, and which of them an operator lets stand until when.
select table_name, rule, severity, offenders, coalesce(named, '') as named, accepted_until, coalesce(accepted_reason, '') as accepted_reason
from meta.check_result
where not passed
order by severity, table_name, check_name
