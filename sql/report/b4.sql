-- What residents of each band of age cost in the four newest years.
select age_band, year, residents, citizens, amount_oere, amount_per_resident_kr, is_provisional, qf, qf_columns
from marts.kmf_age_band_region
where year <= $year and year > cast($year - interval 4 year as date)
order by age_band, year
