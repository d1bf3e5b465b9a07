-- One elective referral that was closed, under the functional hospital as it was on the day: what completeness is measured on.
with unit_day as (
    select distinct unit_code, closed_date from raw.referrals
),
hospital_of_unit as (
    select unit_day.unit_code, unit_day.closed_date, unit.hospital_code
    from unit_day
    join reference.unit as unit
        on starts_with(unit_day.unit_code, unit.unit_prefix)
        and unit_day.closed_date between unit.valid_from and unit.valid_to
    qualify row_number() over (partition by unit_day.unit_code, unit_day.closed_date order by length(unit.unit_prefix) desc) = 1
)
select
    referral.referral_id,
    referral.person_id,
    referral.sector,
    coalesce(hospital_of_unit.hospital_code, 'UNMAPPED') as hospital_code,
    referral.closed_date,
    cast(date_trunc('month', referral.closed_date) as date) as month,
from raw.referrals as referral
left join hospital_of_unit
    on hospital_of_unit.unit_code = referral.unit_code
    and hospital_of_unit.closed_date = referral.closed_date
