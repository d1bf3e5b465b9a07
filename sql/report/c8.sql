-- The newest report of the project office.
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
    count(*) filter (plan_status <> 'COMPLETED') over () as _projects,
    count(*) over (partition by plan_status) as _with_status,
    month as _from,
    month as _to,
from marts.project_status
join newest using (month)
order by project_no
