-- What is to come: the next three months or years of each domain, when their final figures are expected, and whether that is late by now.
select
    c.domain,
    d.label,
    c.unit,
    c.period,
    c.due_at,
    c.expected_at,
    c.due_at < r.as_of as is_overdue,
from meta.release_calendar as c
join meta.domain_status as d using (domain)
cross join meta.release as r
qualify row_number() over (partition by c.domain order by c.period) <= 3
order by is_overdue desc, c.due_at, d.label
