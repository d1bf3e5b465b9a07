-- Cases per desk, month and the unit or supplier that handles them: parts of servicedesk_cases_monthly. Each unit follows what comes in,
-- what is closed and what is left (seed L438-440); suppliers' cases are among the desk's (seed L1482).
select
    month,
    desk,
    handling_unit,
    is_vendor,
    incoming,
    resolved,
    closed,
    cancelled,
    flow_ratio,
    backlog,
    within_sla_base,
    within_sla,
    within_sla_share,
    target,
    target_met,
    overdue_open,
    is_provisional,
    qf,
from core.servicedesk_case_count
where handling_unit <> 'ALL'
order by month, desk, is_vendor, handling_unit
