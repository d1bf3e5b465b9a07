-- Calls, waits and service levels per desk and month. A desk with opening hours is judged on the calls inside them; a caller
-- who gives up sooner than the short-abandon limit was never offered. Months without calls are absent, never 100 %.
-- The four service levels differ in what an abandoned call does; a call that flowed out counts in `negative` and `positive`.
with limited as (
    select
        *,
        in_force('short_abandon_limit', desk, month) as short_seconds,
        in_force('answer_time_limit', desk, month) as limit_seconds,
    from core.servicedesk_call
    where month in (select month from coverage.servicedesk_calls)
),
call as (
    select
        month,
        desk,
        outcome,
        wait_seconds,
        is_outside_hours,
        coalesce(outcome = 'abandoned' and wait_seconds < short_seconds, false) as is_short_abandoned,
        not coalesce(is_outside_hours, false) and not is_short_abandoned as is_offered,
        wait_seconds <= limit_seconds as is_in_time,
    from limited
),
measured as (
    select
        month,
        desk,
        count(*) filter (is_offered) as offered,
        count(*) filter (is_offered and outcome = 'answered') as answered,
        count(*) filter (is_offered and outcome = 'abandoned') as abandoned,
        count(*) filter (is_offered and outcome = 'flowed_out') as flowed_out,
        count(*) filter (is_short_abandoned and not coalesce(is_outside_hours, false)) as short_abandoned,
        count(is_in_time) > 0 as has_limit,
        count(*) filter (is_offered and outcome = 'answered' and is_in_time) as answered_in_time,
        count(*) filter (is_offered and outcome = 'abandoned' and is_in_time) as abandoned_in_time,
        sum(wait_seconds) filter (is_offered and outcome = 'answered') as wait_answered_seconds,
        sum(wait_seconds) filter (is_offered) as wait_all_seconds,
        quantile_disc(wait_seconds, [0.5, 0.9]) filter (is_offered and outcome = 'answered') as wait_answered_quantiles,
        case when count(is_outside_hours) > 0 then count(*) filter (is_outside_hours) end as calls_outside_hours,
    from call
    group by month, desk
),
-- Totals of exchanges that export nothing finer stand only where there are no calls; in time is known if they used our limit.
reported as (
    select
        total.month,
        total.desk,
        total.offered,
        total.answered,
        total.abandoned,
        total.offered - total.answered - total.abandoned as flowed_out,
        case when total.limit_seconds = in_force('answer_time_limit', total.desk, total.month) then total.answered_in_time end
            as answered_in_time,
        total.wait_answered_seconds,
    from raw.servicedesk_call_totals as total
    where not exists (select 1 from measured where measured.month = total.month and measured.desk = total.desk)
),
known as (
    select
        month,
        desk,
        offered,
        answered,
        abandoned,
        flowed_out,
        short_abandoned,
        case when has_limit then answered_in_time end as answered_in_time,
        case when has_limit then abandoned_in_time end as abandoned_in_time,
        wait_answered_seconds,
        wait_all_seconds,
        wait_answered_quantiles,
        calls_outside_hours,
        false as is_reported,
    from measured
    union all
    select
        month,
        desk,
        offered,
        answered,
        abandoned,
        flowed_out,
        null,
        answered_in_time,
        null,
        wait_answered_seconds,
        null,
        null,
        null,
        true,
    from reported
),
-- Days a desk is open, as far as the month is delivered.
open_day as (
    select hours.desk, covered.month, count(*) as open_days,
    from coverage.servicedesk_calls as covered
    join reference.calendar as calendar
        on calendar.calendar_date >= covered.month
        and calendar.calendar_date < least(covered.month + interval 1 month, covered.known_until)
    join reference.opening_hours as hours
        on hours.weekday = calendar.weekday and calendar.calendar_date between hours.valid_from and hours.valid_to
    where calendar.is_hverdag
    group by all
),
-- Days on which the desk was called at all: of a month with calls on less than half of its open days most is missing.
called_day as (
    select desk, month, count(distinct cast(offered_at as date)) as called_days from core.servicedesk_call group by all
),
leveled as (
    select
        known.*,
        round(known.answered_in_time / nullif(known.answered, 0), 9) as service_level_handled_share,
        round(known.answered_in_time / nullif(known.answered + known.abandoned - known.abandoned_in_time, 0), 9)
            as service_level_ignore_share,
        round(known.answered_in_time / nullif(known.offered, 0), 9) as service_level_negative_share,
        round((known.answered_in_time + known.abandoned_in_time) / nullif(known.offered, 0), 9) as service_level_positive_share,
        headline.variant as headline_variant,
        case headline.variant
            when 'handled' then service_level_handled_share
            when 'ignore' then service_level_ignore_share
            when 'negative' then service_level_negative_share
            when 'positive' then service_level_positive_share
        end as service_level_share,
    from known
    left join reference.service_level as headline
        on headline.desk = known.desk and known.month between headline.valid_from and headline.valid_to
),
judged as (
    select
        leveled.*,
        in_force('answered_in_time', leveled.desk, leveled.month) as target,
        open_day.open_days,
        not coalesce(case when leveled.is_reported then total.is_final else covered.is_final end, false) as is_provisional,
        called_day.called_days < in_force('presence_uncertain', 'ALL', leveled.month) * open_day.open_days as lacks_days,
    from leveled
    left join coverage.servicedesk_calls as covered on covered.month = leveled.month
    left join coverage.servicedesk_call_totals as total on total.month = leveled.month
    left join open_day on open_day.desk = leveled.desk and open_day.month = leveled.month
    left join called_day on called_day.desk = leveled.desk and called_day.month = leveled.month
)
select
    month,
    desk,
    offered,
    answered,
    abandoned,
    flowed_out,
    short_abandoned,
    round(answered / nullif(offered, 0), 9) as answered_share,
    round(abandoned / nullif(offered, 0), 9) as abandoned_share,
    round(wait_answered_seconds / nullif(answered, 0), 9) as mean_wait_answered_seconds,
    round(wait_all_seconds / nullif(offered, 0), 9) as mean_wait_all_seconds,
    wait_answered_quantiles[1] as p50_wait_answered_seconds,
    wait_answered_quantiles[2] as p90_wait_answered_seconds,
    answered_in_time,
    abandoned_in_time,
    service_level_handled_share,
    service_level_ignore_share,
    service_level_negative_share,
    service_level_positive_share,
    headline_variant,
    service_level_share,
    target,
    service_level_share >= target as target_met,
    calls_outside_hours,
    case when not is_reported then round(offered / nullif(open_days, 0), 9) end as calls_per_open_day,
    is_provisional,
    concat(
        case when is_reported then 'e' else '' end,
        case when is_provisional then 'p' else '' end,
        case when lacks_days then 'u' else '' end,
        case when calls_outside_hours is null or answered_in_time is null then 'z' else '' end
    ) as qf,
from judged
order by all
