-- The information there is: each extract, when its newest delivery came, how far it reaches, how many months have records, and the least share
-- of a delivered month of the year that was accepted.
with month_told as (
    select
        extract,
        count(distinct month) filter (receipts > 0 and state <> 'outside') as months_with_records,
        count(distinct month) filter (state = 'not delivered') as months_lacking,
        min(completeness_share) filter (coalesce(month, $year) between $year and cast($year + interval 11 month as date)) as accepted_share,
        bool_or(receipts > 0) filter (coalesce(month, $year) between $year and cast($year + interval 11 month as date)) as has_records,
    from meta.coverage
    group by extract
)
select
    freshness.extract as kmf_source,
    freshness.arrived_at,
    freshness.newest_date,
    datediff('day', freshness.newest_date, cast(freshness.arrived_at as date)) as delay_days,
    nullif(month_told.months_with_records, 0) as months_with_records,
    if(month_told.months_with_records > 0, month_told.months_lacking, null) as months_lacking,
    month_told.accepted_share,
    freshness.is_late,
    freshness.is_stale,
    -- Of few persons no number of records is told.
    if(month_told.accepted_share is null and month_told.has_records, 'c', '') as qf,
    if(month_told.accepted_share is null and month_told.has_records, 'c: accepted_share', '') as qf_columns,
    domain_status.status as _status,
    count(*) over () as _extracts,
    count(*) filter (freshness.is_late or freshness.is_stale) over () as _late,
    cast($year as date) as _year,
from meta.freshness as freshness
join meta.domain_status as domain_status using (domain)
left join month_told using (extract)
where freshness.domain = 'kmf'
order by
    list_position(['kmf_settlements', 'kmf_totals', 'kmf_population', 'kmf_care', 'kmf_chronic'], freshness.extract), freshness.extract
