-- Calls as a desk meets them: the visits of a call to the queues of one desk are one call, however often it was passed round.
-- Answered if any visit was; else abandoned if the last visit was; else it flowed out, to another desk or to a callback.
-- The wait runs from the first visit to the answer, or to the last end: visits overlap, so their waits cannot be added. From the
-- choice of a callback until the phone rings nobody waits in line. It is reckoned in UTC and thus right when clocks change. In no
-- order: two million calls are not sorted for nobody.
with visited as (
    select
        desk,
        call_id,
        count(*) as visits,
        min(offered_at) as offered_at,
        bool_or(outcome = 'answered') as is_answered,
        arg_max(outcome, visit) as last_outcome,
        bool_or(outcome = 'callback') as has_callback,
        min(epoch_ms(offered_at_utc)) as offered_ms,
        min(epoch_ms(offered_at_utc) + 1000 * wait_seconds) filter (outcome = 'answered') as answered_ms,
        max(epoch_ms(offered_at_utc) + 1000 * wait_seconds) as left_ms,
    from raw.servicedesk_calls
    group by desk, call_id
),
-- Visits of calls that came back into a queue after a callback was chosen.
called_back as (
    select
        visit.desk,
        visit.call_id,
        epoch_ms(visit.offered_at_utc) as offered_ms,
        max(epoch_ms(visit.offered_at_utc) + 1000 * visit.wait_seconds) over earlier as left_ms,
        last_value(visit.outcome) over earlier as outcome_before,
        coalesce(call.answered_ms, call.left_ms) as until_ms,
    from raw.servicedesk_calls as visit
    join visited as call on call.has_callback and call.desk = visit.desk and call.call_id = visit.call_id
    window earlier as (
        partition by visit.desk, visit.call_id
        order by visit.offered_at_utc, visit.wait_seconds, visit.visit
        rows between unbounded preceding and 1 preceding
    )
),
away as (
    select desk, call_id, sum(offered_ms - left_ms) as away_ms
    from called_back
    where outcome_before = 'callback' and offered_ms > left_ms and offered_ms <= until_ms
    group by all
),
-- A desk that has hours at all is closed on every day that has none.
desk_with_hours as (
    select desk, min(valid_from) as valid_from, max(valid_to) as valid_to from reference.opening_hours group by desk
)
select
    call.desk,
    call.call_id,
    call.offered_at,
    cast(date_trunc('month', call.offered_at) as date) as month,
    case
        when call.is_answered then 'answered'
        when call.last_outcome = 'abandoned' then 'abandoned'
        else 'flowed_out'
    end as outcome,
    cast((coalesce(call.answered_ms, call.left_ms) - call.offered_ms - coalesce(away.away_ms, 0)) // 1000 as bigint) as wait_seconds,
    call.visits,
    case
        when desk_with_hours.desk is not null
        then not coalesce(
            calendar.is_hverdag
            and 60 * hour(call.offered_at) + minute(call.offered_at) >= hours.opens_minute
            and 60 * hour(call.offered_at) + minute(call.offered_at) < hours.closes_minute,
            false
        )
    end as is_outside_hours,
from visited as call
left join away on away.desk = call.desk and away.call_id = call.call_id
left join desk_with_hours
    on desk_with_hours.desk = call.desk
    and cast(call.offered_at as date) between desk_with_hours.valid_from and desk_with_hours.valid_to
left join reference.calendar as calendar on calendar.calendar_date = cast(call.offered_at as date)
left join reference.opening_hours as hours
    on hours.desk = call.desk
    and hours.weekday = calendar.weekday
    and calendar.calendar_date between hours.valid_from and hours.valid_to
