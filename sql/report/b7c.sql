-- How the region's total developed beside the other regions', by the state's totals; the first year of each is one hundred percent.
select
    region_name,
    year,
    cast(amount_thousand_kr as double) as amount_thousand_kr,
    of_first_year_share,
    of_all_regions_share,
    is_frozen,
    region_code in (select municipality.region_code from reference.municipality as municipality where municipality.region_code is not null)
        as _is_own,
    min(year) over () as _first_year,
from marts.kmf_region_total
where year <= $year
order by _is_own desc, region_name, year
