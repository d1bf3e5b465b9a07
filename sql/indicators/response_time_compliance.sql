-- A month is given as measured, and as published where nothing was measured.
select
    month,
    system_id as subject,
    coalesce(compliance_share, published_share) as value,
    sla_target as target,
    '>=' as comparison,
    round(cells_present / nullif(cells_expected, 0), 9) as completeness_share,
    qf,
from marts.response_time_monthly
