-- Why a municipality's co-financing changed from one year to the next (K16), in whole øre, and for the region (ALL) the sum of it.
--
-- The amount of a cell (band of age, area) is residents of the band x contacts of a resident x base of a contact x amount of the base.
-- One factor at a time the year before gives way to the year: how many residents there are (POPULATION), how old they are (AGE), how often
-- they are treated (VOLUME), how dearly (BASE: case mix and tariff), what the municipality pays of it (RATE: share and caps). Each is the
-- difference of two levels that were rounded, so together they are the change exactly; beside it (reversed) the opposite order. What a
-- cell lacks in one year it takes from the other. No change into or out of a frozen year is explained.
--
-- Cells of few citizens, or of one who makes half of the amount, or without residents, are merged before, once for both years: with bands
-- beside them, else the whole area with areas beside it. Of all ways to cut a row of neighbours that are safe the finest is taken.
with pair as (
    select
        cell.year,
        cell.municipality_code,
        cell.area_no,
        cell.band_no,
        disclosure_threshold(cell.year) as fewest,
        unnest([
            {
                is_now: true,
                residents: coalesce(cell.residents, 0),
                citizens: cell.citizens,
                contacts: cell.contacts,
                -- Where nothing was charged by a base the amount is one.
                base: if(cell.base_oere = 0, cell.amount_oere, cell.base_oere),
                amount: cell.amount_oere,
                largest: cell.largest_oere
            },
            {
                is_now: false,
                residents: coalesce(before.residents, 0),
                citizens: before.citizens,
                contacts: before.contacts,
                base: if(before.base_oere = 0, before.amount_oere, before.base_oere),
                amount: before.amount_oere,
                largest: before.largest_oere
            }
        ], recursive := true),
    from core.kmf_cell as cell
    join core.kmf_cell as before
        on before.year = cast(cell.year - interval 1 year as date)
        and before.municipality_code = cell.municipality_code
        and before.area_no = cell.area_no
        and before.band_no = cell.band_no
    where not exists (
        select 1 from reference.kmf_frozen_year as frozen
        where cell.year between frozen.valid_from and frozen.valid_to
            or before.year between frozen.valid_from and frozen.valid_to
    )
),
-- Every way to cut the bands of an area: bit n of `cuts` is a cut after band n.
band_cut as (
    select
        year,
        municipality_code,
        area_no,
        cuts,
        bool_and(is_safe) as is_safe,
    from (
        select
            year,
            municipality_code,
            area_no,
            cuts,
            is_crowd(sum(citizens), sum(amount), max(largest), any_value(fewest)) and (sum(contacts) = 0 or sum(residents) > 0) as is_safe,
        from pair
        cross join (select unnest(range(1 << (max(band_no) - 1))) as cuts from pair) as way
        group by year, municipality_code, area_no, is_now, cuts, bit_count(cuts & ((1 << (band_no - 1)) - 1))
    )
    group by all
),
area_band as (
    select year, municipality_code, area_no, arg_max(cuts, (bit_count(cuts), cuts)) filter (is_safe) as band_cuts
    from band_cut
    group by all
),
-- Every way to cut the areas. One that is alone keeps its bands; of several the number of citizens is at least the largest of theirs.
area_cut as (
    select
        year,
        municipality_code,
        cuts,
        bool_and(is_safe) as is_safe,
    from (
        select
            year,
            municipality_code,
            cuts,
            case when count(distinct area_no) = 1 then bool_and(band_cuts is not null)
                else is_crowd(max(citizens), sum(amount), sum(largest), any_value(fewest)) end as is_safe,
        from (
            select
                year,
                municipality_code,
                area_no,
                is_now,
                any_value(fewest) as fewest,
                sum(citizens) as citizens,
                sum(amount) as amount,
                max(largest) as largest,
            from pair
            group by all
        )
        join area_band using (year, municipality_code, area_no)
        cross join (select unnest(range(1 << (max(area_no) - 1))) as cuts from pair) as way
        group by year, municipality_code, is_now, cuts, bit_count(cuts & ((1 << (area_no - 1)) - 1))
    )
    group by all
),
chosen as (
    select
        year,
        municipality_code,
        coalesce(arg_max(cuts, (bit_count(cuts), cuts)) filter (is_safe), 0) as area_cuts,
        bool_or(is_safe) as is_safe,
    from area_cut
    group by all
),
placed as (
    select
        pair.*,
        bit_count(area_cuts & ((1 << (area_no - 1)) - 1)) as area_group,
        is_safe,
        case when count(distinct area_no) over (partition by year, municipality_code, area_group) = 1
            then bit_count(coalesce(band_cuts, 0) & ((1 << (band_no - 1)) - 1)) else 0 end as band_group,
    from pair
    join chosen using (year, municipality_code)
    join area_band using (year, municipality_code, area_no)
),
cell as (
    select
        year,
        municipality_code,
        is_now,
        area_group,
        band_group,
        bool_and(is_safe) as is_safe,
        sum(residents) / count(distinct area_no) as residents,
        sum(contacts) as contacts,
        sum(base) as base,
        sum(amount) as amount,
    from placed
    group by all
),
whole as (
    select year, municipality_code, is_now, sum(residents) / count(distinct area_no) as residents from pair group by all
),
-- From the year before to the year, and back.
way as (
    select
        old.year,
        old.municipality_code,
        old.is_now as is_reversed,
        old.is_safe,
        old.amount as level_0,
        old.amount * new_whole.residents / old_whole.residents as level_1,
        case when old.contacts > 0 then new.contacts * (old.amount / old.contacts) else new.amount end as level_3,
        case when old.residents > 0 then old.amount * new.residents / old.residents else level_3 end as level_2,
        case when old.base > 0 then new.base * (old.amount / old.base) else new.amount end as level_4,
        new.amount as level_5,
        new.contacts,
    from cell as old
    join cell as new
        on new.year = old.year
        and new.municipality_code = old.municipality_code
        and new.area_group = old.area_group
        and new.band_group = old.band_group
        and new.is_now <> old.is_now
    join whole as old_whole
        on old_whole.year = old.year and old_whole.municipality_code = old.municipality_code and old_whole.is_now = old.is_now
    join whole as new_whole
        on new_whole.year = new.year and new_whole.municipality_code = new.municipality_code and new_whole.is_now = new.is_now
    where old_whole.residents > 0 and new_whole.residents > 0
),
level as (
    select
        year,
        municipality_code,
        is_reversed,
        bool_and(is_safe) as is_safe,
        count(*) as cells,
        cast(sum(contacts) as bigint) as contacts,
        cast(sum(level_0) as bigint) as level_0,
        cast(round(sum(cast(level_1 as decimal(30, 4)))) as bigint) as level_1,
        cast(round(sum(cast(level_2 as decimal(30, 4)))) as bigint) as level_2,
        cast(round(sum(cast(level_3 as decimal(30, 4)))) as bigint) as level_3,
        cast(round(sum(cast(level_4 as decimal(30, 4)))) as bigint) as level_4,
        cast(sum(level_5) as bigint) as level_5,
    from way
    group by all
),
municipality as (
    select
        year,
        municipality_code,
        forward.is_safe,
        forward.cells,
        forward.contacts,
        forward.level_0 as amount_before_oere,
        forward.level_5 as amount_oere,
        forward.level_1 - forward.level_0 as population_oere,
        forward.level_2 - forward.level_1 as age_oere,
        forward.level_3 - forward.level_2 as volume_oere,
        forward.level_4 - forward.level_3 as base_oere,
        forward.level_5 - forward.level_4 as rate_oere,
        backward.level_0 - backward.level_1 as population_reversed_oere,
        backward.level_1 - backward.level_2 as age_reversed_oere,
        backward.level_2 - backward.level_3 as volume_reversed_oere,
        backward.level_3 - backward.level_4 as base_reversed_oere,
        backward.level_4 - backward.level_5 as rate_reversed_oere,
    from level as forward
    join level as backward using (year, municipality_code)
    where not forward.is_reversed and backward.is_reversed
)
select
    year,
    coalesce(municipality_code, 'ALL') as municipality_code,
    grouping(municipality_code) = 1 as is_total,
    count(*) as municipalities,
    bool_and(is_safe) as is_safe,
    cast(sum(cells) as bigint) as cells,
    cast(sum(contacts) as bigint) as contacts,
    cast(sum(amount_before_oere) as bigint) as amount_before_oere,
    cast(sum(amount_oere) as bigint) as amount_oere,
    cast(sum(amount_oere - amount_before_oere) as bigint) as change_oere,
    cast(sum(population_oere) as bigint) as population_oere,
    cast(sum(age_oere) as bigint) as age_oere,
    cast(sum(volume_oere) as bigint) as volume_oere,
    cast(sum(base_oere) as bigint) as base_effect_oere,
    cast(sum(rate_oere) as bigint) as rate_oere,
    cast(sum(population_reversed_oere) as bigint) as population_reversed_oere,
    cast(sum(age_reversed_oere) as bigint) as age_reversed_oere,
    cast(sum(volume_reversed_oere) as bigint) as volume_reversed_oere,
    cast(sum(base_reversed_oere) as bigint) as base_effect_reversed_oere,
    cast(sum(rate_reversed_oere) as bigint) as rate_reversed_oere,
from municipality
group by grouping sets ((year, municipality_code), (year))
