-- CIMT: cases in and out, and how many of those not solved in the first call were solved within their limit.
select
    month,
    incoming,
    resolved,
    closed,
    flow_ratio,
    backlog,
    within_sla_share,
    target,
    within_sla_base,
    overdue_open,
    within_sla_with_open_share,
    is_provisional,
    qf,
    qf_columns,
from marts.servicedesk_cases_monthly
where desk = 'CIMT' and month <= $month
qualify month <= max(month) filter (not is_provisional) over ()
order by month
