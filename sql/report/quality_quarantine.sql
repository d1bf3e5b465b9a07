-- Why records of deliveries in force or held were refused; how many is told where it is told of each delivery.
select
    receipt.extract,
    summary.reason,
    case when count(summary.records) = count(*) then cast(sum(summary.records) as bigint) end as records,
from meta.quarantine_summary as summary
join meta.receipt as receipt using (parse_id)
where receipt.status in ('current', 'held')
group by all
order by receipt.extract, records desc nulls last, summary.reason
