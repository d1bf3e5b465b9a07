-- Psychiatry, substance abuse and chronic disease in the four newest years: how many citizens, what share of all, how much each.
select
    citizen_group,
    year,
    citizens,
    amount_oere,
    amount_share,
    amount_per_citizen_kr,
    is_provisional,
    qf,
    qf_columns,
from marts.kmf_group_region
where citizen_group in ('PSYCHIATRY_STATIONARY', 'PSYCHIATRY_AMBULATORY', 'SUBSTANCE_ABUSE', 'CHRONIC', 'MULTIMORBID')
    and year <= $year and year > cast($year - interval 4 year as date)
order by
    list_position(['PSYCHIATRY_STATIONARY', 'PSYCHIATRY_AMBULATORY', 'SUBSTANCE_ABUSE', 'CHRONIC', 'MULTIMORBID'], citizen_group), year
