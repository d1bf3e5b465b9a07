-- Of every domain how many checks there are, how many found something, and how many of those an operator lets stand for now.
select
    domain.label,
    checked.severity,
    count(*) as checks,
    count(*) filter (not checked.passed) as checks_failed,
    count(checked.accepted_until) filter (not checked.passed) as checks_accepted,
from meta.check_result as checked
join meta.domain_status as domain using (domain)
group by domain.label, checked.severity
having count(*) filter (not checked.passed) > 0
order by domain.label, checked.severity
