-- Compliance with the response time limits per system and month, measured where it is and else as published, against each SLA.
-- Hidden beside it: over all months how many targets were met, in which third of the missed ones by distance a month lies, and where a system lost its month, at which location.
with judged as (
    select month, system_id, system_name, coalesce(compliance_share, published_share) as compliance_share, sla_target, target_met, qf
    from marts.response_time_monthly
    where month <= $month
),
slow as (
    select
        location.month,
        location.system_id,
        count(*) filter (location.compliance_share < judged.sla_target) as locations_below,
        any_value(location.location) filter (location.compliance_share < judged.sla_target) as location,
        min(location.compliance_share) as location_share,
    from marts.response_time_location_monthly as location
    join judged on judged.month = location.month and judged.system_id = location.system_id
    group by all
)
select
    judged.month,
    judged.system_name,
    judged.compliance_share,
    judged.sla_target,
    judged.target_met,
    judged.qf like '%p%' as is_provisional,
    judged.qf,
    count(*) filter (judged.target_met) over (partition by judged.month) as _met_in_month,
    count(*) filter (not judged.target_met) over (partition by judged.month) as _missed_in_month,
    count(*) over (partition by judged.month) as _systems_in_month,
    count(*) filter (judged.target_met) over (partition by judged.system_id) as _months_met,
    count(*) over (partition by judged.system_id) as _months,
    count(*) filter (judged.target_met) over () as _met,
    count(*) over () as _judged,
    round(judged.compliance_share - lag(judged.compliance_share) over (partition by judged.system_id order by judged.month), 9) as _change,
    case when not judged.target_met
        then ntile(3) over (partition by judged.target_met order by round(judged.sla_target - judged.compliance_share, 9))
    end as _third_below,
    slow.locations_below as _locations_below,
    slow.location as _location,
    slow.location_share as _location_share,
from judged
left join slow on slow.month = judged.month and slow.system_id = judged.system_id
order by judged.month, judged.system_name
