-- What citizens of each band of age cost in a year, of all the region's municipalities: parts of kmf_region.
select
    year,
    age_band,
    residents,
    citizens,
    amount_oere,
    round(amount_oere / 100 / nullif(residents, 0), 2) as amount_per_resident_kr,
    is_provisional,
    if(is_provisional, 'p', '') as qf,
    fewest as _fewest,
    largest_share as _largest_share,
from core.kmf_level
where is_total and age_band <> 'ALL'
order by year, age_band
