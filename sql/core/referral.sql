-- One elective referral that was closed, under the functional hospital as it was on the day: what completeness is measured on.
select
    referral_id,
    person_id,
    sector,
    coalesce(hospital_of(unit_code, closed_date), 'UNMAPPED') as hospital_code,
    closed_date,
    cast(date_trunc('month', closed_date) as date) as month,
from raw.referrals
