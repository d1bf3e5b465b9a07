-- Of the projects that are not over.
select
    month,
    'ALL' as subject,
    round(count(*) filter (plan_status = 'ON_PLAN') / count(*), 9) as value,
    count(*) filter (plan_status = 'ON_PLAN') as numerator,
    count(*) as denominator,
    round(count(*) filter (plan_status <> 'UNMAPPED') / count(*), 9) as completeness_share,
    case when bool_or(plan_status = 'UNMAPPED') then 'u' else '' end as qf,
from marts.project_status
where plan_status <> 'COMPLETED'
group by month
