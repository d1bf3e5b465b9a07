-- Calls as a desk meets them: the visits of a call to the queues of one desk are one call, however often it was passed round.
-- Answered if any visit was; else abandoned if the last visit was; else it flowed out, to another desk or to a callback.
-- The wait runs from the first visit to the answer, or to the last end: visits overlap, so their waits cannot be added. It is
-- reckoned in UTC and thus right when clocks change. In no order: two million calls are not sorted for nobody.
with visited as (
    select
        desk,
        call_id,
        count(*) as visits,
        min(offered_at) as offered_at,
        bool_or(outcome = 'answered') as is_answered,
        arg_max(outcome, visit) as last_outcome,
        min(epoch_ms(offered_at_utc)) as offered_ms,
        min(epoch_ms(offered_at_utc) + 1000 * wait_seconds) filter (outcome = 'answered') as answered_ms,
        max(epoch_ms(offered_at_utc) + 1000 * wait_seconds) as left_ms,
    from raw.servicedesk_calls
    group by desk, call_id
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
    (coalesce(call.answered_ms, call.left_ms) - call.offered_ms) // 1000 as wait_seconds,
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
left join desk_with_hours
    on desk_with_hours.desk = call.desk
    and cast(call.offered_at as date) between desk_with_hours.valid_from and desk_with_hours.valid_to
left join reference.calendar as calendar on calendar.calendar_date = cast(call.offered_at as date)
left join reference.opening_hours as hours
    on hours.desk = call.desk
    and hours.weekday = calendar.weekday
    and calendar.calendar_date between hours.valid_from and hours.valid_to
