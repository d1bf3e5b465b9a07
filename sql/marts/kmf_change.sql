-- Why a municipality's co-financing changed from one year to the next (K16): parts of kmf_change_region. The factors are withheld as a
-- whole where a cell is too small even merged, or where what is withheld of its bands of age could be worked out from them.
with hidden as (
    select distinct year, municipality_code from marts.kmf_age_band where qf like '%c%'
)
select
    level.year,
    level.municipality_code,
    municipality.municipality_name,
    change.contacts,
    change.cells,
    told.citizens is not null and told_before.citizens is not null as _is_amount_told,
    case when _is_amount_told then change.amount_before_oere end as amount_before_oere,
    case when _is_amount_told then change.amount_oere end as amount_oere,
    case when _is_amount_told then change.change_oere end as change_oere,
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
    concat(
        if(year.is_provisional or before.is_provisional, 'p', ''),
        if(frozen.description is not null, 'z', '')
    ) as qf,
    case
        when not change.is_safe or hidden.year is not null or hidden_before.year is not null then 1
        else change.contacts
    end as _fewest,
from core.kmf_level as level
join core.kmf_year as year on year.year = level.year
join core.kmf_year as before on before.year = cast(level.year - interval 1 year as date)
join reference.municipality as municipality
    on municipality.municipality_code = level.municipality_code
    and level.year between municipality.valid_from and municipality.valid_to
left join core.kmf_change_factor as change on change.year = level.year and change.municipality_code = level.municipality_code
join marts.kmf_municipality as told on told.year = level.year and told.municipality_code = level.municipality_code
left join marts.kmf_municipality as told_before
    on told_before.year = before.year and told_before.municipality_code = level.municipality_code
left join hidden on hidden.year = level.year and hidden.municipality_code = level.municipality_code
left join hidden as hidden_before
    on hidden_before.year = before.year and hidden_before.municipality_code = level.municipality_code
left join reference.kmf_frozen_year as frozen
    on level.year between frozen.valid_from and frozen.valid_to + interval 1 year
where not level.is_total and level.age_band = 'ALL'
order by level.year, level.municipality_code
