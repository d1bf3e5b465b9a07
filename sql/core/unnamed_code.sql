-- Codes of units and providers that deliveries name and a lookup or register does not, or no longer: what somebody has to find out.
with event as (
    select 'redirections' as extract_name, unit_code, redirected_date as day, hospital_code, person_id from core.redirection
    union all
    select 'referrals', unit_code, closed_date, hospital_code, person_id from core.referral
    union all
    select 'pathways', unit_code, coalesce(closed_date, referral_received_date), hospital_code, person_id from core.pathway
),
-- A unit as the register knows it on a day: by the name it has then, else its first.
unit as (
    select
        seen.unit_code,
        seen.day,
        coalesce(
            arg_max(registered.unit_name, registered.valid_from) filter (registered.valid_from <= seen.day),
            arg_min(registered.unit_name, registered.valid_from)
        ) as unit_name,
        count(registered.unit_code) > 0 as is_registered,
        coalesce(bool_or(seen.day between registered.valid_from and registered.valid_to), false) as is_in_force,
    from (select distinct unit_code, day from event) as seen
    left join core.unit_period as registered on registered.unit_code = seen.unit_code
    group by seen.unit_code, seen.day
),
judged as (
    select
        case
            when event.hospital_code = 'UNMAPPED' then 'unit_without_hospital'
            when unit.is_registered and not unit.is_in_force then 'unit_not_in_force'
            when not unit.is_registered and (select count(*) from core.unit_period) > 0 then 'unit_not_registered'
        end as question,
        event.extract_name,
        event.unit_code as code,
        unit.unit_name as code_name,
        event.day,
        event.person_id,
    from event
    join unit on unit.unit_code = event.unit_code and unit.day = event.day
    union all
    select 'provider_without_name', 'redirections', redirection.provider_id, null, redirection.redirected_date, redirection.person_id
    from core.redirection as redirection
    where provider_name_of(redirection.provider_id, redirection.redirected_date) is null
)
select
    question,
    extract_name,
    code,
    cast(date_trunc('month', day) as date) as month,
    max(code_name) as code_name,
    count(*) as records,
    count(distinct person_id) as persons,
from judged
where question is not null
group by all
