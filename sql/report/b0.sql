-- What co-financing comes to in the region, beside the year before, in the indicators the other figures explain.
with listed as (
    select * from (values
        (1, 'AMOUNT', 'B1'), (2, 'K1_ALL', 'B1'), (3, 'K2_USERS', 'B3'), (4, 'K4_ALL', 'B3'), (5, 'K5_SHARE', 'B5'), (6, 'K6_SHARE', 'B5'),
        (7, 'K10_STATIONARY', 'B5'), (8, 'K10_AMBULATORY', 'B5'), (9, 'K11_SHARE', 'B5'), (10, 'K12_OVERLAP', 'B6'), (11, 'K8_ALL', 'B6')
    ) as listed(place, kmf_measure, figure)
),
measured as (
    select
        year, concat(indicator, '_', subject) as kmf_measure, value, unit, is_provisional, qf,
    from marts.kmf_indicator
    where municipality_code = 'ALL'
    union all
    select year, 'AMOUNT', cast(amount_oere as double), 'oere', is_provisional, qf
    from marts.kmf_region
)
select
    listed.kmf_measure,
    measured.value,
    before.value as value_year_before,
    round(measured.value - before.value, 9) as value_change,
    round((measured.value - before.value) / before.value, 9) as _value_change_share,
    listed.figure,
    measured.is_provisional or coalesce(before.is_provisional, false) as is_provisional,
    concat(
        if(contains(concat(measured.qf, before.qf), 'c'), 'c', ''),
        if(contains(concat(measured.qf, before.qf), 'e'), 'e', '')
    ) as qf,
    case
        when contains(measured.qf, 'c') and contains(before.qf, 'c') then 'c: value, value_year_before, value_change'
        when contains(measured.qf, 'c') then 'c: value, value_change'
        when contains(before.qf, 'c') then 'c: value_year_before, value_change'
        else ''
    end as qf_columns,
    measured.unit as _unit,
    coalesce(before.year, measured.year) as _year,
    measured.year as _last_year,
from listed
join measured on measured.kmf_measure = listed.kmf_measure and measured.year = $year
left join measured as before on before.kmf_measure = listed.kmf_measure and before.year = cast($year - interval 1 year as date)
order by listed.place
