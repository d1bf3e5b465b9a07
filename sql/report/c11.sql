-- CIMT's newest final month by who handles the cases: what came in, what was closed and what is left, against a month before.
with unit as (
    select
        *,
        backlog - lag(backlog) over (partition by handling_unit, is_vendor order by month) as more,
        max(month) filter (not is_provisional) over () as newest,
    from marts.servicedesk_cases_by_unit
    where desk = 'CIMT' and month <= $month
)
select
    handling_unit,
    is_vendor,
    incoming,
    closed,
    backlog,
    more as backlog_change,
    overdue_open,
    within_sla_base,
    within_sla_share,
    target,
    qf,
    qf_columns,
    round(incoming / nullif(sum(incoming) over (), 0), 9) as _incoming_share,
    month as _from,
    month as _to,
from unit
where month = newest and incoming + resolved + closed + backlog > 0
order by handling_unit = 'UKENDT', is_vendor, incoming desc, handling_unit
