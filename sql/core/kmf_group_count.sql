-- Groups of citizens counted, per municipality and for the region (ALL): how many they are and what they cost, and how few persons a
-- number about them, or about the others, could be narrowed down to. The base of a group is who could be one of it: what is left of it is
-- told with the group, so the group is as safe as the rest. The region's top is not the sum of the municipalities' (is_additive). The
-- smallest amount of the dearest is rounded to a thousand kroner, so that it is nobody's.
with cared as (
    select
        year,
        municipality_code,
        person_id,
        row_number() over (partition by year, municipality_code order by care_cost_oere desc, person_id) as place,
        count(*) over (partition by year, municipality_code) as citizens,
        row_number() over (partition by year order by care_cost_oere desc, person_id, municipality_code) as region_place,
        count(*) over (partition by year) as region_citizens,
        in_force('kmf_top_share', 'ALL', year) as top_share,
    from core.kmf_citizen_year
    where is_elder and care_cost_oere > 0
),
citizen as (
    select
        citizen.* exclude (is_top, is_top_of_region, is_top_of_population, is_top_of_region_population),
        unnest([
            {
                code: citizen.municipality_code,
                is_top: citizen.is_top,
                is_top_of_population: citizen.is_top_of_population,
                was_top: coalesce(before.is_top, false),
                is_care_top: coalesce(cared.place <= ceil(round(cared.top_share * cared.citizens, 6)), false)
            },
            {
                code: 'ALL',
                is_top: citizen.is_top_of_region,
                is_top_of_population: citizen.is_top_of_region_population,
                was_top: coalesce(before.is_top_of_region, false),
                is_care_top: coalesce(cared.region_place <= ceil(round(cared.top_share * cared.region_citizens, 6)), false)
            }
        ]) as place,
        cared.place is not null as is_cared_elder,
        citizen.amount_oere - citizen.psychiatry_stationary_oere - citizen.psychiatry_ambulatory_oere as beside_oere,
    from core.kmf_citizen_year as citizen
    left join core.kmf_citizen_year as before
        on before.year = cast(citizen.year - interval 1 year as date)
        and before.municipality_code = citizen.municipality_code
        and before.person_id = citizen.person_id
    left join cared
        on cared.year = citizen.year
        and cared.municipality_code = citizen.municipality_code
        and cared.person_id = citizen.person_id
),
-- Every citizen for each group whose base he or she is in.
member as (
    select
        year,
        place.code as municipality_code,
        unnest(list_filter([
            citizen_group('USERS', is_user, is_user, amount_oere, 0, contacts, contacts),
            citizen_group('TOP', is_user, place.is_top, amount_oere, 0, 0, 0),
            citizen_group('TOP_OF_POPULATION', is_user, place.is_top_of_population, amount_oere, 0, 0, 0),
            citizen_group('STILL_TOP', place.is_top, place.was_top, amount_oere, 0, 0, 0),
            citizen_group('CHRONIC', is_user, chronic_groups > 0, amount_oere, 0, 0, 0),
            citizen_group('MULTIMORBID', is_user and chronic_groups > 0, is_multimorbid, amount_oere, 0, 0, 0),
            citizen_group('ADMITTED', is_user or admissions > 0, admissions > 0, amount_oere, 0, admissions, admissions),
            citizen_group('READMITTED', admissions > 0, readmissions > 0, readmission_amount_oere, 0, readmissions, admissions),
            citizen_group('PSYCHIATRY_STATIONARY', is_user, has_psychiatry_stationary, psychiatry_stationary_oere, beside_oere, 0, 0),
            citizen_group('PSYCHIATRY_AMBULATORY', is_user, has_psychiatry_ambulatory, psychiatry_ambulatory_oere, beside_oere, 0, 0),
            citizen_group('SUBSTANCE_ABUSE', is_user, has_substance_abuse, amount_oere, 0, 0, 0),
            citizen_group('CARED_ELDERLY', is_cared_elder, is_cared_elder, care_cost_oere, 0, 0, 0),
            citizen_group('CARE_TOP', is_cared_elder, place.is_care_top, care_cost_oere, 0, 0, 0),
            citizen_group('CARE_TOP_IN_TOP', place.is_care_top, place.is_top, care_cost_oere, 0, 0, 0),
            citizen_group('HOME_HELP', is_user or has_home_help, has_home_help, amount_oere, 0, 0, 0),
            citizen_group('NURSING', is_user or has_nursing, has_nursing, amount_oere, 0, 0, 0),
            citizen_group('CARE_HOME', is_user or has_care_home, has_care_home, amount_oere, 0, 0, 0),
            citizen_group(
                'PREVENTABLE', admissions > 0, preventable_admissions > 0, preventable_amount_oere, 0, preventable_admissions, admissions
            )
        ], lambda each: each.base)) as of_group,
    from citizen
),
counted as (
    select
        year,
        municipality_code,
        of_group.name as citizen_group,
        count(*) filter (of_group.is_in) as citizens,
        count(*) as of_citizens,
        cast(coalesce(sum(of_group.spent) filter (of_group.is_in), 0) as bigint) as amount_oere,
        cast(sum(of_group.spent) as bigint) as of_amount_oere,
        cast(sum(of_group.events) as bigint) as events,
        cast(sum(of_group.of_events) as bigint) as of_events,
        coalesce(min(of_group.spent) filter (of_group.is_in), 0) as smallest_oere,
        coalesce(max(of_group.spent) filter (of_group.is_in), 0) as largest_oere,
        count(*) filter (of_group.is_in and of_group.spent <> 0) as payers,
        count(*) filter (not of_group.is_in or of_group.beside > 0) as others,
        cast(sum(others_spent) as bigint) as others_oere,
        max(others_spent) as others_largest_oere,
    from (
        select *, if(of_group.is_in, of_group.beside, greatest(of_group.spent, of_group.beside)) as others_spent from member
    )
    group by all
),
-- What an amount is of: all that care cost for the dearest in care, all of the co-financing for the others.
whole as (
    select
        counted.*,
        case when counted.citizen_group in ('CARED_ELDERLY', 'CARE_TOP', 'CARE_TOP_IN_TOP') then counted.of_amount_oere
            else users.amount_oere end as whole_oere,
        counted.citizen_group in ('ADMITTED', 'READMITTED', 'PREVENTABLE') as has_events,
    from counted
    join counted as users
        on users.year = counted.year
        and users.municipality_code = counted.municipality_code
        and users.citizen_group = 'USERS'
    -- Nobody is still in the top of a year before which there is none.
    where counted.citizen_group <> 'USERS'
        and (
            counted.citizen_group <> 'STILL_TOP'
            or exists (select 1 from core.kmf_year as before where before.year = counted.year - interval 1 year)
        )
)
select
    whole.year,
    whole.municipality_code,
    coalesce(municipality.municipality_name, 'Alle') as municipality_name,
    whole.municipality_code = 'ALL' as is_total,
    whole.citizen_group,
    whole.citizen_group not in ('TOP', 'TOP_OF_POPULATION', 'STILL_TOP', 'CARE_TOP', 'CARE_TOP_IN_TOP') as is_additive,
    whole.citizens,
    whole.of_citizens,
    whole.amount_oere,
    whole.whole_oere as of_amount_oere,
    round(whole.amount_oere / 100 / nullif(whole.citizens, 0), 2) as amount_per_citizen_kr,
    case when whole.citizen_group = 'TOP' then round(whole.smallest_oere / 100, -3) end as smallest_amount_kr,
    case when whole.has_events then whole.events end as events,
    case when whole.has_events then whole.of_events end as of_events,
    year.is_provisional,
    -- That everybody is in the group tells of everybody, unless they are its base.
    least(
        nullif(whole.citizens, 0),
        nullif(whole.payers, 0),
        whole.of_citizens,
        case when whole.citizens > 0 and whole.citizen_group <> 'CARED_ELDERLY' then greatest(whole.others, 1) end
    ) as fewest,
    round(greatest(
        coalesce(whole.largest_oere / nullif(whole.amount_oere, 0), 0),
        coalesce(case when whole.citizens > 0 then whole.others_largest_oere / nullif(whole.others_oere, 0) end, 0)
    ), 9) as largest_share,
from whole
join core.kmf_year as year on year.year = whole.year
left join reference.municipality as municipality
    on municipality.municipality_code = whole.municipality_code
    and whole.year between municipality.valid_from and municipality.valid_to
