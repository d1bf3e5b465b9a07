-- How much of each number about persons is withheld, in the newest month or quarter of each table up to the report's and in all.
with told as (
    select *, period = max(period) over (partition by table_name) as is_newest from meta.suppression where period <= $month
)
select
    table_name,
    measure,
    cast(sum(cells) filter (is_newest) as bigint) as cells_newest,
    cast(sum(cells) as bigint) as cells,
    cast(sum(of_cells) as bigint) as of_cells,
    case when count(amount) = count(*) then round(sum(amount) / sum(of_amount), 9) end as amount_share,
from told
group by table_name, measure
order by table_name, measure
