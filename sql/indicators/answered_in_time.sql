select
    month,
    desk as subject,
    service_level_share as value,
    target,
    case when target is not null then '>=' end as comparison,
    qf,
from marts.servicedesk_calls_monthly
where service_level_share is not null
