-- What a citizen cost the municipality of the day of the service in a year, by area. Movers count in each of their municipalities. Years
-- are those that settlements cover whole.
with abuse as (
    select coded.diagnosis_code, listed.valid_from, listed.valid_to
    from (select distinct diagnosis_code from core.kmf_settlement) as coded
    join reference.kmf_diagnosis as listed
        on listed.diagnosis_group = 'SUBSTANCE_ABUSE'
        and starts_with(coded.diagnosis_code, listed.code_prefix)
)
select
    settlement.year,
    settlement.municipality_code,
    settlement.person_id,
    settlement.area,
    min(settlement.age) as age,
    count(*) filter (not settlement.is_reversed) as contacts,
    cast(sum(settlement.base_oere) as bigint) as base_oere,
    cast(sum(settlement.amount_oere) as bigint) as amount_oere,
    coalesce(bool_or(
        exists (
            select 1 from abuse
            where abuse.diagnosis_code = settlement.diagnosis_code
                and settlement.service_date between abuse.valid_from and abuse.valid_to
        )
    ) filter (not settlement.is_reversed), false) as has_substance_abuse,
from core.kmf_settlement as settlement
join core.kmf_year as covered on covered.year = settlement.year
where settlement.municipality_code <> 'UNMAPPED'
group by all
-- What was taken back whole is nobody's.
having count(*) filter (not settlement.is_reversed) > 0 or sum(settlement.amount_oere) <> 0 or sum(settlement.base_oere) <> 0
