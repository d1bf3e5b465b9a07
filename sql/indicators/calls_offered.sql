select month, desk as subject, offered as value, qf
from marts.servicedesk_calls_monthly
