-- Every indicator of the report in one form, a row per indicator, subject and month; each domain adds its rows here.
-- Shares keep their numerator and denominator where they have any: a mean of shares has none.
select
    month,
    'response_time_compliance' as indicator,
    system_id as subject,
    coalesce(compliance_share, published_share) as value,
    cast(null as bigint) as numerator,
    cast(null as bigint) as denominator,
    sla_target as target,
    '>=' as comparison,
    round(cells_present / nullif(cells_expected, 0), 9) as completeness_share,
    qf,
from marts.response_time_monthly
union all
select
    month,
    'response_time_mean',
    'ALL',
    round(avg(cast(coalesce(compliance_share, published_share) as decimal(18, 9))), 9),
    null,
    null,
    null,
    null,
    round(sum(cells_present) / nullif(sum(cells_expected), 0), 9),
    case when bool_or(qf like '%p%') then 'p' else '' end,
from marts.response_time_monthly
group by month
union all
select
    month,
    'response_time_systems_met',
    'ALL',
    round(count(*) filter (target_met) / count(*), 9),
    count(*) filter (target_met),
    count(*),
    null,
    null,
    round(sum(cells_present) / nullif(sum(cells_expected), 0), 9),
    case when bool_or(qf like '%p%') then 'p' else '' end,
from marts.response_time_monthly
group by month
union all
select
    month,
    'projects_on_plan',
    'ALL',
    round(count(*) filter (plan_status = 'ON_PLAN') / count(*), 9),
    count(*) filter (plan_status = 'ON_PLAN'),
    count(*),
    null,
    null,
    round(count(*) filter (plan_status <> 'UNMAPPED') / count(*), 9),
    case when bool_or(plan_status = 'UNMAPPED') then 'u' else '' end,
from marts.project_status
group by month
order by indicator, subject, month
