-- Compliance per system, location and month: where a bad figure of the whole region comes from.
-- The unweighted mean over the location's actions; an action without attempts is absent, never 100 %.
with measured as (
    select
        month,
        system_id,
        location,
        round(sum(cast(within_limit / attempts as decimal(18, 15))) / count(*), 9) as compliance_share,
        sum(attempts) as attempts,
        sum(within_limit) as within_limit,
        sum(timeouts) as timeouts,
        count(*) as cells_present,
        in_force('response_time_cells', 'ALL', month) as enough_cells_share,
    from core.response_time_cell
    where attempts > 0
    group by month, system_id, location
),
expected as (
    select measured.month, cell.system_id, cell.location, count(*) as cells_expected
    from (select distinct month from measured) as measured
    join reference.probe_cell as cell on measured.month between cell.valid_from and cell.valid_to
    group by all
),
covered as (
    select cast(date_trunc('day', max(last_attempt_at)) as date) as until_date from core.response_time_cell
)
select
    measured.month,
    measured.system_id,
    system.system_name,
    measured.location,
    measured.compliance_share,
    cast(measured.attempts as bigint) as attempts,
    cast(measured.within_limit as bigint) as within_limit,
    cast(measured.timeouts as bigint) as timeouts,
    measured.cells_present,
    coalesce(expected.cells_expected, 0) as cells_expected,
    concat(
        case when covered.until_date < measured.month + interval 1 month - interval 1 day then 'p' else '' end,
        case when measured.cells_present < measured.enough_cells_share * expected.cells_expected then 'u' else '' end
    ) as qf,
from measured
join reference.system as system on system.system_id = measured.system_id
cross join covered
left join expected
    on expected.month = measured.month and expected.system_id = measured.system_id and expected.location = measured.location
where measured.enough_cells_share is not null
order by all
