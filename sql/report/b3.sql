-- The dearest ten percent of the citizens in the four newest years: of those paid for, of all residents, and how many stayed among them.
select
    dearest.citizen_group,
    dearest.year,
    dearest.citizens,
    case dearest.citizen_group
        when 'TOP' then region.citizens
        when 'TOP_OF_POPULATION' then region.residents
        else top.citizens
    end as of_citizens,
    case when dearest.citizen_group = 'STILL_TOP' then round(dearest.citizens / top.citizens, 9) end as citizens_share,
    dearest.amount_oere,
    dearest.amount_share,
    dearest.amount_per_citizen_kr,
    dearest.smallest_amount_kr,
    dearest.is_provisional,
    dearest.qf,
    dearest.qf_columns,
from marts.kmf_group_region as dearest
join marts.kmf_group_region as top on top.year = dearest.year and top.citizen_group = 'TOP'
join marts.kmf_region as region on region.year = dearest.year
where dearest.citizen_group in ('TOP', 'TOP_OF_POPULATION', 'STILL_TOP')
    and dearest.year <= $year
    and dearest.year > cast($year - interval 4 year as date)
order by list_position(['TOP', 'TOP_OF_POPULATION', 'STILL_TOP'], dearest.citizen_group), dearest.year
