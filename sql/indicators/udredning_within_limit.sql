select
    month,
    sector as subject,
    within_limit_share as value,
    case sector when 'SOM' then within_limit_net else within_limit_gross end as numerator,
    pathways as denominator,
    completeness_volume_share as completeness_share,
    qf,
from marts.udredning_monthly
where coalesce(pathways, 1) > 0
