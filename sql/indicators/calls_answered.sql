select month, desk as subject, answered_share as value, answered as numerator, offered as denominator, qf
from marts.servicedesk_calls_monthly
