-- Redirected treatments of the final quarters by sending hospital and receiving private provider: to whom each hospital sends its
-- patients. The quarter's ten largest providers, and Øvrige; every hospital meets each of them.
with receiver as (
    select period_start as quarter, provider_id, provider_name, coalesce(part_of, provider_id) as shown_id
    from core.provider_count
    where period_type = 'quarter'
),
redirection as (
    select receiver.quarter, core.redirection.hospital_code, receiver.shown_id as provider_id, core.redirection.person_id
    from core.redirection
    join receiver
        on receiver.quarter = cast(date_trunc('quarter', core.redirection.month) as date)
        and receiver.provider_id = core.redirection.provider_id
),
grid as (
    select hospital.quarter, hospital.hospital_code, receiver.provider_id, receiver.provider_name
    from (select distinct quarter, hospital_code from redirection) as hospital
    join receiver on receiver.quarter = hospital.quarter and receiver.shown_id = receiver.provider_id
),
counted as (
    select quarter, hospital_code, provider_id, count(*) as treatments, count(distinct person_id) as persons
    from redirection
    group by all
)
select
    grid.quarter,
    grid.hospital_code,
    hospital.hospital_name,
    grid.provider_id,
    grid.provider_name,
    coalesce(counted.treatments, 0) as treatments,
    '' as qf,
    counted.persons as _persons,
from grid
join reference.hospital as hospital on hospital.hospital_code = grid.hospital_code
left join counted
    on counted.quarter = grid.quarter
    and counted.hospital_code = grid.hospital_code
    and counted.provider_id = grid.provider_id
order by all
