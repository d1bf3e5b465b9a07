-- Why the region's co-financing changed from the year before: each factor in the fixed order, and what it comes to in the opposite one.
with change as (
    select * from marts.kmf_change_region where year = $year
),
factor as (
    select unnest([
        {place: 1, factor: 'POPULATION', contribution_oere: population_oere, reversed_oere: population_reversed_oere},
        {place: 2, factor: 'AGE', contribution_oere: age_oere, reversed_oere: age_reversed_oere},
        {place: 3, factor: 'VOLUME', contribution_oere: volume_oere, reversed_oere: volume_reversed_oere},
        {place: 4, factor: 'BASE', contribution_oere: base_effect_oere, reversed_oere: base_effect_reversed_oere},
        {place: 5, factor: 'RATE', contribution_oere: rate_oere, reversed_oere: rate_reversed_oere},
        {place: 6, factor: 'CHANGE', contribution_oere: change_oere, reversed_oere: change_oere}
    ], recursive := true)
    from change
)
select
    factor.factor,
    factor.contribution_oere,
    factor.reversed_oere,
    factor.reversed_oere - factor.contribution_oere as order_difference_oere,
    change.is_provisional,
    change.qf,
    change.qf_columns,
    change.amount_before_oere as _amount_before_oere,
    change.amount_oere as _amount_oere,
    change.change_oere as _change_oere,
    round(change.change_oere / change.amount_before_oere, 9) as _change_share,
    change.contacts as _contacts,
    cast($year - interval 1 year as date) as _year,
    change.year as _last_year,
from factor
cross join change
order by factor.place
