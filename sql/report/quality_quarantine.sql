-- Why records of deliveries in force or held were refused.
select receipt.extract, summary.reason, cast(sum(summary.records) as bigint) as records
from meta.quarantine_summary as summary
join meta.receipt as receipt using (parse_id)
where receipt.status in ('current', 'held')
group by all
order by receipt.extract, records desc, summary.reason
