-- A mean of shares has no numerator and no denominator.
select
    month,
    'ALL' as subject,
    round(avg(cast(coalesce(compliance_share, published_share) as decimal(18, 9))), 9) as value,
    round(sum(cells_present) / nullif(sum(cells_expected), 0), 9) as completeness_share,
    case when bool_or(qf like '%p%') then 'p' else '' end as qf,
from marts.response_time_monthly
group by month
