-- Milestones of the newest report of which somebody counts how much is done, or says how much is to be.
with newest as (
    select max(month) as month from marts.project_milestone where month <= $month
)
select
    milestone.project_name,
    milestone.milestone_name,
    milestone.planned_text,
    milestone.items_done,
    milestone.items_total,
    milestone.progress_share,
    milestone.progress_target_share,
    '' as qf,
    concat_ws(
        '; ',
        nullif('m: ' || concat_ws(
            ', ',
            case when milestone.planned_text is null then 'planned_text' end,
            case when milestone.items_done is null then 'items_done' end,
            case when milestone.items_total is null then 'items_total' end,
            case when milestone.progress_share is null then 'progress_share' end
        ), 'm: '),
        case when milestone.progress_target_share is null then 'z: progress_target_share' end
    ) as qf_columns,
    milestone.counted_item as _counted_item,
    milestone.month as _from,
    milestone.month as _to,
from marts.project_milestone as milestone
join newest using (month)
left join marts.project_status as project on project.month = milestone.month and project.project_name = milestone.project_name
where coalesce(milestone.items_done, milestone.items_total, milestone.progress_share, milestone.progress_target_share) is not null
order by project.project_no, milestone.project_name, milestone.planned_date, milestone.milestone_name
