select month, desk as subject, inquiries as value, qf
from marts.servicedesk_cases_monthly
