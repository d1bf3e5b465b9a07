select
    month,
    desk as subject,
    first_call_resolved_of_phone_share as value,
    first_call_resolved as numerator,
    phone_inquiries as denominator,
    first_call_resolved_target as target,
    case when first_call_resolved_target is not null then '>=' end as comparison,
    qf,
from marts.servicedesk_cases_monthly
where first_call_resolved_of_phone_share is not null
