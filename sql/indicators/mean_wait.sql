select month, desk as subject, mean_wait_answered_seconds as value, qf
from marts.servicedesk_calls_monthly
where mean_wait_answered_seconds is not null
