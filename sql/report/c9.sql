-- The milestones of the newest report that has some, by project and time: when each was reached, or else when it is planned.
with newest as (
    select max(month) as month from marts.project_milestone where month <= $month
)
select
    milestone.project_name,
    milestone.milestone_name,
    milestone.milestone_type,
    milestone.milestone_status,
    coalesce(milestone.reached_text, milestone.planned_text) as time_text,
    milestone.slip_weeks,
    '' as qf,
    concat_ws(
        '; ',
        nullif('m: ' || concat_ws(
            ', ',
            case when time_text is null then 'time_text' end,
            case when milestone.slip_weeks is null and milestone.planned_date is null then 'slip_weeks' end
        ), 'm: '),
        case when milestone.slip_weeks is null and milestone.planned_date is not null then 'z: slip_weeks' end
    ) as qf_columns,
    count(*) over () as _milestones,
    count(*) over (partition by milestone.milestone_status) as _with_status,
    milestone.planned_date as _planned,
    milestone.month as _from,
    milestone.month as _to,
from marts.project_milestone as milestone
join newest using (month)
left join marts.project_status as project on project.month = milestone.month and project.project_name = milestone.project_name
order by
    project.project_no, milestone.project_name, coalesce(milestone.reached_date, milestone.planned_date) nulls last, milestone.milestone_name
