-- The level per resident beside the index that takes age into account, of the region and then of each municipality, dearest first.
with place as (
    select
        'Hele regionen' as municipality_name, residents, citizens, amount_oere, amount_per_resident_kr,
        cast(null as double) as age_index, is_provisional, qf, qf_columns, 1 as level,
    from marts.kmf_region
    where year = $year
    union all
    select
        municipality_name, residents, citizens, amount_oere, amount_per_resident_kr, age_index, is_provisional, qf, qf_columns, 2,
    from marts.kmf_municipality
    where year = $year
)
select
    municipality_name,
    residents,
    citizens,
    amount_oere,
    amount_per_resident_kr,
    if(level = 1, 1.0, age_index) as age_index,
    is_provisional,
    qf,
    qf_columns,
    level = 1 as _is_region,
    count(*) filter (level = 2) over () as _municipalities,
    count(*) filter (level = 2 and age_index > 1) over () as _above,
    count(*) filter (level = 2 and age_index < 1) over () as _below,
    count(*) filter (level = 2 and amount_per_resident_kr is null) over () as _withheld,
    cast($year as date) as _year,
from place
order by level, amount_per_resident_kr desc nulls last, municipality_name
