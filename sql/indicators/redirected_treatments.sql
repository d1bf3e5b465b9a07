select month, 'ALL' as subject, treatments as value, qf
from marts.redirection_monthly
