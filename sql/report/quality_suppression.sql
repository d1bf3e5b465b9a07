-- How much of each number about persons is withheld, in the months and quarters up to the report's in which something is.
select
    table_name,
    measure,
    cast(sum(cells) as bigint) as cells,
    cast(sum(of_cells) as bigint) as of_cells,
    case when count(amount) = count(*) then round(sum(amount) / sum(of_amount), 9) end as amount_share,
from meta.suppression
where period <= $month
group by table_name, measure
order by table_name, measure
