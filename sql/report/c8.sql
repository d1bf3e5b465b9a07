-- The newest report of the project office. A project on its plan has no delay; of another one it may not be told. Slips are those since an
-- earlier report; a first one has none, and of an end that nobody tells they are not known.
with newest as (
    select max(month) as month from marts.project_status where month <= $month
)
select
    project_name,
    plan_status,
    delay_weeks,
    expected_end_text,
    expected_end_date,
    slip_weeks,
    slip_total_weeks,
    vendor,
    status_text,
    '' as qf,
    concat_ws(
        '; ',
        case when delay_weeks is null and plan_status in ('ON_PLAN', 'COMPLETED') then 'z: delay_weeks' end,
        case when delay_weeks is null and plan_status not in ('ON_PLAN', 'COMPLETED') then 'm: delay_weeks' end,
        nullif('m: ' || concat_ws(
            ', ',
            case when vendor is null then 'vendor' end,
            case when expected_end_text is null then 'expected_end_text' end,
            case when expected_end_date is null then 'expected_end_date, slip_weeks, slip_total_weeks' end
        ), 'm: '),
        case when slip_weeks is null and expected_end_date is not null then 'z: slip_weeks, slip_total_weeks' end
    ) as qf_columns,
    count(*) filter (plan_status <> 'COMPLETED') over () as _projects,
    count(*) over (partition by plan_status) as _with_status,
    count(*) filter (slip_weeks > 0) over () as _moved,
    count(*) filter (slip_weeks is not null) over () as _compared,
    count(*) filter (expected_end_date is null and plan_status <> 'COMPLETED') over () as _undated,
    report_before as _before,
    month as _from,
    month as _to,
from marts.project_status
join newest using (month)
order by project_no
