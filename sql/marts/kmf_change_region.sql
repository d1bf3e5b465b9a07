-- Why the co-financing of the region's municipalities changed from one year to the next (K16): the sum of kmf_change. What the factors come
-- to tells of the bands of age that some municipalities withhold: where these are few, though not none, the factors are withheld too.
with hiding as (
    select year, count(distinct municipality_code) as municipalities from marts.kmf_age_band where qf like '%c%' group by year
)
select
    change.year,
    change.municipalities,
    change.contacts,
    change.cells,
    change.amount_before_oere,
    change.amount_oere,
    change.change_oere,
    change.population_oere,
    change.age_oere,
    change.volume_oere,
    change.base_effect_oere,
    change.rate_oere,
    change.population_reversed_oere,
    change.age_reversed_oere,
    change.volume_reversed_oere,
    change.base_effect_reversed_oere,
    change.rate_reversed_oere,
    year.is_provisional or before.is_provisional as is_provisional,
    if(year.is_provisional or before.is_provisional, 'p', '') as qf,
    case
        when hiding.municipalities < disclosure_threshold(change.year) then 1
        when hiding_before.municipalities < disclosure_threshold(change.year) then 1
        else nullif(level.citizens, 0)
    end as _fewest,
from core.kmf_change_factor as change
join core.kmf_level as level on level.year = change.year and level.is_total and level.age_band = 'ALL'
join core.kmf_year as year on year.year = change.year
join core.kmf_year as before on before.year = cast(change.year - interval 1 year as date)
left join hiding on hiding.year = change.year
left join hiding as hiding_before on hiding_before.year = before.year
where change.is_total
order by change.year
