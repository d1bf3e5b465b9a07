-- What co-financing came to in each of the five regions in a year, as the state's newest total says (in thousands of kroner), and beside
-- the first year of the region's: how the regions developed beside each other (the mandate's second task).
with total as (
    select
        municipality.municipality_code as region_code,
        municipality.municipality_name as region_name,
        total.period_start as year,
        total.amount_thousand_kr,
    from raw.kmf_totals as total
    join reference.municipality as municipality
        on municipality.municipality_code = total.payer_code
        and municipality.region_code is null
        and total.period_start between municipality.valid_from and municipality.valid_to
    where total.period_type = 'year'
)
select
    total.year,
    total.region_code,
    total.region_name,
    total.amount_thousand_kr,
    round(total.amount_thousand_kr / nullif(first_value(total.amount_thousand_kr) over course, 0), 9) as of_first_year_share,
    round(total.amount_thousand_kr / nullif(sum(total.amount_thousand_kr) over (partition by total.year), 0), 9) as of_all_regions_share,
    frozen.description is not null as is_frozen,
from total
left join reference.kmf_frozen_year as frozen on total.year between frozen.valid_from and frozen.valid_to
window course as (partition by total.region_code order by total.year)
order by total.year, total.region_code
