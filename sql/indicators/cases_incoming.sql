select month, desk as subject, incoming as value, qf
from marts.servicedesk_cases_monthly
