-- Klinisk Servicedesk: share of the calls that were answered. No target is stated for it.
select month, answered_share, answered, offered, service_level_share, is_provisional, qf, qf_columns
from marts.servicedesk_calls_monthly
where desk = 'KLINISK' and month <= $month
qualify month <= max(month) filter (not is_provisional) over ()
order by month
