-- Share of the somatic pathways that ended within the limit, by the headline (net days) and both ways, beside the completeness.
select
    month,
    within_limit_share,
    within_limit_net_share,
    within_limit_gross_share,
    median_days,
    p90_days,
    completeness_volume_share,
    completeness_band,
    is_provisional,
    qf,
    qf_columns,
from marts.udredning_monthly
where sector = 'SOM' and month <= $month and coalesce(pathways, 1) > 0
qualify month <= max(month) filter (not is_provisional) over ()
order by month
