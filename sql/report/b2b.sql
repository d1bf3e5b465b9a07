-- The change of each municipality whose factors can be shown, and of the region; hidden beside it, how many there are and why others are not
-- shown.
with municipality as (
    select
        *,
        population_oere is not null as is_shown,
        population_oere is null and contains(qf, 'c') as is_withheld,
        population_oere is null and contains(qf, 'z') and not contains(qf, 'c') as is_frozen,
    from marts.kmf_change
    where year = $year
),
counted as (
    select
        count(*) as municipalities,
        count(*) filter (is_shown) as shown,
        count(*) filter (is_withheld) as withheld,
        count(*) filter (is_frozen) as frozen,
        count(*) filter (not is_shown and not is_withheld and not is_frozen) as lacking,
    from municipality
),
place as (
    select 'Hele regionen' as municipality_name, 1 as level, * exclude (municipalities) from marts.kmf_change_region where year = $year
    union all by name
    select * exclude (is_shown, is_withheld, is_frozen, municipality_code), 2 as level from municipality where is_shown
)
select
    place.municipality_name,
    place.contacts,
    place.amount_before_oere,
    place.amount_oere,
    place.change_oere,
    place.population_oere,
    place.age_oere,
    place.volume_oere,
    place.base_effect_oere,
    place.rate_oere,
    place.is_provisional,
    place.qf,
    place.qf_columns,
    counted.municipalities as _municipalities,
    counted.shown as _shown,
    counted.withheld as _withheld,
    counted.frozen as _frozen,
    counted.lacking as _lacking,
    place.level = 1 as _is_region,
    cast($year - interval 1 year as date) as _year,
    place.year as _last_year,
from place
cross join counted
-- The region alone is figure B2.
where counted.shown > 0
order by place.level, place.change_oere desc, place.municipality_name
