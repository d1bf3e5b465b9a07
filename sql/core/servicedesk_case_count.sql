-- Cases per desk and month: by criticality, by who handles them, and all together (is_total). What comes in is counted in the month a
-- case was opened, what goes out in the month it was last resolved or was closed; one that was cancelled goes out unsolved. Within the
-- SLA and its target (seed L427-430) are judged on the cases resolved in the month that a limit applies to. Beside it stands a
-- second line that leaving cases open does not gain: a case past its limit is in overdue_open month after month. A case is its
-- supplier's where one handles it (seed L1482), else of the unit that its last version names.
with series as (
    select min(month) as first_month, max(known_until) as until_at from coverage.servicedesk_cases
),
case_ as (
    select
        case_.*,
        coalesce(criticality, 'UKENDT') as level,
        coalesce(vendor, handling_unit, 'UKENDT') as handler,
        vendor is not null as is_vendor,
        cast(date_trunc('month', opened_at) as date) as opened_month,
        cast(date_trunc('month', resolved_at) as date) as resolved_month,
        cast(date_trunc('month', closed_at) as date) as closed_month,
        cast(date_trunc('month', due_at) as date) as due_month,
        coalesce(resolved_month, case when is_cancelled then closed_month end) as gone_month,
        is_inquiry and channel = 'phone' as is_phone,
        not is_first_call_resolved and due_at is not null as is_judged,
        series.first_month,
        series.until_at,
    from core.servicedesk_case as case_
    cross join series
),
-- Each case enters a month's counts where something happened to it; the stocks are what entered less what left until then. What
-- happened before the series begins is in the stock that it opens with, and in no month of its own. What never did has no month.
event as (
    select
        desk,
        level,
        handler,
        is_vendor,
        opened_month as month,
        count(*) as incoming,
        count(*) filter (is_inquiry) as inquiries,
        count(*) filter (is_phone) as phone_inquiries,
        count(*) filter (is_first_call_resolved) as first_call_resolved,
        count(*) filter (criticality is null and not is_first_call_resolved) as unknown_criticality,
        0 as resolved,
        0 as within_sla_base,
        0 as within_sla,
        0 as closed,
        0 as cancelled,
        count(*) as entered,
        0 as gone,
        0 as became_overdue,
    from case_
    group by all
    union all
    select
        desk, level, handler, is_vendor, resolved_month,
        0, 0, 0, 0, 0, count(*), count(*) filter (is_judged), count(*) filter (is_within_sla), 0, 0, 0, count(*), 0
    from case_
    group by all
    union all
    select
        desk, level, handler, is_vendor, closed_month,
        0, 0, 0, 0, 0, 0, 0, 0, count(*), count(*) filter (is_cancelled), 0, count(*) filter (is_cancelled), 0
    from case_
    group by all
    union all
    -- Overdue at the end of a month: the deadline lies in it or before, and in what the extract covers.
    select desk, level, handler, is_vendor, due_month, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*)
    from case_
    where is_judged and due_at < until_at and (gone_month is null or gone_month > due_month)
    group by all
    union all
    select desk, level, handler, is_vendor, gone_month, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -count(*)
    from case_
    where is_judged and gone_month > due_month
    group by all
),
-- A desk has the months of the series from its first case on.
month as (
    select desk.desk, covered.month, covered.is_final
    from (select desk, max(first_month) as first_month, min(opened_month) as begins from case_ group by desk) as desk
    join coverage.servicedesk_cases as covered on covered.month >= greatest(desk.begins, desk.first_month)
),
-- Every month of a desk has a row for each criticality and each handler it ever had: a stock is shown when nothing happened too.
counted as (
    select
        month.desk,
        month.month,
        any_value(month.is_final) as is_final,
        case when grouping(part.level) = 1 then 'ALL' else part.level end as criticality,
        case when grouping(part.handler) = 1 then 'ALL' else part.handler end as handling_unit,
        grouping(part.handler) = 0 and part.is_vendor as is_vendor,
        grouping(part.level) = 1 and grouping(part.handler) = 1 as is_total,
        coalesce(sum(event.incoming), 0) as incoming,
        coalesce(sum(event.inquiries), 0) as inquiries,
        coalesce(sum(event.phone_inquiries), 0) as phone_inquiries,
        coalesce(sum(event.first_call_resolved), 0) as first_call_resolved,
        coalesce(sum(event.unknown_criticality), 0) as unknown_criticality,
        coalesce(sum(event.resolved), 0) as resolved,
        coalesce(sum(event.within_sla_base), 0) as within_sla_base,
        coalesce(sum(event.within_sla), 0) as within_sla,
        coalesce(sum(event.closed), 0) as closed,
        coalesce(sum(event.cancelled), 0) as cancelled,
    from month
    join (select distinct desk, level, handler, is_vendor from case_) as part on part.desk = month.desk
    left join event
        on event.desk = month.desk
        and event.month = month.month
        and event.level = part.level
        and event.handler = part.handler
        and event.is_vendor = part.is_vendor
    group by grouping sets (
        (month.desk, month.month, part.level), (month.desk, month.month, part.handler, part.is_vendor), (month.desk, month.month)
    )
),
stock as (
    select
        month.desk,
        month.month,
        case when grouping(event.level) = 1 then 'ALL' else event.level end as criticality,
        case when grouping(event.handler) = 1 then 'ALL' else event.handler end as handling_unit,
        grouping(event.handler) = 0 and event.is_vendor as is_vendor,
        sum(event.entered - event.gone) as backlog,
        sum(event.became_overdue) as overdue_open,
    from month
    join event on event.desk = month.desk and event.month <= month.month
    group by grouping sets (
        (month.desk, month.month, event.level), (month.desk, month.month, event.handler, event.is_vendor), (month.desk, month.month)
    )
),
stocked as (
    select counted.*, coalesce(stock.backlog, 0) as backlog, coalesce(stock.overdue_open, 0) as overdue_open,
    from counted
    left join stock using (desk, month, criticality, handling_unit, is_vendor)
),
judged as (
    select
        *,
        round(within_sla / nullif(within_sla_base, 0), 9) as within_sla_share,
        case when within_sla_base > 0 then round(within_sla / (within_sla_base + overdue_open), 9) end as within_sla_with_open_share,
        round(first_call_resolved / nullif(phone_inquiries, 0), 9) as first_call_resolved_of_phone_share,
        round(first_call_resolved / nullif(inquiries, 0), 9) as first_call_resolved_of_all_share,
        case
            when criticality = 'ALL' or in_force('case_solve_time', criticality, month) is not null
                then in_force('cases_within_sla', desk, month)
        end as target,
        in_force('first_call_resolution', desk, month) as first_call_resolved_target,
        not is_final as is_provisional,
    from stocked
)
select
    month,
    desk,
    criticality,
    handling_unit,
    is_vendor,
    is_total,
    cast(inquiries as bigint) as inquiries,
    cast(phone_inquiries as bigint) as phone_inquiries,
    cast(incoming as bigint) as incoming,
    cast(resolved as bigint) as resolved,
    cast(closed as bigint) as closed,
    cast(cancelled as bigint) as cancelled,
    round(closed / nullif(incoming, 0), 9) as flow_ratio,
    cast(backlog as bigint) as backlog,
    round(phone_inquiries / nullif(inquiries, 0), 9) as phone_share,
    cast(first_call_resolved as bigint) as first_call_resolved,
    first_call_resolved_of_phone_share,
    first_call_resolved_of_all_share,
    first_call_resolved_target,
    first_call_resolved_of_phone_share >= first_call_resolved_target
        and first_call_resolved_of_all_share >= first_call_resolved_target as first_call_resolved_target_met,
    cast(within_sla_base as bigint) as within_sla_base,
    cast(within_sla as bigint) as within_sla,
    within_sla_share,
    target,
    within_sla_share >= target as target_met,
    cast(overdue_open as bigint) as overdue_open,
    within_sla_with_open_share,
    cast(unknown_criticality as bigint) as unknown_criticality,
    is_provisional,
    concat(case when is_provisional then 'p' else '' end, case when target is null then 'z' else '' end) as qf,
from judged
order by all
