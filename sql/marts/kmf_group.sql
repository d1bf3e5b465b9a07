-- Groups of a municipality's citizens in a year: what they cost of all, of their care, or how often they came (K2-K6, K8, K10-K15, K17).
-- Of the dearest in care amounts are of care; of all others of co-financing. The smallest amount of the dearest is rounded to a thousand
-- kroner, so that it is nobody's.
select
    counted.year,
    counted.municipality_code,
    municipality.municipality_name,
    counted.citizen_group,
    counted.citizens,
    counted.of_citizens,
    round(counted.citizens / nullif(counted.of_citizens, 0), 9) as citizens_share,
    counted.amount_oere,
    case when counted.citizen_group like 'CARE\_TOP%' escape '\' then counted.of_amount_oere else users.amount_oere end as of_amount_oere,
    round(
        counted.amount_oere
            / nullif(case when counted.citizen_group like 'CARE\_TOP%' escape '\' then counted.of_amount_oere else users.amount_oere end, 0),
        9
    ) as amount_share,
    round(counted.amount_oere / 100 / nullif(counted.citizens, 0), 2) as amount_per_citizen_kr,
    case when counted.citizen_group = 'TOP' then round(counted.smallest_oere / 100, -3) end as smallest_amount_kr,
    case when counted.citizen_group in ('READMITTED', 'PREVENTABLE') then counted.events end as events,
    case when counted.citizen_group in ('READMITTED', 'PREVENTABLE') then counted.of_events end as of_events,
    case when counted.citizen_group in ('READMITTED', 'PREVENTABLE') then round(counted.events / nullif(counted.of_events, 0), 9) end as events_share,
    year.is_provisional,
    concat('z', if(year.is_provisional, 'p', '')) as qf,
    counted.fewest as _fewest,
    counted.largest_share as _largest_share,
    case when counted.is_additive then counted.citizens end as _added,
    case when counted.is_additive then 'citizens' end as _whole,
    case when counted.is_additive then counted.fewest end as _fewest_added,
from core.kmf_group_count as counted
join core.kmf_group_count as users
    on users.year = counted.year
    and users.municipality_code = counted.municipality_code
    and users.citizen_group = 'USERS'
join core.kmf_year as year on year.year = counted.year
join reference.municipality as municipality
    on municipality.municipality_code = counted.municipality_code
    and counted.year between municipality.valid_from and municipality.valid_to
where counted.municipality_code <> 'ALL' and counted.citizen_group <> 'USERS'
order by counted.year, counted.municipality_code, counted.citizen_group
