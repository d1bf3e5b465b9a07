-- One contact with the health service as it was settled in the end: settlements and reversals of it netted (seed L163-170). What it is
-- follows the newest settlement that is no reversal. The rate in force says what the municipality should have paid, beside what it paid.
with rate as (
    select area, unnest(generate_series(age_from, age_to)) as age, share, cap_oere, is_verified, valid_from, valid_to
    from reference.kmf_rate
),
contact as (
    select
        contact_id,
        cast(sum(100 * base_kr) as bigint) as base_oere,
        cast(sum(100 * amount_kr) as bigint) as amount_oere,
        count(*) as settlements,
        arg_max(
            {
                person_id: person_id,
                municipality_code: municipality_code,
                service_date: service_date,
                area: area,
                age: age,
                diagnosis_code: diagnosis_code,
                admission_type: admission_type,
                admitted_date: admitted_date,
                discharged_date: discharged_date
            },
            {is_settlement: base_kr >= 0, settled_month: settled_month, settlement_id: settlement_id}
        ) as last,
    from raw.kmf_settlements
    group by contact_id
)
select
    contact.contact_id,
    contact.last.person_id as person_id,
    coalesce(municipality.municipality_code, 'UNMAPPED') as municipality_code,
    contact.last.service_date as service_date,
    cast(date_trunc('year', contact.last.service_date) as date) as year,
    contact.last.area as area,
    contact.last.age as age,
    contact.settlements,
    contact.base_oere,
    contact.amount_oere,
    cast(round(least(rate.share * contact.base_oere, rate.cap_oere)) as bigint) as expected_oere,
    rate.is_verified as is_rate_verified,
    contact.base_oere = 0 and contact.amount_oere = 0 as is_reversed,
    contact.last.diagnosis_code as diagnosis_code,
    contact.last.admission_type as admission_type,
    contact.last.admitted_date as admitted_date,
    contact.last.discharged_date as discharged_date,
from contact
left join reference.municipality as municipality
    on municipality.municipality_code = contact.last.municipality_code
    and municipality.region_code is not null
    and contact.last.service_date between municipality.valid_from and municipality.valid_to
left join rate
    on rate.area = contact.last.area
    and rate.age = contact.last.age
    and contact.last.service_date between rate.valid_from and rate.valid_to
