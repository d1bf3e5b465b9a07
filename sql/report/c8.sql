-- The newest report of the project office. A project on its plan has no delay; of another one it may not be told.
with newest as (
    select max(month) as month from marts.project_status where month <= $month
)
select
    project_no,
    project_name,
    plan_status,
    delay_weeks,
    expected_end_text,
    status_text,
    '' as qf,
    concat_ws(
        '; ',
        case when delay_weeks is null and plan_status in ('ON_PLAN', 'COMPLETED') then 'z: delay_weeks' end,
        case when delay_weeks is null and plan_status not in ('ON_PLAN', 'COMPLETED') then 'm: delay_weeks' end,
        case when expected_end_text is null then 'm: expected_end_text' end
    ) as qf_columns,
    count(*) filter (plan_status <> 'COMPLETED') over () as _projects,
    count(*) over (partition by plan_status) as _with_status,
    month as _from,
    month as _to,
from marts.project_status
join newest using (month)
order by project_no
