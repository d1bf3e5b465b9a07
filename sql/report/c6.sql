-- Klinisk Servicedesk: calls and abandoned calls; per open day beside them, since months differ in days the desk is open.
select month, offered, calls_per_open_day, abandoned, abandoned_share, calls_outside_hours, mean_wait_answered_seconds, is_provisional, qf, qf_columns
from marts.servicedesk_calls_monthly
where desk = 'KLINISK' and month <= $month
qualify month <= max(month) filter (not is_provisional) over ()
order by month
