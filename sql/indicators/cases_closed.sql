select month, desk as subject, closed as value, qf
from marts.servicedesk_cases_monthly
