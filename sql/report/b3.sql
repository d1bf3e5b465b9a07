-- The dearest ten percent of the citizens in the four newest years: of those paid for, of all residents, and how many stayed among them.
select
    citizen_group,
    year,
    citizens,
    of_citizens,
    citizens_share,
    amount_oere,
    amount_share,
    amount_per_citizen_kr,
    smallest_amount_kr,
    is_provisional,
    qf,
    qf_columns,
from marts.kmf_group_region
where citizen_group in ('TOP', 'TOP_OF_POPULATION', 'STILL_TOP') and year <= $year and year > cast($year - interval 4 year as date)
order by list_position(['TOP', 'TOP_OF_POPULATION', 'STILL_TOP'], citizen_group), year
