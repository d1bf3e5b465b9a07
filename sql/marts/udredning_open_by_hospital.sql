-- Pathways still waiting at the end of each final month per sector and hospital: parts of udredning_open_monthly.
select
    month,
    sector,
    hospital_code,
    hospital_name,
    hospital_now_code,
    hospital_now_name,
    open_pathways,
    open_over_limit,
    without_limit,
    implausible,
    qf,
    open_in_time as _open_in_time,
    persons as _persons,
    persons_over_limit as _persons_over_limit,
    persons_in_time as _persons_in_time,
    persons_without_limit as _persons_without_limit,
    persons_implausible as _persons_implausible,
from core.pathway_open_count
where not is_total
order by month, sector, hospital_code
