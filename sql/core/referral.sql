-- One elective referral that was closed, under the functional hospital as it was on the day: what completeness is measured on.
select
    referral.referral_id,
    coalesce(link.person_id, referral.person_id) as person_id,
    referral.sector,
    referral.unit_code,
    coalesce(hospital_of(referral.unit_code, referral.closed_date), 'UNMAPPED') as hospital_code,
    referral.closed_date,
    cast(date_trunc('month', referral.closed_date) as date) as month,
from raw.referrals as referral
left join core.person_link as link on link.for_domain = 'udredning' and link.replaced_id = referral.person_id
