-- What is published of each domain, and since when.
select label, status as domain_status, since, data_as_of
from meta.domain_status
order by label
