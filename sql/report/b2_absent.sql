-- Why the change to a year is not explained: it or the year before is frozen, or there is no year before; and why that of no municipality
-- is: all are withheld.
select
    count(*) as municipalities,
    count(*) filter (contains(qf, 'z')) as frozen,
    count(*) filter (population_oere is null and contains(qf, 'c')) as withheld,
from marts.kmf_change
where year = $year
