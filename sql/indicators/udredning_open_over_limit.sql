-- What is withheld of a row's other numbers says nothing about the one that stands.
select
    month,
    sector as subject,
    open_over_limit as value,
    case when open_over_limit is null then qf else replace(qf, 'c', '') end as qf,
from marts.udredning_open_monthly
where coalesce(open_pathways, 1) > 0
