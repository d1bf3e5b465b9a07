-- What is published of each domain, and since when.
select domain, status, since, coalesce(why, '') as why, data_as_of
from meta.domain_status
order by domain
