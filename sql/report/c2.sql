-- CIMT Servicedesk: answered in time and solved in the first call, each against its target; the four ways to count beside the first.
select
    month,
    calls.service_level_share,
    calls.target,
    calls.target_met,
    cases.first_call_resolved_of_phone_share,
    cases.first_call_resolved_of_all_share,
    cases.first_call_resolved_target,
    cases.first_call_resolved_target_met,
    calls.service_level_handled_share,
    calls.service_level_ignore_share,
    calls.service_level_negative_share,
    calls.service_level_positive_share,
    coalesce(calls.is_provisional, false) or coalesce(cases.is_provisional, false) as is_provisional,
    array_to_string(list_sort(list_distinct(string_split(concat(calls.qf, cases.qf), ''))), '') as qf,
    concat_ws('; ', nullif(calls.qf_columns, ''), nullif(cases.qf_columns, '')) as qf_columns,
from (select * from marts.servicedesk_calls_monthly where desk = 'CIMT') as calls
full join (select * from marts.servicedesk_cases_monthly where desk = 'CIMT') as cases using (month)
where month <= $month
qualify month <= max(month) filter (not (coalesce(calls.is_provisional, false) or coalesce(cases.is_provisional, false))) over ()
order by month
