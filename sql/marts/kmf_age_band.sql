-- What a municipality's citizens of each band of age cost in a year (K9): parts of kmf_municipality.
select
    level.year,
    level.municipality_code,
    municipality.municipality_name,
    level.age_band,
    level.residents,
    level.citizens,
    level.amount_oere,
    round(level.amount_oere / 100 / nullif(level.residents, 0), 2) as amount_per_resident_kr,
    level.is_provisional,
    if(level.is_provisional, 'p', '') as qf,
    level.fewest as _fewest,
    level.largest_share as _largest_share,
from core.kmf_level as level
join reference.municipality as municipality
    on municipality.municipality_code = level.municipality_code
    and level.year between municipality.valid_from and municipality.valid_to
where not level.is_total and level.age_band <> 'ALL'
order by level.year, level.municipality_code, level.age_band
