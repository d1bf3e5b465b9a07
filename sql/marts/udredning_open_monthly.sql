-- Pathways still waiting at the end of each month per sector, and those of them past their limit. Months are not to be added up.
select
    month,
    sector,
    open_pathways,
    open_over_limit,
    without_limit,
    implausible,
    is_provisional,
    qf,
    open_in_time as _open_in_time,
    persons as _persons,
    persons_over_limit as _persons_over_limit,
    persons_in_time as _persons_in_time,
    persons_without_limit as _persons_without_limit,
    persons_implausible as _persons_implausible,
from core.pathway_open_count
where is_total
order by month, sector
