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
union all
select month, 'redirected_treatments', 'ALL', cast(treatments as double), null, null, null, null, null, qf
from marts.redirection_monthly
where is_total
-- What is withheld of a row's other numbers says nothing about the one that stands.
union all
select
    month,
    'udredning_within_limit',
    sector,
    within_limit_share,
    case sector when 'SOM' then within_limit_net else within_limit_gross end,
    pathways,
    null,
    null,
    completeness_volume_share,
    case when within_limit_share is null then qf else replace(qf, 'c', '') end,
from marts.udredning_monthly
where is_total and coalesce(pathways, 1) > 0
union all
select
    month,
    'udredning_open_over_limit',
    sector,
    cast(open_over_limit as double),
    null,
    null,
    null,
    null,
    null,
    case when open_over_limit is null then qf else replace(qf, 'c', '') end,
from marts.udredning_open_monthly
where is_total and coalesce(open_pathways, 1) > 0
union all
select month, 'calls_offered', desk, cast(offered as double), null, null, null, null, null, qf
from marts.servicedesk_calls_monthly
union all
select month, 'calls_answered', desk, answered_share, answered, offered, null, null, null, qf
from marts.servicedesk_calls_monthly
union all
select month, 'calls_abandoned', desk, abandoned_share, abandoned, offered, null, null, null, qf
from marts.servicedesk_calls_monthly
union all
select month, 'mean_wait', desk, mean_wait_answered_seconds, null, null, null, null, null, qf
from marts.servicedesk_calls_monthly
where mean_wait_answered_seconds is not null
union all
select month, 'answered_in_time', desk, service_level_share, null, null, target, case when target is not null then '>=' end, null, qf
from marts.servicedesk_calls_monthly
where service_level_share is not null
union all
select month, 'servicedesk_inquiries', desk, cast(inquiries as double), null, null, null, null, null, qf
from marts.servicedesk_cases_monthly
where is_total
union all
select month, 'cases_incoming', desk, cast(incoming as double), null, null, null, null, null, qf
from marts.servicedesk_cases_monthly
where is_total
union all
select month, 'cases_closed', desk, cast(closed as double), null, null, null, null, null, qf
from marts.servicedesk_cases_monthly
where is_total
union all
select
    month,
    'first_call_resolution',
    desk,
    first_call_resolved_of_phone_share,
    first_call_resolved,
    phone_inquiries,
    first_call_resolved_target,
    case when first_call_resolved_target is not null then '>=' end,
    null,
    qf,
from marts.servicedesk_cases_monthly
where is_total and first_call_resolved_of_phone_share is not null
union all
select
    month,
    'first_call_resolution_of_all',
    desk,
    first_call_resolved_of_all_share,
    first_call_resolved,
    inquiries,
    first_call_resolved_target,
    case when first_call_resolved_target is not null then '>=' end,
    null,
    qf,
from marts.servicedesk_cases_monthly
where is_total and first_call_resolved_of_all_share is not null
-- The printed share looks at resolved cases alone; the target is judged where late and open cases count too.
union all
select month, 'cases_within_sla', desk, within_sla_share, within_sla, within_sla_base, null, null, null, qf
from marts.servicedesk_cases_monthly
where is_total and within_sla_share is not null
union all
select
    month,
    'cases_within_sla_with_open',
    desk,
    within_sla_with_open_share,
    within_sla,
    within_sla_base + overdue_open,
    target,
    case when target is not null then '>=' end,
    null,
    qf,
from marts.servicedesk_cases_monthly
where is_total and within_sla_with_open_share is not null
order by indicator, subject, month
