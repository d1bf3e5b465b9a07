-- Why the change to a year is not explained: it or the year before is frozen, or there is no year before.
select
    count(*) as municipalities,
    count(*) filter (contains(qf, 'z')) as frozen,
from marts.kmf_change
where year = $year
