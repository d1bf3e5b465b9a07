-- Cases that came in per desk and month, by the system they are about and why they were raised: how many of a system's cases one cause
-- makes (seed L1081-1089: 35 % of those about mail and calendar). Parts of servicedesk_cases_monthly. A system that is none of
-- reference.system is ANDET.
with counted as (
    select
        covered.month,
        case_.desk,
        coalesce(case_.system_id, 'UKENDT') as system_id,
        coalesce(case_.category, 'UKENDT') as category,
        count(*) as incoming,
        any_value(not covered.is_final) as is_provisional,
    from core.servicedesk_case as case_
    join coverage.servicedesk_cases as covered on covered.month = date_trunc('month', case_.opened_at)
    group by all
)
select
    month,
    desk,
    system_id,
    coalesce(system_.system_name, case system_id when 'ANDET' then 'Andre systemer' else 'Ikke oplyst' end) as system_name,
    category,
    incoming,
    round(incoming / sum(incoming) over (partition by month, desk, system_id), 9) as share_of_system,
    is_provisional,
    case when is_provisional then 'p' else '' end as qf,
from counted
left join reference.system as system_ using (system_id)
order by month, desk, system_id, category
