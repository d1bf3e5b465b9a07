-- The indicators of the mandate in one tidy table (K1-K17), per municipality and year and for the region (ALL): rows of the marts beside
-- it, so what they withhold is withheld here. Amounts in numerator and denominator are whole øre. K7 needs the national definition of the
-- elderly medical patient and has no value until there is one; none is guessed.
with place as (
    select * from marts.kmf_municipality
    union all by name
    select *, 'ALL' as municipality_code, delivered_amount_oere as expected_amount_oere, 1.0 as age_index from marts.kmf_region
),
-- K1 is of all ages, K9 of each band.
band as (
    select * from marts.kmf_age_band
    union all by name
    select *, 'ALL' as municipality_code from marts.kmf_age_band_region
    union all by name
    select year, municipality_code, 'ALL' as age_band, residents, citizens, amount_oere, amount_per_resident_kr, is_provisional, qf from place
),
grouped as (
    select * from marts.kmf_group
    union all by name
    select *, 'ALL' as municipality_code from marts.kmf_group_region
),
changed as (
    select * from marts.kmf_change
    union all by name
    select * exclude (municipalities), 'ALL' as municipality_code from marts.kmf_change_region
),
-- Which groups an indicator is of, what of them it is, and what group that is measured on.
listed as (
    select * from (values
        ('K2', 'USERS', 'TOP', 'amount_share', null),
        ('K2', 'POPULATION', 'TOP_OF_POPULATION', 'amount_share', null),
        ('K3', 'MEAN', 'TOP', 'per_citizen', null),
        ('K3', 'SMALLEST', 'TOP', 'smallest', null),
        ('K4', 'ALL', 'STILL_TOP', 'citizens_share', 'TOP'),
        ('K5', 'SHARE', 'CHRONIC', 'amount_share', null),
        ('K5', 'PER_CITIZEN', 'CHRONIC', 'per_citizen', null),
        ('K6', 'SHARE', 'MULTIMORBID', 'amount_share', null),
        ('K6', 'PER_CITIZEN', 'MULTIMORBID', 'per_citizen', null),
        ('K8', 'ALL', 'READMITTED', 'events_share', 'ADMITTED'),
        ('K10', 'STATIONARY', 'PSYCHIATRY_STATIONARY', 'amount_share', null),
        ('K10', 'AMBULATORY', 'PSYCHIATRY_AMBULATORY', 'amount_share', null),
        ('K10', 'STATIONARY_PER_RESIDENT', 'PSYCHIATRY_STATIONARY', 'per_resident', null),
        ('K10', 'AMBULATORY_PER_RESIDENT', 'PSYCHIATRY_AMBULATORY', 'per_resident', null),
        ('K11', 'SHARE', 'SUBSTANCE_ABUSE', 'amount_share', null),
        ('K11', 'PER_CITIZEN', 'SUBSTANCE_ABUSE', 'per_citizen', null),
        ('K12', 'SHARE', 'CARE_TOP', 'care_share', 'CARED_ELDERLY'),
        ('K12', 'OVERLAP', 'CARE_TOP_IN_TOP', 'citizens_share', 'CARE_TOP'),
        ('K13', 'PER_1000_ELDERLY', 'HOME_HELP', 'per_elderly', null),
        ('K13', 'SHARE', 'HOME_HELP', 'amount_share', null),
        ('K14', 'PER_1000_ELDERLY', 'NURSING', 'per_elderly', null),
        ('K14', 'SHARE', 'NURSING', 'amount_share', null),
        ('K15', 'PER_1000_ELDERLY', 'CARE_HOME', 'per_elderly', null),
        ('K15', 'SHARE', 'CARE_HOME', 'amount_share', null),
        ('K17', 'ALL', 'PREVENTABLE', 'events_share', 'ADMITTED')
    ) as listed(indicator, subject, citizen_group, measure, of_group)
),
elderly as (
    select
        population.census_date as year,
        coalesce(population.municipality_code, 'ALL') as municipality_code,
        cast(sum(population.residents) as bigint) as residents,
    from raw.kmf_population as population
    where population.age >= in_force('kmf_elder_age', 'ALL', population.census_date)
    group by grouping sets ((population.census_date, population.municipality_code), (population.census_date))
),
of_group as (
    select
        grouped.year,
        grouped.municipality_code,
        listed.indicator,
        listed.subject,
        listed.measure,
        case listed.measure
            when 'citizens_share' then grouped.citizens
            when 'per_elderly' then grouped.citizens
            when 'events_share' then grouped.events
            when 'smallest' then null
            else grouped.amount_oere
        end as numerator,
        case listed.measure
            when 'amount_share' then place.delivered_amount_oere
            when 'care_share' then whole.amount_oere
            when 'citizens_share' then whole.citizens
            when 'events_share' then whole.events
            when 'per_citizen' then grouped.citizens
            when 'per_elderly' then elderly.residents
            when 'per_resident' then place.residents
        end as denominator,
        grouped.smallest_amount_kr,
        grouped.citizens as persons,
        grouped.is_provisional,
        concat(grouped.qf, coalesce(whole.qf, '')) as qf,
    from grouped
    join listed using (citizen_group)
    join place using (year, municipality_code)
    left join grouped as whole
        on whole.year = grouped.year
        and whole.municipality_code = grouped.municipality_code
        and whole.citizen_group = listed.of_group
    left join elderly using (year, municipality_code)
),
value as (
    select
        year,
        municipality_code,
        indicator,
        subject,
        case measure
            when 'smallest' then smallest_amount_kr
            when 'per_citizen' then round(numerator / 100 / nullif(denominator, 0), 2)
            when 'per_resident' then round(numerator / 100 / nullif(denominator, 0), 2)
            when 'per_elderly' then round(1000 * numerator / nullif(denominator, 0), 9)
            -- Where reversals of other years outweigh what others cost there is no share.
            else case when numerator <= denominator then round(numerator / nullif(denominator, 0), 9) end
        end as value,
        case measure
            when 'smallest' then 'kr'
            when 'per_citizen' then 'kr'
            when 'per_resident' then 'kr'
            when 'per_elderly' then 'per_thousand'
            else 'share'
        end as unit,
        numerator,
        denominator,
        persons,
        if(subject = 'POPULATION' or measure in ('per_resident', 'per_elderly'), 'population', 'users') as base,
        is_provisional,
        qf,
    from of_group
    union all
    select year, municipality_code, 'K4', 'ALL', null, 'share', null, null, null, 'users', is_provisional, 'z'
    from place
    where year = (select min(year) from place)
    union all
    select year, municipality_code, 'K7', 'ALL', null, 'share', null, null, null, 'users', is_provisional, 'z'
    from place
    union all
    select
        year,
        municipality_code,
        if(age_band = 'ALL', 'K1', 'K9'),
        age_band,
        amount_per_resident_kr,
        'kr',
        amount_oere,
        residents,
        citizens,
        'population',
        is_provisional,
        qf,
    from band
    union all
    select
        year,
        municipality_code,
        'K9',
        'INDEX',
        age_index,
        'index',
        delivered_amount_oere,
        expected_amount_oere,
        citizens,
        'population',
        is_provisional,
        qf,
    from place
    union all
    select
        year,
        municipality_code,
        'K16',
        factor,
        round(oere / 100, 2),
        'kr',
        oere,
        amount_before_oere,
        null,
        'users',
        is_provisional,
        qf,
    from (
        select
            year,
            municipality_code,
            amount_before_oere,
            is_provisional,
            qf,
            unnest([
                {factor: 'POPULATION', oere: population_oere},
                {factor: 'AGE', oere: age_oere},
                {factor: 'VOLUME', oere: volume_oere},
                {factor: 'BASE', oere: base_effect_oere},
                {factor: 'RATE', oere: rate_oere},
                {factor: 'CHANGE', oere: change_oere}
            ], recursive := true),
        from changed
    )
)
select
    year,
    municipality_code,
    indicator,
    subject,
    value,
    unit,
    numerator,
    denominator,
    persons,
    base,
    is_provisional,
    concat(
        if(contains(qf, 'c'), 'c', ''),
        if(contains(qf, 'e') and indicator = 'K1', 'e', ''),
        if(is_provisional, 'p', ''),
        if(contains(qf, 'r'), 'r', ''),
        if(contains(qf, 'z') or indicator = 'K3', 'z', '')
    ) as qf,
from value
order by all
