-- What the co-financing of a year came to, per municipality and for the region (ALL), by band of age and for all (ALL). Of a year of which
-- a month was never delivered the amount of all ages is the state's own total, where it has one (is_estimated), beside what was delivered.
with spent as (
    select
        year,
        municipality_code,
        age_band,
        count(*) filter (is_user) as citizens,
        cast(sum(amount_oere) as bigint) as amount_oere,
        count(*) filter (amount_oere <> 0) as payers,
        max(abs(amount_oere)) as largest_oere,
    from core.kmf_citizen_year
    group by all
),
cell as (
    select
        place.year,
        place.municipality_code,
        place.age_band,
        place.residents,
        coalesce(spent.citizens, 0) as citizens,
        coalesce(spent.amount_oere, 0) as amount_oere,
        coalesce(spent.payers, 0) as payers,
        coalesce(spent.largest_oere, 0) as largest_oere,
    from (select distinct year, municipality_code, age_band, residents from core.kmf_cell) as place
    left join spent using (year, municipality_code, age_band)
),
level as (
    select
        year,
        coalesce(municipality_code, 'ALL') as municipality_code,
        coalesce(age_band, 'ALL') as age_band,
        cast(sum(residents) as bigint) as residents,
        count(*) filter (residents is null) as bands_without_residents,
        cast(sum(citizens) as bigint) as citizens,
        cast(sum(amount_oere) as bigint) as amount_oere,
        sum(payers) as payers,
        max(largest_oere) as largest_oere,
    from cell
    group by grouping sets ((year, municipality_code, age_band), (year, municipality_code), (year, age_band), (year))
),
control as (
    select
        cast(date_trunc('year', total.period_start) as date) as year,
        coalesce(total.payer_code, 'ALL') as municipality_code,
        cast(sum(100000 * total.amount_thousand_kr) as bigint) as amount_oere,
        count(distinct total.period_start) as months,
    from raw.kmf_totals as total
    join reference.municipality as municipality
        on municipality.municipality_code = total.payer_code
        and municipality.region_code is not null
        and total.period_start between municipality.valid_from and municipality.valid_to
    where total.period_type = 'month'
    group by grouping sets ((year, total.payer_code), (year))
)
select
    level.year,
    level.municipality_code,
    level.age_band,
    level.municipality_code = 'ALL' as is_total,
    case when level.bands_without_residents = 0 then level.residents end as residents,
    level.citizens,
    case when level.age_band = 'ALL' and year.months_delivered < 12 and control.months = 12 then control.amount_oere
        else level.amount_oere end as amount_oere,
    level.amount_oere as delivered_amount_oere,
    level.age_band = 'ALL' and year.months_delivered < 12 and coalesce(control.months = 12, false) as is_estimated,
    case when level.age_band = 'ALL' and control.months = 12 then control.amount_oere end as control_amount_oere,
    cast(least(nullif(level.citizens, 0), nullif(level.payers, 0)) as bigint) as fewest,
    round(level.largest_oere / nullif(level.amount_oere, 0), 9) as largest_share,
    year.is_provisional,
from level
join core.kmf_year as year using (year)
left join control using (year, municipality_code)
