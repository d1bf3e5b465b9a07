-- Share of the psychiatric pathways that ended within the limit, by the headline (gross days) and both ways, beside the completeness.
-- Hidden beside it: from when the right holds, and how long a pathway that has a limit can have been at most by the end of a month.
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
    right_from as _right_from,
    cast(last_day(month) - right_from as bigint) as _longest_days,
from marts.udredning_monthly
cross join (select min(valid_from) as right_from from reference.limit where sector = 'PSY' and right_name = 'UDREDNING')
where sector = 'PSY' and month <= $month and coalesce(pathways, 1) > 0
qualify month <= max(month) filter (not is_provisional) over ()
order by month
