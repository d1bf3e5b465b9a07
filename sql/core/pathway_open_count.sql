-- Pathways still waiting at the end of each month and those of them past their limit, by gross days, counted per sector and hospital
-- and per sector (is_total): completed pathways alone would hide the longest waits. A snapshot: each month stands as it was on its
-- last day, under the hospital that the unit belonged to then. Who seems to have waited longer than is plausible is counted apart: a
-- mistyped day of receipt. Hospitals are counted once the month is final.
with covered as (
    select cast(max(known_until) as date) as until_date from coverage.pathways
),
-- Months that are over by the newest file of pathways.
month_end as (
    select
        pathways.month,
        last_day(pathways.month) as last_date,
        pathways.is_final and coalesce(pauses.is_final, false) as is_final,
        in_force('longest_pathway', 'ALL', last_day(pathways.month)) as longest_days,
    from coverage.pathways as pathways
    left join coverage.pathway_pauses as pauses on pauses.month = pathways.month
    cross join covered
    where pathways.month + interval 1 month <= covered.until_date
),
hospital as (
    select
        was.hospital_code,
        was.hospital_name,
        coalesce(successor.hospital_code, was.hospital_code) as hospital_now_code,
        coalesce(successor.hospital_name, was.hospital_name) as hospital_now_name,
    from reference.hospital as was
    cross join covered
    left join reference.hospital as successor
        on successor.hospital_code = was.successor_code
        and was.succeeded_date <= covered.until_date
),
unit as (
    select known.unit_code, month_end.last_date, hospital_of(known.unit_code, month_end.last_date) as hospital_code
    from (select distinct unit_code from core.pathway) as known
    cross join month_end
),
waiting as (
    select
        month_end.month,
        month_end.is_final,
        pathway.sector,
        coalesce(unit.hospital_code, 'UNMAPPED') as hospital_code,
        pathway.person_id,
        date_diff('day', pathway.referral_received_date, month_end.last_date) as days,
        pathway.limit_days,
        month_end.longest_days,
    from month_end
    join core.pathway as pathway
        on pathway.referral_received_date <= month_end.last_date
        and (pathway.closed_date is null or pathway.closed_date > month_end.last_date)
    left join unit on unit.unit_code = pathway.unit_code and unit.last_date = month_end.last_date
    where pathway.sector is not null
),
judged as (
    select
        *,
        coalesce(days > longest_days, false) as is_implausible,
        not is_implausible and days > limit_days as is_over,
        not is_implausible and days <= limit_days as is_in_time,
        not is_implausible and limit_days is null as is_without_limit,
    from waiting
),
counted as (
    select
        month,
        sector,
        hospital_code,
        grouping(hospital_code) = 1 as is_total,
        count(*) filter (is_over or is_in_time) as open_pathways,
        count(*) filter (is_over) as open_over_limit,
        count(*) filter (is_without_limit) as without_limit,
        count(*) filter (is_implausible) as implausible,
        count(distinct person_id) filter (is_over or is_in_time) as persons,
        count(distinct person_id) filter (is_over) as persons_over,
        count(distinct person_id) filter (is_in_time) as persons_in_time,
        count(distinct person_id) filter (is_without_limit) as persons_without_limit,
        count(distinct person_id) filter (is_implausible) as persons_implausible,
        not any_value(is_final) as is_provisional,
    from judged
    group by grouping sets ((month, sector, hospital_code), (month, sector))
)
select
    counted.month,
    counted.sector,
    coalesce(counted.hospital_code, 'ALL') as hospital_code,
    coalesce(hospital.hospital_name, 'Alle hospitaler') as hospital_name,
    coalesce(hospital.hospital_now_code, 'ALL') as hospital_now_code,
    coalesce(hospital.hospital_now_name, 'Alle hospitaler') as hospital_now_name,
    counted.is_total,
    counted.open_pathways,
    counted.open_over_limit,
    counted.without_limit,
    counted.implausible,
    counted.is_provisional,
    case when counted.is_provisional then 'p' else '' end as qf,
    counted.open_pathways - counted.open_over_limit as open_in_time,
    -- Persons behind each number; NULL where it describes nobody.
    nullif(counted.persons, 0) as persons,
    case when counted.open_pathways > 0 then counted.persons_over end as persons_over_limit,
    case when counted.open_pathways > 0 then counted.persons_in_time end as persons_in_time,
    nullif(counted.persons_without_limit, 0) as persons_without_limit,
    nullif(counted.persons_implausible, 0) as persons_implausible,
from counted
left join hospital on hospital.hospital_code = counted.hospital_code
where counted.is_total or not counted.is_provisional
order by all
