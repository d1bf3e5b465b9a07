-- As uncertain as the measurements of any system that is judged.
select
    month,
    'ALL' as subject,
    round(count(*) filter (target_met) / nullif(count(target_met), 0), 9) as value,
    count(*) filter (target_met) as numerator,
    count(target_met) as denominator,
    round(sum(cells_present) / nullif(sum(cells_expected), 0), 9) as completeness_share,
    concat(
        case when bool_or(qf like '%p%') then 'p' else '' end,
        case when bool_or(qf like '%u%') filter (target_met is not null) then 'u' else '' end
    ) as qf,
from marts.response_time_monthly
group by month
