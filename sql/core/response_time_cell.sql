-- Attempts of the robots per system, action, location and month, judged against the limit of their class of action.
-- Attempts inside a listed maintenance window are counted apart; maintenance reported outside a window is a failed attempt.
-- A system name that no alias knows stays here as UNMAPPED, so that no attempt is lost between raw and core.
with listed as (
    select
        system_id,
        starts_at,
        ends_at,
        max(ends_at) over (
            partition by system_id order by starts_at rows between unbounded preceding and 1 preceding
        ) as busy_until,
    from reference.maintenance
),
numbered as (
    select
        system_id,
        starts_at,
        ends_at,
        count(*) filter (busy_until is null or starts_at > busy_until) over (partition by system_id order by starts_at) as number,
    from listed
),
-- Windows that overlap are one, so that an attempt inside both is joined and counted once.
maintenance as (
    select system_id, min(starts_at) as starts_at, max(ends_at) as ends_at
    from numbered
    group by system_id, number
),
-- What the attempts of a class share on a day is worked out once for all of them.
limit_of_day as (
    select
        action_class,
        day,
        cast(date_trunc('month', day) as date) as month,
        in_force('response_time_limit', action_class, day) as limit_seconds,
    from (select distinct action_class, cast(started_at as date) as day from raw.response_times)
),
-- An attempt of a class that has no limit on the day cannot be judged and is left out.
attempt as (
    select
        coalesce(alias.system_id, 'UNMAPPED') as system_id,
        coalesce(system.system_name, probe.system_name) as system_name,
        probe.action,
        probe.location,
        limit_of_day.month,
        probe.started_at,
        probe.status,
        probe.status = 'OK' and probe.duration_ms <= 1000 * limit_of_day.limit_seconds as is_within_limit,
        maintenance.system_id is not null as is_maintenance,
    from raw.response_times as probe
    join limit_of_day
        on limit_of_day.action_class = probe.action_class
        and limit_of_day.day = cast(probe.started_at as date)
        and limit_of_day.limit_seconds is not null
    left join reference.system_alias as alias on lower(alias.alias) = lower(probe.system_name)
    left join reference.system as system on system.system_id = alias.system_id
    left join maintenance
        on maintenance.system_id = alias.system_id
        and probe.started_at >= maintenance.starts_at
        and probe.started_at < maintenance.ends_at
),
measured as (
    select
        system_id,
        system_name,
        action,
        location,
        month,
        count(*) filter (not is_maintenance) as attempts,
        count(*) filter (not is_maintenance and is_within_limit) as within_limit,
        count(*) filter (not is_maintenance and status = 'OK') as answered,
        count(*) filter (not is_maintenance and status = 'TIMEOUT') as timeouts,
        count(*) filter (is_maintenance) as maintenance_attempts,
        count(*) filter (is_maintenance and is_within_limit) as maintenance_within_limit,
        count(distinct day(started_at)) as measured_days,
    from attempt
    group by all
),
-- The days on which a robot was to run, as far as the month is delivered.
covered as (
    select
        month,
        date_diff('day', month, cast(least(month + interval 1 month, known_until) as date)) * in_force('probe_days', 'ALL', month)
            as expected_days,
        in_force('presence_absent', 'ALL', month) as absent_share,
        in_force('presence_uncertain', 'ALL', month) as thin_share,
    from coverage.response_times
    where known_until > month
),
expected as (
    select covered.month, cell.system_id, system.system_name, cell.action, cell.location
    from covered
    join reference.probe_cell as cell on covered.month between cell.valid_from and cell.valid_to
    join reference.system as system on system.system_id = cell.system_id
)
-- A cell is there or not by the days on which it was measured: a robot that ran once in a month has measured nothing of it.
select
    system_id,
    system_name,
    action,
    location,
    month,
    coalesce(measured.attempts, 0) as attempts,
    coalesce(measured.within_limit, 0) as within_limit,
    coalesce(measured.answered, 0) as answered,
    coalesce(measured.timeouts, 0) as timeouts,
    coalesce(measured.maintenance_attempts, 0) as maintenance_attempts,
    coalesce(measured.maintenance_within_limit, 0) as maintenance_within_limit,
    coalesce(measured.measured_days, 0) as measured_days,
    expected.system_id is not null as is_listed,
    case
        when coalesce(measured.measured_days, 0) <= covered.absent_share * covered.expected_days then 'ABSENT'
        when measured.measured_days < covered.thin_share * covered.expected_days then 'THIN'
        when covered.month is not null then 'PRESENT'
    end as presence,
from measured
full join expected using (system_id, system_name, action, location, month)
left join covered on covered.month = coalesce(measured.month, expected.month)
order by all
