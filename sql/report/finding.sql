-- What there is to say of every indicator: its newest final month up to the report's, beside the same month a year before, beside the
-- months so far, and by the bounds in force that month: whether it is far from a year before, and how complete what it stands on is.
with final as (
    select * from marts.kpi_monthly where not is_provisional and month <= $month
),
newest as (
    select indicator, subject, max(month) as month from final group by all
),
bound as (
    select
        judged.month,
        max(value) filter (indicator = 'natural_limits_points') as enough_points,
        max(value) filter (indicator = 'special_cause_shift') as shift_months,
        max(value) filter (indicator = 'special_cause_trend') as trend_months,
        max(value) filter (indicator = 'course_told') as course_told,
        max(value) filter (indicator = 'large_change_points') as large_points,
        max(value) filter (indicator = 'large_change_part') as large_part,
        max(value) filter (indicator = 'completeness_ok') as ok_share,
        max(value) filter (indicator = 'completeness_caution') as caution_share,
    from (select distinct month from newest) as judged
    join reference.target on subject = 'ALL' and judged.month between valid_from and valid_to
    group by judged.month
),
-- A step is from the month before and no other; a month after a gap begins everything anew.
stepped as (
    select
        *,
        month - interval 1 month = lag(month) over course as follows,
        case when follows then sign(round(value - lag(value) over course, 9)) end as step,
        sign(round(value - centre, 9)) as side,
        follows and side = lag(sign(round(value - centre, 9))) over course as keeps_side,
        value > max(value) over before as is_highest,
        value < min(value) over before as is_lowest,
    from final
    where value is not null
    window
        course as (partition by indicator, subject order by month),
        before as (course rows between unbounded preceding and 1 preceding)
),
latest as (
    select indicator, subject, arg_max(step, month) as course_step from stepped where step is not null group by all
),
-- A course begins in the month before its first step.
so_far as (
    select
        stepped.indicator,
        stepped.subject,
        count(*) as months,
        min(value) as lowest,
        first(month order by value, month) as lowest_month,
        max(value) as highest,
        first(month order by value desc, month desc) as highest_month,
        max(month) filter (step is distinct from course_step) as course_from,
        max(month) filter (keeps_side is not true) as side_from,
        any_value(course_step) as course_step,
        arg_max(is_highest, month) as is_highest,
        arg_max(is_lowest, month) as is_lowest,
    from stepped
    left join latest on latest.indicator = stepped.indicator and latest.subject = stepped.subject
    group by all
),
told as (
    select
        final.*,
        kpi.label,
        kpi.better,
        year_before.value as value_year_before,
        round(final.value - year_before.value, 9) as change_from_year_before,
        so_far.* exclude (indicator, subject),
        course_start.value as value_at_course_start,
        1 + date_diff('month', so_far.course_from, final.month) as course_months,
        1 + date_diff('month', so_far.side_from, final.month) as side_months,
        count(*) filter (past.target_met) as months_met,
        count(past.target_met) as months_judged,
    from newest
    join final on final.indicator = newest.indicator and final.subject = newest.subject and final.month = newest.month
    join reference.kpi as kpi on kpi.indicator = final.indicator and kpi.subject in (final.subject, '*')
    join final as past on past.indicator = final.indicator and past.subject = final.subject
    left join final as year_before
        on year_before.indicator = final.indicator
        and year_before.subject = final.subject
        and year_before.month = final.month - interval 12 month
    left join so_far on so_far.indicator = final.indicator and so_far.subject = final.subject
    left join final as course_start
        on course_start.indicator = final.indicator
        and course_start.subject = final.subject
        and course_start.month = so_far.course_from
    group by all
)
select
    told.* exclude (variation, is_highest, is_lowest),
    -- What later months have shown of this one is not known to the report of it.
    case
        when months < enough_points then 'TOO_FEW'
        when special_cause = 'SHIFT' and side_months < shift_months then 'NATURAL'
        when special_cause = 'TREND' and course_months < trend_months then 'NATURAL'
        else variation
    end as variation,
    bound.enough_points,
    course_step <> 0 and course_months >= course_told as is_course,
    -- As many months as a course needs are what a month is told to lie beyond.
    case
        when months < course_told then null
        when is_highest then 'HIGHEST'
        when is_lowest then 'LOWEST'
    end as extreme,
    case
        when unit = 'share' then abs(change_from_year_before) >= large_points
        else abs(change_from_year_before) >= round(abs(value_year_before) * large_part, 9)
    end as is_large_change,
    case
        when completeness_share >= ok_share then 'ok'
        when completeness_share >= caution_share then 'varsomhed'
        when completeness_share < caution_share then 'lav'
    end as completeness_band,
from told
left join bound using (month)
order by indicator, subject
