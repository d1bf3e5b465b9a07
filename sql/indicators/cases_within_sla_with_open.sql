-- The second line: a late case counts whether it is resolved or left open. No source states a target for it.
select month, desk as subject, within_sla_with_open_share as value, within_sla as numerator, within_sla_base + overdue_open as denominator, qf
from marts.servicedesk_cases_monthly
where within_sla_with_open_share is not null
