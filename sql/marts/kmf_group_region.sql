-- Groups of the citizens of the region in a year: how many they are, what they cost, and how often they came (K2-K6, K8, K10-K15, K17).
-- What of all the co-financing that is, by the amount as it is published; amounts of who is cared for are of care. A group of which a
-- column says nothing has z there.
select
    counted.year,
    counted.citizen_group,
    counted.citizens,
    counted.amount_oere,
    -- Where reversals of other years outweigh what others cost there is no share.
    case when counted.citizen_group not in ('CARED_ELDERLY', 'CARE_TOP', 'CARE_TOP_IN_TOP')
            and counted.amount_oere <= whole.delivered_amount_oere
        then round(counted.amount_oere / nullif(whole.delivered_amount_oere, 0), 9) end as amount_share,
    counted.amount_per_citizen_kr,
    counted.smallest_amount_kr,
    counted.events,
    counted.is_provisional,
    if(counted.is_provisional, 'pz', 'z') as qf,
    counted.fewest as _fewest,
    counted.largest_share as _largest_share,
    case when counted.is_additive then counted.citizens end as _added,
    case when counted.is_additive then 'citizens' end as _whole,
    case when counted.is_additive then counted.fewest end as _fewest_added,
from core.kmf_group_count as counted
join marts.kmf_region as whole on whole.year = counted.year
where counted.is_total
order by counted.year, counted.citizen_group
