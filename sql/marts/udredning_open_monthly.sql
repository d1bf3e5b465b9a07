-- Pathways still waiting at the end of each month and those of them past their limit, by gross days: completed pathways alone
-- would hide the longest waits. A snapshot: its months are not to be added up. Hospitals once the month is final.
with covered as (
    select cast(max(registered_at) as date) as until_date from core.pathway
),
month_end as (
    select distinct
        cast(date_trunc('month', referral_received_date) as date) as month,
        cast(date_trunc('month', referral_received_date) + interval 1 month - interval 1 day as date) as last_date,
    from core.pathway
    where referral_received_date is not null
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
waiting as (
    select
        month_end.month,
        pathway.sector,
        pathway.hospital_code,
        pathway.person_id,
        date_diff('day', pathway.referral_received_date, month_end.last_date) > pathway.limit_days as is_over,
        pathway.limit_days is null as is_without_limit,
    from month_end
    join core.pathway as pathway
        on pathway.referral_received_date <= month_end.last_date
        and (pathway.closed_date is null or pathway.closed_date > month_end.last_date)
    where pathway.sector is not null
),
counted as (
    select
        month,
        sector,
        hospital_code,
        grouping(hospital_code) = 1 as is_total,
        count(*) filter (not is_without_limit) as open_pathways,
        count(*) filter (is_over) as open_over_limit,
        count(*) filter (is_without_limit) as without_limit,
        count(distinct person_id) filter (not is_without_limit) as persons,
        count(distinct person_id) filter (is_over) as persons_over,
        count(distinct person_id) filter (not is_over) as persons_in_time,
        count(distinct person_id) filter (is_without_limit) as persons_without_limit,
        in_force('udredning_final_after', 'ALL', month) as final_after_months,
    from waiting
    group by grouping sets ((month, sector, hospital_code), (month, sector))
),
judged as (
    select
        counted.*,
        covered.until_date < cast(
            counted.month + interval 1 month + interval 1 month * cast(counted.final_after_months as integer) - interval 1 day as date
        ) as is_provisional,
    from counted
    cross join covered
    where counted.final_after_months is not null
        and cast(counted.month + interval 1 month - interval 1 day as date) <= covered.until_date
)
select
    judged.month,
    judged.sector,
    coalesce(judged.hospital_code, 'ALL') as hospital_code,
    coalesce(hospital.hospital_name, 'Alle hospitaler') as hospital_name,
    coalesce(hospital.hospital_now_code, 'ALL') as hospital_now_code,
    coalesce(hospital.hospital_now_name, 'Alle hospitaler') as hospital_now_name,
    judged.is_total,
    judged.open_pathways,
    judged.open_over_limit,
    judged.without_limit,
    judged.is_provisional,
    case when judged.is_provisional then 'p' else '' end as qf,
    nullif(judged.persons, 0) as _persons,
    case when judged.open_pathways > 0 then least(judged.persons_over, judged.persons_in_time) end as _over_persons,
    nullif(judged.persons_without_limit, 0) as _limitless_persons,
from judged
left join hospital on hospital.hospital_code = judged.hospital_code
where judged.is_total or not judged.is_provisional
order by all
