-- Why records of deliveries in force or held were refused, in the report's words. What a rule of the extract itself found is called by
-- one name; causes whose number is withheld stand in one row.
with refused as (
    select
        receipt.extract,
        coalesce(label.label, other.label) as cause,
        case when count(summary.records) = count(*) then cast(sum(summary.records) as bigint) end as records,
    from meta.quarantine_summary as summary
    join meta.receipt as receipt using (parse_id)
    left join reference.code_label as label on label.column_name = 'fault' and label.code = split_part(summary.reason, ':', 2)
    left join reference.code_label as other on other.column_name = 'fault' and other.code = 'OTHER'
    where receipt.status in ('current', 'held')
    group by receipt.extract, cause, split_part(summary.reason, ':', 1)
),
summed as (
    select extract, cause, case when count(records) = count(*) then cast(sum(records) as bigint) end as records
    from refused
    group by all
)
select extract, string_agg(cause, ', ' order by cause) as causes, records
from summed
group by extract, records, case when records is not null then cause end
order by extract, records desc nulls last, causes
