-- What a citizen cost the municipality of the day of the service in a year, by area. Movers count in each of their municipalities. Years
-- are those that settlements cover whole.
select
    settlement.year,
    settlement.municipality_code,
    settlement.person_id,
    settlement.area,
    min(settlement.age) as age,
    count(*) as contacts,
    cast(sum(settlement.base_oere) as bigint) as base_oere,
    cast(sum(settlement.amount_oere) as bigint) as amount_oere,
    coalesce(bool_or(starts_with(settlement.diagnosis_code, listed.code_prefix)), false) as has_substance_abuse,
from core.kmf_settlement as settlement
join core.kmf_year as covered on covered.year = settlement.year
left join reference.kmf_diagnosis as listed
    on listed.diagnosis_group = 'SUBSTANCE_ABUSE'
    and starts_with(settlement.diagnosis_code, listed.code_prefix)
    and settlement.service_date between listed.valid_from and listed.valid_to
where not settlement.is_reversed and settlement.municipality_code <> 'UNMAPPED'
group by all
