-- How complete the settlements of a year are, and whether amounts follow the rates and the state's totals (the mandate's first task: what
-- information there is, and what it is worth). A settlement without a municipality is of nobody's amount.
with judged as (
    select
        contact.year,
        count(*) as contacts,
        count(*) filter (contact.municipality_code <> 'UNMAPPED') as placed,
        count(*) filter (contact.age is not null) as with_age,
        count(*) filter (area.has_diagnosis) as hospital_contacts,
        count(*) filter (area.has_diagnosis and contact.diagnosis_code is not null) as with_diagnosis,
        count(*) filter (contact.expected_oere is not null) as with_rate,
        count(*) filter (contact.is_rate_verified) as with_verified_rate,
        count(*) filter (
            abs(contact.amount_oere - contact.expected_oere) <= in_force('kmf_rate_deviation', 'ALL', contact.year)
        ) as by_rate,
        count(distinct contact.person_id) as persons,
        count(distinct contact.person_id) filter (contact.municipality_code = 'UNMAPPED') as persons_unplaced,
        count(distinct contact.person_id) filter (contact.age is null) as persons_without_age,
        count(distinct contact.person_id) filter (area.has_diagnosis and contact.diagnosis_code is null) as persons_without_diagnosis,
    from core.kmf_settlement as contact
    join reference.kmf_area as area
        on area.area = contact.area
        and contact.service_date between area.valid_from and area.valid_to
    where not contact.is_reversed
    group by contact.year
)
select
    year.year,
    year.months_delivered,
    year.months_lacking,
    judged.contacts,
    judged.placed,
    round(judged.placed / judged.contacts, 9) as placed_share,
    judged.with_age,
    round(judged.with_age / judged.contacts, 9) as with_age_share,
    judged.hospital_contacts,
    judged.with_diagnosis,
    round(judged.with_diagnosis / nullif(judged.hospital_contacts, 0), 9) as with_diagnosis_share,
    judged.with_rate,
    round(judged.by_rate / nullif(judged.with_rate, 0), 9) as by_rate_share,
    round(judged.with_verified_rate / nullif(judged.with_rate, 0), 9) as verified_rate_share,
    year.is_provisional,
    if(year.is_provisional, 'p', '') as qf,
    judged.contacts - judged.placed as _unplaced,
    judged.contacts - judged.with_age as _without_age,
    judged.hospital_contacts - judged.with_diagnosis as _without_diagnosis,
    nullif(judged.persons, 0) as _persons,
    nullif(judged.persons_unplaced, 0) as _persons_unplaced,
    nullif(judged.persons_without_age, 0) as _persons_without_age,
    nullif(judged.persons_without_diagnosis, 0) as _persons_without_diagnosis,
from core.kmf_year as year
join judged using (year)
order by year.year
