-- Groups of citizens counted, per municipality and for the region (ALL): how many they are and what they cost, and how few persons a
-- number about them, or about the others, could be narrowed down to. The base of a group is who could be one of it: what is left of it is
-- told with the group, so the group is as safe as the rest. The region's top is not the sum of the municipalities' (is_additive).
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
        citizen.* exclude (is_top, is_top_of_region),
        unnest([
            {
                code: citizen.municipality_code,
                is_top: citizen.is_top,
                was_top: coalesce(before.is_top, false),
                is_care_top: coalesce(cared.place <= ceil(round(cared.top_share * cared.citizens, 6)), false)
            },
            {
                code: 'ALL',
                is_top: citizen.is_top_of_region,
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
-- Every citizen for each group: in its base, in it, what was spent, what of it lies outside the group though the citizen is in it, and how
-- often what is counted happened.
member as (
    select
        year,
        place.code as municipality_code,
        unnest([
            {name: 'USERS', base: is_user, is_in: is_user, spent: amount_oere, beside: 0, events: contacts, of_events: contacts},
            {name: 'TOP', base: is_user, is_in: place.is_top, spent: amount_oere, beside: 0, events: 0, of_events: 0},
            {name: 'TOP_OF_POPULATION', base: is_user, is_in: is_top_of_population, spent: amount_oere, beside: 0, events: 0, of_events: 0},
            {name: 'STILL_TOP', base: place.is_top, is_in: place.was_top, spent: amount_oere, beside: 0, events: 0, of_events: 0},
            {name: 'CHRONIC', base: is_user, is_in: chronic_groups > 0, spent: amount_oere, beside: 0, events: 0, of_events: 0},
            {name: 'MULTIMORBID', base: is_user and chronic_groups > 0, is_in: is_multimorbid, spent: amount_oere, beside: 0, events: 0, of_events: 0},
            {name: 'READMITTED', base: admissions > 0, is_in: readmissions > 0, spent: readmission_amount_oere, beside: 0, events: readmissions, of_events: admissions},
            {name: 'PSYCHIATRY_STATIONARY', base: is_user, is_in: has_psychiatry_stationary, spent: psychiatry_stationary_oere, beside: beside_oere, events: 0, of_events: 0},
            {name: 'PSYCHIATRY_AMBULATORY', base: is_user, is_in: has_psychiatry_ambulatory, spent: psychiatry_ambulatory_oere, beside: beside_oere, events: 0, of_events: 0},
            {name: 'SUBSTANCE_ABUSE', base: is_user, is_in: has_substance_abuse, spent: amount_oere, beside: 0, events: 0, of_events: 0},
            {name: 'CARE_TOP', base: is_cared_elder, is_in: place.is_care_top, spent: care_cost_oere, beside: 0, events: 0, of_events: 0},
            {name: 'CARE_TOP_IN_TOP', base: place.is_care_top, is_in: place.is_top, spent: care_cost_oere, beside: 0, events: 0, of_events: 0},
            {name: 'HOME_HELP', base: is_user or has_home_help, is_in: has_home_help, spent: amount_oere, beside: 0, events: 0, of_events: 0},
            {name: 'NURSING', base: is_user or has_nursing, is_in: has_nursing, spent: amount_oere, beside: 0, events: 0, of_events: 0},
            {name: 'CARE_HOME', base: is_user or has_care_home, is_in: has_care_home, spent: amount_oere, beside: 0, events: 0, of_events: 0},
            {name: 'PREVENTABLE', base: admissions > 0, is_in: preventable_admissions > 0, spent: preventable_amount_oere, beside: 0, events: preventable_admissions, of_events: admissions}
        ]) as citizen_group,
    from citizen
),
counted as (
    select
        year,
        municipality_code,
        citizen_group.name as citizen_group,
        count(*) filter (citizen_group.is_in) as citizens,
        count(*) as of_citizens,
        cast(coalesce(sum(citizen_group.spent) filter (citizen_group.is_in), 0) as bigint) as amount_oere,
        cast(sum(citizen_group.spent) as bigint) as of_amount_oere,
        cast(sum(citizen_group.events) as bigint) as events,
        cast(sum(citizen_group.of_events) as bigint) as of_events,
        coalesce(min(citizen_group.spent) filter (citizen_group.is_in), 0) as smallest_oere,
        coalesce(max(citizen_group.spent) filter (citizen_group.is_in), 0) as largest_oere,
        count(*) filter (citizen_group.is_in and citizen_group.spent > 0) as payers,
        count(*) filter (not citizen_group.is_in or citizen_group.beside > 0) as others,
        cast(coalesce(sum(if(citizen_group.is_in, citizen_group.beside, greatest(citizen_group.spent, citizen_group.beside))), 0) as bigint) as others_oere,
        max(if(citizen_group.is_in, citizen_group.beside, greatest(citizen_group.spent, citizen_group.beside))) as others_largest_oere,
    from member
    where citizen_group.base
    group by all
)
select
    year,
    municipality_code,
    municipality_code = 'ALL' as is_total,
    citizen_group,
    citizen_group not in ('TOP', 'TOP_OF_POPULATION', 'STILL_TOP', 'CARE_TOP', 'CARE_TOP_IN_TOP') as is_additive,
    citizens,
    of_citizens,
    amount_oere,
    of_amount_oere,
    events,
    of_events,
    smallest_oere,
    -- That everybody is in the group tells of everybody.
    least(
        nullif(citizens, 0),
        nullif(payers, 0),
        of_citizens,
        case when citizen_group <> 'USERS' and citizens > 0 then greatest(others, 1) end
    ) as fewest,
    round(greatest(
        coalesce(largest_oere / nullif(amount_oere, 0), 0),
        coalesce(case when citizens > 0 then others_largest_oere / nullif(others_oere, 0) end, 0)
    ), 9) as largest_share,
from counted
-- Nobody is still in the top of a year before which there is none.
where citizen_group <> 'STILL_TOP' or exists (select 1 from core.kmf_year as before where before.year = counted.year - interval 1 year)
