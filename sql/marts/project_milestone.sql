-- What each project has reached on its way and what it has not, and how the plan of each milestone has moved since the report before.
-- A milestone is overdue when the last day of its plan lies in the month reported on or before and nothing says that it is reached. One of
-- which something says so that is no time, or a time after the month in which the report is written, is neither reached nor overdue.
with worded as (
    select *, time_words(without_remark(planned_text)) as planned_words, time_words(reached_text) as reached_words,
    from raw.project_milestones
),
begun as (
    select *, first_day_of(planned_words) as planned_first_date, first_day_of(reached_words) as reached_first_date from worded
),
reported as (
    select
        *,
        last_day_of(planned_words, planned_first_date) as planned_date,
        last_day_of(reached_words, reached_first_date) as reached_date,
        coalesce(progress_share, case when items_done > items_total then 1 else round(items_done / items_total, 9) end) as share,
    from begun
),
planned as (
    select
        month,
        project_name,
        milestone_name,
        lag(month) over earlier as report_before,
        weeks_moved(lag(planned_first_date) over earlier, lag(planned_date) over earlier, planned_first_date, planned_date) as slip_weeks,
        weeks_moved(
            first_value(planned_first_date) over earlier, first_value(planned_date) over earlier, planned_first_date, planned_date
        ) as slip_total_weeks,
    from reported
    where planned_date is not null
    window earlier as (partition by lower(project_name), lower(milestone_name) order by month)
)
select
    reported.month,
    reported.project_name,
    reported.milestone_name,
    reported.milestone_type,
    reported.planned_text,
    reported.planned_date,
    reported.reached_text,
    reported.reached_date,
    case
        when reported.reached_date <= last_day(reported.month + interval 1 month) then 'REACHED'
        when reported.reached_text is not null or reported.planned_date is null then 'UNDATED'
        when reported.planned_date <= last_day(reported.month) then 'OVERDUE'
        else 'PLANNED'
    end as milestone_status,
    planned.report_before,
    planned.slip_weeks,
    case when planned.report_before is not null then planned.slip_total_weeks end as slip_total_weeks,
    reported.items_done,
    reported.items_total,
    reported.counted_item,
    reported.share as progress_share,
    reported.progress_target_share,
from reported
left join planned using (month, project_name, milestone_name)
order by all
