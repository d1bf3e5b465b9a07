-- How complete the settlements are in each of the four newest years, and whether amounts follow the rates and the state's total.
select
    year,
    completeness.months_delivered,
    completeness.months_lacking,
    completeness.contacts,
    completeness.placed_share,
    completeness.with_age_share,
    completeness.with_diagnosis_share,
    completeness.by_rate_share,
    completeness.verified_rate_share,
    region.control_deviation_share,
    completeness.is_provisional,
    region.qf,
    completeness.qf_columns,
from marts.kmf_completeness as completeness
join marts.kmf_region as region using (year)
where year <= $year and year > cast($year - interval 4 year as date)
order by year
