-- What the paper's figures stand on in each year: how many citizens of how many, whether the year is final, and by which rates it was paid.
select
    region.year,
    region.residents,
    region.citizens,
    completeness.months_delivered,
    completeness.months_lacking,
    completeness.verified_rate_share,
    region.is_provisional,
    region.qf,
    region.qf_columns,
from marts.kmf_region as region
left join marts.kmf_completeness as completeness using (year)
where region.year <= $year
order by region.year
