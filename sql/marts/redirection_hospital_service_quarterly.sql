-- Redirected treatments of the final quarters by sending hospital and expected service: which hospital sends what (seed L102-104).
-- Every hospital meets every group of the quarter, also where nothing was sent: a withheld cell needs neighbours of every size.
with final_quarter as (
    select cast(date_trunc('quarter', month) as date) as quarter
    from coverage.redirections
    where is_final
    group by all
    having count(*) = 3
),
redirection as (
    select final_quarter.quarter, core.redirection.hospital_code, core.redirection.service_group, core.redirection.person_id
    from core.redirection
    join final_quarter on final_quarter.quarter = cast(date_trunc('quarter', core.redirection.month) as date)
),
grid as (
    select *
    from (select distinct quarter, hospital_code from redirection)
    join (select distinct quarter, service_group from redirection) using (quarter)
),
counted as (
    select quarter, hospital_code, service_group, count(*) as treatments, count(distinct person_id) as persons
    from redirection
    group by all
),
named as (
    select distinct service_group, service_group_name from reference.service_group
)
select
    grid.quarter,
    grid.hospital_code,
    hospital.hospital_name,
    grid.service_group,
    named.service_group_name,
    coalesce(counted.treatments, 0) as treatments,
    '' as qf,
    counted.persons as _persons,
from grid
join reference.hospital as hospital on hospital.hospital_code = grid.hospital_code
join named on named.service_group = grid.service_group
left join counted
    on counted.quarter = grid.quarter
    and counted.hospital_code = grid.hospital_code
    and counted.service_group = grid.service_group
order by all
