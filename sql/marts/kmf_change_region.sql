-- Why the co-financing of the region's municipalities changed from one year to the next (K16): the sum of kmf_change.
select
    change.year,
    change.municipalities,
    change.contacts,
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
    nullif(level.citizens, 0) as _citizens,
from core.kmf_change_factor as change
join core.kmf_level as level on level.year = change.year and level.is_total and level.age_band = 'ALL'
join core.kmf_year as year on year.year = change.year
join core.kmf_year as before on before.year = cast(change.year - interval 1 year as date)
where change.is_total
order by change.year
