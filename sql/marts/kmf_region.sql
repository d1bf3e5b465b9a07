-- What the co-financing of the region's municipalities came to in a year (K1).
select
    year,
    residents,
    citizens,
    amount_oere,
    delivered_amount_oere,
    round(amount_oere / 100 / nullif(residents, 0), 2) as amount_per_resident_kr,
    control_amount_oere,
    round(abs(amount_oere - control_amount_oere) / nullif(control_amount_oere, 0), 9) as control_deviation_share,
    is_provisional,
    concat(if(is_estimated, 'e', ''), if(is_provisional, 'p', '')) as qf,
    fewest as _fewest,
    largest_share as _largest_share,
from core.kmf_level
where is_total and age_band = 'ALL'
order by year
