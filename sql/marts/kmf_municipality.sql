-- What a municipality's co-financing came to in a year, per resident (K1), and beside what it would come to if its residents of each age
-- cost what they do in the region (K9): the index is 1 where they do.
with rate as (
    select
        year,
        age_band,
        amount_oere / nullif(residents, 0) as rate_oere,
        count(*) over whole = count(amount_oere) over whole as is_told,
    from marts.kmf_age_band_region
    window whole as (partition by year)
),
expected as (
    select
        level.year,
        level.municipality_code,
        cast(round(sum(cast(level.residents * rate.rate_oere as decimal(30, 4)))) as bigint) as expected_amount_oere,
    from core.kmf_level as level
    join rate using (year, age_band)
    where not level.is_total and rate.is_told
    group by all
)
select
    level.year,
    level.municipality_code,
    municipality.municipality_name,
    level.residents,
    level.citizens,
    level.amount_oere,
    level.delivered_amount_oere,
    round(level.amount_oere / 100 / nullif(level.residents, 0), 2) as amount_per_resident_kr,
    case when level.residents is not null then expected.expected_amount_oere end as expected_amount_oere,
    case when level.residents is not null
        then round(level.delivered_amount_oere / nullif(expected.expected_amount_oere, 0), 9) end as age_index,
    level.control_amount_oere,
    round(abs(level.amount_oere - level.control_amount_oere) / nullif(level.control_amount_oere, 0), 9) as control_deviation_share,
    level.is_provisional,
    concat(if(level.is_estimated, 'e', ''), if(level.is_provisional, 'p', '')) as qf,
    level.fewest as _fewest,
    level.largest_share as _largest_share,
from core.kmf_level as level
join reference.municipality as municipality
    on municipality.municipality_code = level.municipality_code
    and level.year between municipality.valid_from and municipality.valid_to
left join expected on expected.year = level.year and expected.municipality_code = level.municipality_code
where not level.is_total and level.age_band = 'ALL'
order by level.year, level.municipality_code
