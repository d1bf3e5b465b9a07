-- How complete each hospital's registration of pathways is, in the three measures of completeness_monthly, from the published figures
-- alone, so nothing is said here that the pathways withhold.
with measured as (
    select month, sector, hospital_code, hospital_name, qf, 'volume' as completeness, completeness_volume_share as share,
        case when share is not null then pathways end as numerator,
        case when share is not null then referrals end as denominator,
    from marts.udredning_by_hospital
    union all
    select month, sector, hospital_code, hospital_name, qf, 'fields', completeness_fields_share as share,
        case when share is not null then pathways end,
        case when share is not null then ended end,
    from marts.udredning_by_hospital
    union all
    select month, sector, hospital_code, hospital_name, qf, 'reason', completeness_reason_share,
        over_with_reason, over_with_reason + over_without_reason,
    from marts.udredning_by_hospital
)
select
    month,
    sector,
    hospital_code,
    hospital_name,
    completeness,
    numerator,
    denominator,
    share,
    case
        when share >= in_force('completeness_ok', 'ALL', month) then 'ok'
        when share >= in_force('completeness_caution', 'ALL', month) then 'varsomhed'
        when share is not null then 'lav'
    end as completeness_band,
    qf,
from measured
order by all
