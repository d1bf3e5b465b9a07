-- Cases in their last version, with the deadline of their criticality and whether they were solved in the first call.
-- Deadline: the day of opening is day 0, then so many hverdage on at the same time of day; opened on another day, day 0 is the
-- next hverdag from midnight. Opening hours do not move it; pauses do, where the case system marks them, by what of them lies on
-- hverdage. The clock stops when the case was last resolved, not when it was closed. A case reopened since is not resolved. One
-- closed without ever having been resolved counts from its closing: leaving the field blank gains nothing. One that was cancelled
-- is closed and was never resolved.
with known as (
    select
        case_.case_id,
        case_.desk,
        case_.case_type,
        case when case_.channel_name is not null then coalesce(channel.channel, 'UNMAPPED') end as channel,
        coalesce(channel.is_inquiry, true) as is_inquiry,
        priority.criticality,
        case_.opened_at,
        cast(case_.opened_at as date) as opened_date,
        coalesce(state.is_cancelled, false) as is_cancelled,
        case when state.is_cancelled is not true then coalesce(
            case when case_.resolved_at >= coalesce(case_.reopened_at, case_.resolved_at) then case_.resolved_at end,
            case when case_.closed_at >= coalesce(case_.reopened_at, case_.closed_at) then case_.closed_at end
        ) end as resolved_at,
        case
            when state.is_cancelled then coalesce(case_.closed_at, case_.resolved_at, case_.updated_at)
            when case_.closed_at >= coalesce(case_.reopened_at, case_.closed_at) then case_.closed_at
        end as closed_at,
        coalesce(case_.paused_seconds, case_.paused_hverdag_seconds, 0) as paused_seconds,
        coalesce(case_.paused_hverdag_seconds, case_.paused_seconds, 0) as paused_hverdag_seconds,
        case_.reopened_at,
        case_.reassignment_count,
        case_.reopen_count,
        case_.is_first_contact,
        case_.vendor,
        case_.handling_unit,
        case when case_.system_name is not null then coalesce(alias.system_id, 'ANDET') end as system_id,
        case_.category,
        case_.updated_at,
    from raw.servicedesk_cases as case_
    left join reference.channel as channel on lower(channel.channel_name) = lower(case_.channel_name)
    left join reference.priority as priority on lower(priority.priority) = lower(case_.priority)
    left join reference.case_state as state on lower(state.state) = lower(case_.state)
    left join reference.system_alias as alias on lower(alias.alias) = lower(case_.system_name)
),
solved as (
    select
        known.*,
        known.channel = 'phone'
            and known.resolved_at is not null
            and coalesce(known.reopen_count, 0) = 0
            and known.reopened_at is null
            and coalesce(
                known.is_first_contact,
                coalesce(known.reassignment_count, 0) = 0
                and elapsed_seconds(known.opened_at, known.resolved_at) <= in_force('first_contact_time', 'ALL', known.opened_date),
                false
            ) as is_first_call_resolved,
    from known
),
-- From the midnight of day zero on, the clock of the deadline runs on hverdage alone, what of the pauses lies on them included.
limited as (
    select
        solved.*,
        opened_day.hverdag_number + case when opened_day.is_hverdag then 0 else 1 end as day_zero,
        solved.paused_hverdag_seconds + case
            when opened_day.is_hverdag then date_diff('second', date_trunc('day', solved.opened_at), solved.opened_at)
            else 0
        end as seconds_on,
        cast(in_force('case_solve_time', solved.criticality, solved.opened_date) as integer) as days,
    from solved
    left join reference.calendar as opened_day on opened_day.calendar_date = solved.opened_date
),
due as (
    select
        limited.*,
        due_day.calendar_date + to_seconds(limited.seconds_on % 86400) as due_at,
        limited.opened_at + to_days(limited.days) + to_seconds(limited.paused_seconds) as calendar_due_at,
    from limited
    left join reference.calendar as due_day
        on due_day.is_hverdag and due_day.hverdag_number = limited.day_zero + limited.days + limited.seconds_on // 86400
)
select
    case_id,
    desk,
    case_type,
    channel,
    is_inquiry,
    criticality,
    opened_at,
    resolved_at,
    closed_at,
    is_cancelled,
    paused_seconds,
    paused_hverdag_seconds,
    reassignment_count,
    reopen_count,
    vendor,
    handling_unit,
    system_id,
    category,
    coalesce(is_first_call_resolved, false) as is_first_call_resolved,
    due_at,
    calendar_due_at,
    case when not coalesce(is_first_call_resolved, false) then resolved_at <= due_at end as is_within_sla,
    is_doubtful_hour(opened_at) or coalesce(is_doubtful_hour(resolved_at), false) or coalesce(is_doubtful_hour(closed_at), false)
        as has_doubtful_hour,
    updated_at,
from due
