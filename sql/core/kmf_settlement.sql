-- One contact with the health service as it was settled in the end: settlements and reversals of it netted (seed L163-170). What it is
-- follows the newest settlement that is no reversal. The rate in force says what the municipality should have paid, beside what it paid.
with rate as (
    select area, unnest(generate_series(age_from, age_to)) as age, share, cap_oere, is_verified, valid_from, valid_to
    from reference.kmf_rate
),
-- Contacts that were settled more than once, and a few that share a hash with another: all the others are what they are.
again as (
    select hash(contact_id) as contact_hash
    from raw.kmf_settlements
    group by contact_hash
    having count(*) > 1
),
ranked as (
    select
        *,
        {is_settlement: base_kr >= 0, settled_month: settled_month, settlement_id: settlement_id} as recency,
    from raw.kmf_settlements
    where hash(contact_id) in (select contact_hash from again)
),
netted as (
    select
        contact_id,
        cast(sum(base_kr) as decimal(14, 2)) as base_kr,
        cast(sum(amount_kr) as decimal(14, 2)) as amount_kr,
        count(*) as settlements,
        -- Of the newest one also what it does not say.
        arg_max_null(person_id, recency) as person_id,
        arg_max_null(municipality_code, recency) as municipality_code,
        arg_max_null(service_date, recency) as service_date,
        arg_max_null(area, recency) as area,
        arg_max_null(age, recency) as age,
        arg_max_null(diagnosis_code, recency) as diagnosis_code,
        arg_max_null(admission_type, recency) as admission_type,
        arg_max_null(admitted_date, recency) as admitted_date,
        arg_max_null(discharged_date, recency) as discharged_date,
    from ranked
    group by contact_id
),
contact as (
    select * from netted
    union all by name
    select * exclude (settlement_id, cpr_type, settled_month), 1 as settlements
    from raw.kmf_settlements
    where hash(contact_id) not in (select contact_hash from again)
)
select
    contact.contact_id,
    coalesce(link.person_id, contact.person_id) as person_id,
    coalesce(municipality.municipality_code, 'UNMAPPED') as municipality_code,
    contact.service_date,
    cast(date_trunc('year', contact.service_date) as date) as year,
    contact.area,
    contact.age,
    contact.settlements,
    cast(100 * contact.base_kr as bigint) as base_oere,
    cast(100 * contact.amount_kr as bigint) as amount_oere,
    cast(round(least(rate.share * 100 * contact.base_kr, rate.cap_oere)) as bigint) as expected_oere,
    rate.is_verified as is_rate_verified,
    -- Also a reversal of which the settlement never came.
    least(contact.base_kr, contact.amount_kr) < 0
        or (contact.settlements > 1 and contact.base_kr = 0 and contact.amount_kr = 0) as is_reversed,
    contact.diagnosis_code,
    contact.admission_type,
    contact.admitted_date,
    contact.discharged_date,
from contact
left join core.person_link as link on link.for_domain = 'kmf' and link.replaced_id = contact.person_id
left join reference.municipality as municipality
    on municipality.municipality_code = contact.municipality_code
    and municipality.region_code is not null
    and contact.service_date between municipality.valid_from and municipality.valid_to
left join rate
    on rate.area = contact.area
    and rate.age = contact.age
    and contact.service_date between rate.valid_from and rate.valid_to
