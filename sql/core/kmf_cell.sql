-- What a municipality's citizens of a band of age cost it in an area in a year: every combination of the bands and areas, also those that
-- nobody stands behind. A citizen is in one band all the year. Residents are not known of a municipality that nobody counted.
with band as (
    select age_band, band_no, age_from, age_to, valid_from, valid_to from reference.age_band where band_type = 'policy'
),
resident as (
    select
        population.municipality_code,
        population.census_date as year,
        band.age_band,
        cast(sum(population.residents) as bigint) as residents,
    from raw.kmf_population as population
    join band
        on population.age between band.age_from and band.age_to
        and population.census_date between band.valid_from and band.valid_to
    group by all
),
place as (
    select
        citizen.year,
        citizen.municipality_code,
        exists (
            select 1 from resident where resident.year = citizen.year and resident.municipality_code = citizen.municipality_code
        ) as is_counted,
    from (select distinct year, municipality_code from core.kmf_citizen_year) as citizen
),
cell as (
    select place.year, place.municipality_code, place.is_counted, band.age_band, band.band_no, area.area, area.area_no
    from place
    join band on place.year between band.valid_from and band.valid_to
    join reference.kmf_area as area on place.year between area.valid_from and area.valid_to
),
counted as (
    select
        spent.year,
        spent.municipality_code,
        citizen.age_band,
        spent.area,
        count(*) filter (spent.amount_oere <> 0) as citizens,
        cast(sum(spent.contacts) as bigint) as contacts,
        cast(sum(spent.base_oere) as bigint) as base_oere,
        cast(sum(spent.amount_oere) as bigint) as amount_oere,
        max(abs(spent.amount_oere)) as largest_oere,
    from core.kmf_citizen_area as spent
    join core.kmf_citizen_year as citizen using (year, municipality_code, person_id)
    group by all
)
select
    cell.year,
    cell.municipality_code,
    cell.age_band,
    cell.band_no,
    cell.area,
    cell.area_no,
    case when cell.is_counted then coalesce(resident.residents, 0) end as residents,
    coalesce(counted.citizens, 0) as citizens,
    coalesce(counted.contacts, 0) as contacts,
    coalesce(counted.base_oere, 0) as base_oere,
    coalesce(counted.amount_oere, 0) as amount_oere,
    coalesce(counted.largest_oere, 0) as largest_oere,
from cell
left join resident using (year, municipality_code, age_band)
left join counted using (year, municipality_code, age_band, area)
