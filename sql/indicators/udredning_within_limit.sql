-- What is withheld of a row's other numbers says nothing about the one that stands.
select
    month,
    sector as subject,
    within_limit_share as value,
    case sector when 'SOM' then within_limit_net else within_limit_gross end as numerator,
    pathways as denominator,
    completeness_volume_share as completeness_share,
    case when within_limit_share is null then qf else replace(qf, 'c', '') end as qf,
from marts.udredning_monthly
where coalesce(pathways, 1) > 0
