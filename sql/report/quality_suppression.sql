-- How much of each number about persons is withheld, in the months and quarters up to the report's in which something is.
select
    suppression.table_name,
    coalesce(words.label, measure) as measure_label,
    cast(sum(cells) as bigint) as cells,
    cast(sum(of_cells) as bigint) as of_cells,
    case when count(amount) = count(*) then round(sum(amount) / sum(of_amount), 9) end as amount_share,
from meta.suppression
left join meta.column_dictionary as words on words.table_name = suppression.table_name and words.column_name = measure
where period <= $month
group by suppression.table_name, measure_label
order by suppression.table_name, measure_label
