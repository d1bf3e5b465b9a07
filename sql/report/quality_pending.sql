-- Published figures that would be others by what is known now, newest period first.
select
    table_name,
    period,
    replace(replace(rows_waiting, ' to ', '–'), ' or more', ' eller flere') as rows_waiting,
    replace(replace(figures_waiting, ' to ', '–'), ' or more', ' eller flere') as figures_waiting,
    published_at,
from meta.pending_revision
where period <= last_day($month)
order by period desc, table_name
