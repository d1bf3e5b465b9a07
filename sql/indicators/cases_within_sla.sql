-- The paper's measure and its target (seed L427-430): of the cases resolved that the first call did not solve.
select
    month,
    desk as subject,
    within_sla_share as value,
    within_sla as numerator,
    within_sla_base as denominator,
    target,
    case when target is not null then '>=' end as comparison,
    qf,
from marts.servicedesk_cases_monthly
where within_sla_share is not null
