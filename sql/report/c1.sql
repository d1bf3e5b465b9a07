-- CIMT Servicedesk: inquiries by every channel, and what callers met: how long they waited and how many gave up.
select
    month,
    cases.inquiries,
    cases.phone_share,
    calls.offered,
    calls.mean_wait_answered_seconds,
    calls.mean_wait_all_seconds,
    calls.abandoned,
    calls.abandoned_share,
    coalesce(calls.is_provisional, false) or coalesce(cases.is_provisional, false) as is_provisional,
    array_to_string(list_sort(list_distinct(string_split(concat(calls.qf, cases.qf), ''))), '') as qf,
    concat_ws('; ', nullif(calls.qf_columns, ''), nullif(cases.qf_columns, '')) as qf_columns,
from (select * from marts.servicedesk_calls_monthly where desk = 'CIMT') as calls
full join (select * from marts.servicedesk_cases_monthly where desk = 'CIMT') as cases using (month)
where month <= $month
qualify month <= max(month) filter (not (coalesce(calls.is_provisional, false) or coalesce(cases.is_provisional, false))) over ()
order by month
