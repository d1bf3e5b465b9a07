-- Psychiatric pathways that ended, those within the limit (gross days), and those still waiting at the end of the month.
-- Months in which no pathway had a limit have nothing to show.
select
    ended.month,
    ended.pathways,
    ended.within_limit_gross,
    ended.pathways - ended.within_limit_gross as over_limit,
    ended.over_with_reason,
    ended.over_without_reason,
    ended.without_limit,
    waiting.open_pathways,
    waiting.open_over_limit,
    ended.is_provisional,
    ended.qf,
    concat_ws('; ', nullif(ended.qf_columns, ''), nullif(waiting.qf_columns, '')) as qf_columns,
from marts.udredning_monthly as ended
left join marts.udredning_open_monthly as waiting
    on waiting.month = ended.month and waiting.sector = ended.sector
where ended.sector = 'PSY' and ended.month <= $month and coalesce(ended.pathways, 1) > 0
order by ended.month
