-- Compliance of each critical system per month, as the committee's table defines it (seed L498-508): the unweighted mean,
-- over every action at every location, of the share of attempts answered within the limit. Measured beside published.
-- A month is judged on what was measured, and on what was published where nothing was. Equal to the target is met.
-- A cell that was hardly measured is absent, and in no mean; cells are compared with those that are listed, name by name.
with measured as (
    select
        cell.month,
        cell.system_id,
        round(sum(counted_share) / count(counted_share), 9) as compliance_share,
        round(sum(within_limit) filter (is_counted) / sum(attempts) filter (is_counted), 9) as pooled_share,
        round(sum(answered) filter (is_counted) / sum(attempts) filter (is_counted), 9) as availability_share,
        sum(attempts) as attempts,
        sum(timeouts) as timeouts,
        count(*) filter (is_counted and is_listed) as cells_present,
        count(*) filter (is_listed) as cells_expected,
        count(*) filter (attempts > 0 and not is_listed) as cells_unlisted,
        count(*) filter (presence = 'THIN' and is_listed) as cells_thin,
        string_agg(action || ' ' || location, ', ' order by action, location) filter (is_listed and not is_counted) as cells_missing,
        any_value(covered.is_final) as is_final,
    from (
        select
            *,
            attempts > 0 and presence <> 'ABSENT' as is_counted,
            case when is_counted then cast(within_limit / attempts as decimal(18, 15)) end as counted_share,
        from core.response_time_cell
    ) as cell
    join coverage.response_times as covered on covered.month = cell.month
    group by cell.month, cell.system_id
),
-- What the month would be if no window of maintenance had been agreed.
with_maintenance as (
    select
        month,
        system_id,
        round(
            sum(cast((within_limit + maintenance_within_limit) / (attempts + maintenance_attempts) as decimal(18, 15))) / count(*), 9
        ) as compliance_with_maintenance_share,
        sum(maintenance_attempts) as maintenance_attempts,
    from core.response_time_cell
    where attempts + maintenance_attempts > 0 and presence <> 'ABSENT'
    group by all
),
judged as (
    select
        month,
        system.system_id,
        system.system_name,
        measured.compliance_share,
        published.published_share,
        round(measured.compliance_share - published.published_share, 9) as difference,
        coalesce(measured.compliance_share, published.published_share) as judged_share,
        measured.pooled_share,
        measured.availability_share,
        measured.attempts,
        measured.timeouts,
        measured.cells_present,
        measured.cells_expected,
        measured.cells_unlisted,
        measured.cells_thin,
        measured.cells_missing,
        measured.is_final,
        in_force('response_time_compliance', system.system_id, month) as sla_target,
        in_force('suspect_probe_run', 'ALL', month) as suspect_run_months,
        in_force('suspect_probe_jump', 'ALL', month) as suspect_jump_share,
        in_force('response_time_cells', 'ALL', month) as enough_cells_share,
    from measured
    full join core.response_time_published as published using (month, system_id)
    join reference.system as system on system.system_id = coalesce(measured.system_id, published.system_id)
),
-- Months in a row at exactly 100 % share one run_start: the number of the month less its place among such months.
perfect as (
    select
        month,
        system_id,
        12 * year(month) + month(month) - row_number() over (partition by system_id order by month) as run_start,
    from judged
    where judged_share = 1
),
perfect_run as (
    select month, system_id, count(*) over (partition by system_id, run_start) as run_months from perfect
),
-- A probe is suspect in a long run of exact 100 % and in a month that jumps: machines are seldom perfect or suddenly different.
doubted as (
    select
        judged.*,
        coalesce(perfect_run.run_months >= judged.suspect_run_months, false)
            or coalesce(round(abs(judged.judged_share - previous.judged_share), 9) >= judged.suspect_jump_share, false) as is_suspect_probe,
        judged.cells_present - judged.cells_thin < judged.enough_cells_share * judged.cells_expected as lacks_cells,
        not judged.is_final as is_provisional,
    from judged
    left join perfect_run on perfect_run.month = judged.month and perfect_run.system_id = judged.system_id
    left join judged as previous on previous.system_id = judged.system_id and previous.month = judged.month - interval 1 month
    where judged.suspect_run_months is not null and judged.suspect_jump_share is not null and judged.enough_cells_share is not null
)
select
    month,
    system_id,
    system_name,
    compliance_share,
    published_share,
    difference,
    pooled_share,
    with_maintenance.compliance_with_maintenance_share,
    sla_target,
    judged_share >= sla_target as target_met,
    published_share >= sla_target as published_target_met,
    cast(attempts as bigint) as attempts,
    cast(timeouts as bigint) as timeouts,
    cast(with_maintenance.maintenance_attempts as bigint) as maintenance_attempts,
    availability_share,
    coalesce(cells_present, 0) as cells_present,
    coalesce(cells_expected, 0) as cells_expected,
    coalesce(cells_unlisted, 0) as cells_unlisted,
    coalesce(cells_thin, 0) as cells_thin,
    cells_missing,
    is_suspect_probe,
    concat(case when is_provisional then 'p' else '' end, case when is_suspect_probe or lacks_cells then 'u' else '' end) as qf,
from doubted
left join with_maintenance using (month, system_id)
order by all
