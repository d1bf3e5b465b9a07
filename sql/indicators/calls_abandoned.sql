select month, desk as subject, abandoned_share as value, abandoned as numerator, offered as denominator, qf
from marts.servicedesk_calls_monthly
