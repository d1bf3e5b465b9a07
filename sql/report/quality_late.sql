-- Extracts that broke a promise of time by the release's as_of: not delivered when due, or delivered with old records.
select extract, case when is_late then 'LATE' else 'STALE' end as lateness, due_at, arrived_at, newest_date
from meta.freshness
where is_late or is_stale
order by extract
