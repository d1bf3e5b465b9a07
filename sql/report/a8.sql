-- Somatic pathways that ended, those within the limit (net days), and those still waiting at the end of the month.
-- What is missing is so by the letters of the table it comes from; both have a column without_limit.
select
    ended.month,
    ended.pathways,
    ended.within_limit_net,
    ended.pathways - ended.within_limit_net as over_limit,
    ended.over_with_reason,
    ended.over_without_reason,
    ended.without_limit,
    waiting.open_pathways,
    waiting.open_over_limit,
    ended.is_provisional,
    array_to_string(list_sort(list_distinct(string_split(concat(ended.qf, waiting.qf), ''))), '') as qf,
    concat_ws(
        '; ',
        nullif(ended.qf_columns, ''),
        nullif(replace(waiting.qf_columns, 'without_limit', 'open_without_limit'), '')
    ) as qf_columns,
from marts.udredning_monthly as ended
left join marts.udredning_open_monthly as waiting
    on waiting.month = ended.month and waiting.sector = ended.sector
where ended.sector = 'SOM' and ended.month <= $month and coalesce(ended.pathways, 1) > 0
qualify ended.month <= max(ended.month) filter (not ended.is_provisional) over ()
order by ended.month
