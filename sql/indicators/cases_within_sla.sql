-- The printed share looks at resolved cases alone; the target is judged where late and open cases count too.
select month, desk as subject, within_sla_share as value, within_sla as numerator, within_sla_base as denominator, qf
from marts.servicedesk_cases_monthly
where is_total and within_sla_share is not null
