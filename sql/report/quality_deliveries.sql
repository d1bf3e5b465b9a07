-- Deliveries of each extract by what became of them.
select
    extract,
    count(*) as receipts,
    count(*) filter (status = 'current') as in_force,
    count(*) filter (status in ('superseded', 'duplicate')) as replaced,
    count(*) filter (status = 'held') as held,
    count(*) filter (status = 'withdrawn') as withdrawn,
    count(*) filter (status = 'refused') as refused,
    max(received_at) as newest_at,
from meta.receipt
group by extract
order by extract
