-- Groups of the citizens of a municipality in a year: what they cost of all, of their care, or how often they came (K2-K6, K8, K10-K15,
-- K17). A group of which a column says nothing has z there.
select
    year,
    municipality_code,
    municipality_name,
    citizen_group,
    citizens,
    of_citizens,
    citizens_share,
    amount_oere,
    of_amount_oere,
    amount_share,
    amount_per_citizen_kr,
    smallest_amount_kr,
    events,
    of_events,
    events_share,
    is_provisional,
    if(is_provisional, 'pz', 'z') as qf,
    fewest as _fewest,
    largest_share as _largest_share,
    case when is_additive then citizens end as _added,
    case when is_additive then 'citizens' end as _whole,
    case when is_additive then fewest end as _fewest_added,
from core.kmf_group_count
where not is_total
order by year, municipality_code, citizen_group
