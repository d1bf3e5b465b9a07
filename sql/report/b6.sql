-- Care beside co-financing in the four newest years: the dearest in care and who of them is among the dearest in co-financing, who is helped of a
-- thousand elderly, who is readmitted, and which admissions might have been prevented.
with listed as (
    select unnest([
        'K12_SHARE', 'K12_OVERLAP', 'K8_ALL', 'K17_ALL', 'K13_PER_1000_ELDERLY', 'K14_PER_1000_ELDERLY', 'K15_PER_1000_ELDERLY'
    ]) as kmf_measure, generate_subscripts([1, 2, 3, 4, 5, 6, 7], 1) as place
)
select
    listed.kmf_measure,
    measure.year,
    measure.value,
    measure.numerator,
    measure.denominator,
    measure.persons,
    measure.is_provisional,
    measure.qf,
    measure.qf_columns,
    measure.unit as _unit,
    if(listed.kmf_measure = 'K12_SHARE', 'oere', null) as _counted_in,
from listed
join marts.kmf_indicator as measure on concat(measure.indicator, '_', measure.subject) = listed.kmf_measure
where measure.municipality_code = 'ALL' and measure.year <= $year and measure.year > cast($year - interval 4 year as date)
order by listed.place, measure.year
