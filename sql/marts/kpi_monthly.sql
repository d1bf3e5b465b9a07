-- Every indicator per month, beside its target and beside what it naturally varies by (an XmR chart, as in Making Data Count).
-- Level and trend are two things: target_met and assurance speak of the level, special_cause of the course. `variation` says what
-- the course means for who reads it: whether a special cause is good or bad, and that under enough months nobody can tell.
-- Limits come from final months alone: a month still being delivered must not move them, nor be judged by them. They end where the
-- measure does: nothing is under zero, and no share above one.
with value as (
    select
        *,
        qf like '%p%' as is_provisional,
        12 * year(month) + month(month) as month_no,
        in_force('natural_limits_points', 'ALL', month) as enough_points,
    from indicators.kpi_value
),
final as (
    select
        *,
        value - lag(value) over course as change,
        month_no - lag(month_no) over course as months_since,
    from value
    where not is_provisional and value is not null
    window course as (partition by indicator, subject order by month)
),
-- The mean moving range times 2.66 (3 / 1.128, the ratio of a range of two to a standard deviation) is the width on each side.
limits as (
    select
        indicator,
        subject,
        count(*) as points,
        avg(cast(value as decimal(28, 9))) as centre,
        2.66 * avg(abs(cast(change as decimal(28, 9)))) filter (months_since = 1) as width,
    from final
    group by all
),
placed as (
    select
        final.indicator,
        final.subject,
        final.month,
        final.month_no,
        round(abs(final.value - centre), 9) > round(width, 9) as is_outside,
        sign(round(final.value - centre, 9)) as side,
        case when months_since = 1 then sign(round(change, 9)) else 0 end as step,
        -- In the outer third between centre and limit, on which side.
        case when round(abs(final.value - centre), 9) >= round(width * 2 / 3, 9) then side else 0 end as outer_third,
    from final
    join limits using (indicator, subject)
),
-- Months in a row share one start: the number of the month less its place among such months. Two months lie in three in a row
-- where they are no more than two apart.
in_rows as (
    select
        *,
        month_no - row_number() over (partition by indicator, subject, side order by month) as side_start,
        month_no - row_number() over (partition by indicator, subject, step order by month) as step_start,
        count(*) over (
            partition by indicator, subject, outer_third order by month_no range between 2 preceding and 2 following
        ) as near_months,
    from placed
),
runs as (
    select
        *,
        case when side <> 0 then count(*) over (partition by indicator, subject, side, side_start) else 0 end as side_run,
        case when step <> 0 then count(*) over (partition by indicator, subject, step, step_start) else 0 end as step_run,
        in_force('special_cause_shift', 'ALL', month) as shift_months,
        in_force('special_cause_trend', 'ALL', month) as trend_months,
    from in_rows
),
-- A trend of seven months is six steps; its first month lies before the first step. A step is from the month before and no other.
judged as (
    select
        indicator,
        subject,
        month,
        is_outside,
        side_run >= shift_months as is_shift,
        step_run >= trend_months - 1 or lead(step_run) over course >= trend_months - 1 as is_trend,
        outer_third <> 0 and near_months >= 2 as is_near_limit,
        side,
        case when step_run >= trend_months - 1 then step else lead(step) over course end as trend_step,
    from runs
    where shift_months is not null and trend_months is not null
    window course as (partition by indicator, subject order by month)
),
found as (
    select
        *,
        case
            when is_outside then 'OUTSIDE'
            when is_shift then 'SHIFT'
            when is_trend then 'TREND'
            when is_near_limit then 'NEAR_LIMIT'
            else 'NONE'
        end as special_cause,
        case when case special_cause when 'TREND' then trend_step else side end > 0 then 'HIGHER' else 'LOWER' end as direction,
    from judged
)
select
    value.month,
    value.indicator,
    value.subject,
    value.value,
    value.numerator,
    value.denominator,
    kpi.unit,
    value.target,
    value.comparison,
    case value.comparison when '>=' then value.value >= value.target when '<=' then value.value <= value.target end as target_met,
    value.completeness_share,
    value.members,
    limits.points,
    round(limits.centre, 9) as centre,
    case when limits.width <= limits.centre then round(limits.centre - limits.width, 9) when limits.width is not null then 0 end
        as lower_limit,
    case
        when kpi.unit = 'share' and limits.centre + limits.width > 1 then 1
        else round(limits.centre + limits.width, 9)
    end as upper_limit,
    limits.points < value.enough_points as has_provisional_limits,
    case
        when value.comparison = '>=' and round(limits.centre - limits.width, 9) >= value.target then 'ALWAYS_MET'
        when value.comparison = '>=' and round(limits.centre + limits.width, 9) < value.target then 'NEVER_MET'
        when value.comparison = '<=' and round(limits.centre + limits.width, 9) <= value.target then 'ALWAYS_MET'
        when value.comparison = '<=' and round(limits.centre - limits.width, 9) > value.target then 'NEVER_MET'
        when value.target is not null and limits.width is not null then 'INCONSISTENT'
    end as assurance,
    found.special_cause,
    case
        when found.month is null then null
        when limits.points < value.enough_points then 'TOO_FEW'
        when found.special_cause = 'NONE' then 'NATURAL'
        when kpi.better = 'NEITHER' then case found.direction when 'HIGHER' then 'HIGH' else 'LOW' end
        when kpi.better = found.direction then 'IMPROVEMENT'
        else 'CONCERN'
    end as variation,
    value.is_provisional,
    -- A count has no numerator.
    concat(value.qf, case when value.value is not null and value.numerator is null then 'z' else '' end) as qf,
from value
join reference.kpi as kpi on kpi.indicator = value.indicator and kpi.subject in (value.subject, '*')
left join limits on limits.indicator = value.indicator and limits.subject = value.subject
left join found on found.indicator = value.indicator and found.subject = value.subject and found.month = value.month
where value.enough_points is not null
order by all
