select
    month,
    sector as subject,
    open_over_limit as value,
    qf,
from marts.udredning_open_monthly
where coalesce(open_pathways, 1) > 0
