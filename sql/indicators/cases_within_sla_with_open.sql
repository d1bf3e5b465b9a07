-- A late case counts whether it is resolved or left open: the target is judged here, not on the share of resolved cases alone.
select
    month,
    desk as subject,
    within_sla_with_open_share as value,
    within_sla as numerator,
    within_sla_base + overdue_open as denominator,
    target,
    case when target is not null then '>=' end as comparison,
    qf,
from marts.servicedesk_cases_monthly
where is_total and within_sla_with_open_share is not null
