-- Compliance per system, location and month: where a bad figure of the whole region comes from.
-- The unweighted mean over the location's actions; an action that was hardly measured is absent, never 100 %.
with measured as (
    select
        cell.month,
        cell.system_id,
        cell.location,
        round(sum(counted_share) / count(counted_share), 9) as compliance_share,
        sum(attempts) as attempts,
        sum(within_limit) as within_limit,
        sum(timeouts) as timeouts,
        count(*) filter (is_counted and is_listed) as cells_present,
        count(*) filter (presence = 'THIN' and is_listed) as cells_thin,
        count(*) filter (is_listed) as cells_expected,
        any_value(covered.is_final) as is_final,
    from (
        select
            *,
            attempts > 0 and presence <> 'ABSENT' as is_counted,
            case when is_counted then cast(within_limit / attempts as decimal(18, 15)) end as counted_share,
        from core.response_time_cell
    ) as cell
    join coverage.response_times as covered on covered.month = cell.month
    group by cell.month, cell.system_id, cell.location
    having sum(attempts) > 0
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
    measured.cells_expected,
    concat(
        case when not measured.is_final then 'p' else '' end,
        case when measured.cells_present - measured.cells_thin < measured.enough_cells_share * measured.cells_expected then 'u' else '' end
    ) as qf,
from (select *, in_force('response_time_cells', 'ALL', month) as enough_cells_share from measured) as measured
join reference.system as system on system.system_id = measured.system_id
where measured.enough_cells_share is not null
order by all
