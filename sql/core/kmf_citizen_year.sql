-- A citizen of a municipality in a year: what co-financing and care cost, and what groups he or she is one of. In the top are the dearest
-- tenth of those with an amount, rounded up, ties by id; in the top of the population as many of them as a tenth of the residents.
-- The age is the lowest that a settlement of the year gives, so a birthday moves nobody, else that which settlements of other years make
-- it. Whose age no settlement gives is in the band that most citizens of the year are in, or the widest.
with known as (
    select cast(max(known_until) - interval 1 microsecond as date) as until_date from coverage.kmf_care
),
settled as (
    select
        year,
        municipality_code,
        person_id,
        min(age) as age,
        cast(sum(contacts) as bigint) as contacts,
        cast(sum(amount_oere) as bigint) as amount_oere,
        cast(coalesce(sum(amount_oere) filter (area = 'PSYKIATRI_STATIONÆR'), 0) as bigint) as psychiatry_stationary_oere,
        cast(coalesce(sum(amount_oere) filter (area = 'PSYKIATRI_AMBULANT'), 0) as bigint) as psychiatry_ambulatory_oere,
        bool_or(area = 'PSYKIATRI_STATIONÆR' and contacts > 0) as has_psychiatry_stationary,
        bool_or(area = 'PSYKIATRI_AMBULANT' and contacts > 0) as has_psychiatry_ambulatory,
        bool_or(has_substance_abuse) as has_substance_abuse,
    from core.kmf_citizen_area
    group by all
),
-- Care that goes on has its days so far; its cost belongs to its days.
ended as (
    select care.* replace (
        coalesce(care.ends_date, greatest(known.until_date, care.begins_date)) as ends_date,
        coalesce(link.person_id, care.person_id) as person_id
    )
    from raw.kmf_care as care
    left join core.person_link as link on link.for_domain = 'kmf' and link.replaced_id = care.person_id
    cross join known
),
cared as (
    select
        covered.year,
        ended.municipality_code,
        ended.person_id,
        ended.care_service,
        ended.cost_kr,
        ended.ends_date - ended.begins_date + 1 as all_days,
        least(ended.ends_date, last_day(covered.year + interval 11 month)) - greatest(ended.begins_date, covered.year) + 1 as days,
    from ended
    join core.kmf_year as covered
        on ended.begins_date < covered.year + interval 1 year
        and ended.ends_date >= covered.year
),
care as (
    select
        year,
        municipality_code,
        person_id,
        cast(round(sum(cast(100 * cost_kr * days / all_days as decimal(20, 4)))) as bigint) as care_cost_oere,
        bool_or(care_service = 'HJEMMEHJÆLP') as has_home_help,
        bool_or(care_service = 'SYGEPLEJE') as has_nursing,
        bool_or(care_service = 'PLEJEBOLIG') as has_care_home,
    from cared
    join reference.municipality as municipality using (municipality_code)
    where municipality.region_code is not null and cared.year between municipality.valid_from and municipality.valid_to
    group by all
),
chronic as (
    select covered.year, coalesce(link.person_id, chronic.person_id) as person_id, count(distinct chronic.chronic_group) as chronic_groups
    from raw.kmf_chronic as chronic
    left join core.person_link as link on link.for_domain = 'kmf' and link.replaced_id = chronic.person_id
    join core.kmf_year as covered
        on chronic.begins_date < covered.year + interval 1 year
        and (chronic.ends_date is null or chronic.ends_date >= covered.year)
    group by all
),
stay as (
    select
        year,
        municipality_code,
        person_id,
        count(*) as admissions,
        count(*) filter (is_readmitted) as readmissions,
        count(*) filter (is_preventable) as preventable_admissions,
        cast(sum(readmission_amount_oere) as bigint) as readmission_amount_oere,
        cast(sum(amount_oere) filter (is_preventable) as bigint) as preventable_amount_oere,
    from core.kmf_admission
    group by all
),
born as (
    select person_id, min(year(year) - age) as birth_year
    from settled
    group by person_id
),
band as (
    select age_band, unnest(generate_series(age_from, age_to)) as age, valid_from, valid_to
    from reference.age_band
    where band_type = 'policy'
),
citizen as (
    select
        year,
        municipality_code,
        person_id,
        coalesce(settled.age, case when year(year) < born.birth_year then 0 else year(year) - born.birth_year end) as age,
        coalesce(settled.contacts, 0) as contacts,
        coalesce(settled.amount_oere, 0) as amount_oere,
        coalesce(settled.amount_oere, 0) > 0 as is_user,
        coalesce(settled.psychiatry_stationary_oere, 0) as psychiatry_stationary_oere,
        coalesce(settled.psychiatry_ambulatory_oere, 0) as psychiatry_ambulatory_oere,
        coalesce(settled.has_psychiatry_stationary, false) as has_psychiatry_stationary,
        coalesce(settled.has_psychiatry_ambulatory, false) as has_psychiatry_ambulatory,
        coalesce(settled.has_substance_abuse, false) as has_substance_abuse,
        coalesce(care.care_cost_oere, 0) as care_cost_oere,
        coalesce(care.has_home_help, false) as has_home_help,
        coalesce(care.has_nursing, false) as has_nursing,
        coalesce(care.has_care_home, false) as has_care_home,
    from settled
    full join care using (year, municipality_code, person_id)
    left join born on born.person_id = coalesce(settled.person_id, care.person_id)
),
usual as (
    select year, arg_max(age_band, (citizens, age_band)) as age_band
    from (
        select citizen.year, band.age_band, count(*) as citizens
        from citizen
        join band on band.age = citizen.age and citizen.year between band.valid_from and band.valid_to
        group by all
    )
    group by year
),
resident as (
    select municipality_code, census_date as year, sum(residents) as residents from raw.kmf_population group by all
),
-- How many are the top: of a municipality's users, of the region's, and of a municipality's residents.
top as (
    select
        users.year,
        users.municipality_code,
        ceil(round(users.top_share * users.citizens, 6)) as of_users,
        ceil(round(users.top_share * sum(users.citizens) over (partition by users.year), 6)) as of_region,
        ceil(round(users.top_share * resident.residents, 6)) as of_residents,
        ceil(round(users.top_share * sum(resident.residents) over (partition by users.year), 6)) as of_region_residents,
    from (
        select year, municipality_code, count(*) as citizens, in_force('kmf_top_share', 'ALL', year) as top_share
        from citizen
        where is_user
        group by all
    ) as users
    left join resident on resident.municipality_code = users.municipality_code and resident.year = users.year
),
ranked as (
    select
        *,
        row_number() over (partition by year, municipality_code, is_user order by amount_oere desc, person_id) as place,
        row_number() over (partition by year, is_user order by amount_oere desc, person_id, municipality_code) as region_place,
    from citizen
)
select
    ranked.year,
    ranked.municipality_code,
    ranked.person_id,
    ranked.age,
    coalesce(
        band.age_band,
        usual.age_band,
        (select arg_max(age_band, age_to - age_from) from reference.age_band where band_type = 'policy')
    ) as age_band,
    ranked.contacts,
    ranked.amount_oere,
    ranked.is_user,
    ranked.is_user and ranked.place <= top.of_users as is_top,
    ranked.is_user and ranked.region_place <= top.of_region as is_top_of_region,
    ranked.is_user and coalesce(ranked.place <= top.of_residents, false) as is_top_of_population,
    ranked.is_user and coalesce(ranked.region_place <= top.of_region_residents, false) as is_top_of_region_population,
    coalesce(ranked.age >= in_force('kmf_elder_age', 'ALL', ranked.year), false) as is_elder,
    ranked.psychiatry_stationary_oere,
    ranked.psychiatry_ambulatory_oere,
    ranked.has_psychiatry_stationary,
    ranked.has_psychiatry_ambulatory,
    ranked.has_substance_abuse,
    coalesce(chronic.chronic_groups, 0) as chronic_groups,
    coalesce(chronic.chronic_groups >= in_force('kmf_multimorbid_groups', 'ALL', ranked.year), false) as is_multimorbid,
    ranked.care_cost_oere,
    ranked.has_home_help,
    ranked.has_nursing,
    ranked.has_care_home,
    coalesce(stay.admissions, 0) as admissions,
    coalesce(stay.readmissions, 0) as readmissions,
    coalesce(stay.preventable_admissions, 0) as preventable_admissions,
    coalesce(stay.readmission_amount_oere, 0) as readmission_amount_oere,
    coalesce(stay.preventable_amount_oere, 0) as preventable_amount_oere,
from ranked
left join band
    on band.age = ranked.age
    and ranked.year between band.valid_from and band.valid_to
left join usual on usual.year = ranked.year
left join top on top.year = ranked.year and top.municipality_code = ranked.municipality_code
left join chronic on chronic.person_id = ranked.person_id and chronic.year = ranked.year
left join stay
    on stay.person_id = ranked.person_id and stay.municipality_code = ranked.municipality_code and stay.year = ranked.year
