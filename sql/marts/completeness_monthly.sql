-- How complete the registration of pathways is, in three measures (domain rules: no national formula exists), from the published
-- figures alone, so nothing is said here that the pathways withhold. Trend and the sentence to print are those of final months.
with measured as (
    select month, sector, hospital_code, hospital_name, is_total, is_provisional, qf, 'volume' as completeness,
        case when completeness_volume_share is not null then pathways end as numerator,
        case when completeness_volume_share is not null then referrals end as denominator, completeness_volume_share as share,
    from marts.udredning_monthly
    union all
    select month, sector, hospital_code, hospital_name, is_total, is_provisional, qf, 'fields',
        case when completeness_fields_share is not null then pathways end,
        case when completeness_fields_share is not null then ended end,
        completeness_fields_share,
    from marts.udredning_monthly
    union all
    select month, sector, hospital_code, hospital_name, is_total, is_provisional, qf, 'reason',
        over_with_reason, over_with_reason + over_without_reason, completeness_reason_share,
    from marts.udredning_monthly
),
judged as (
    select
        measured.*,
        case
            when measured.share >= ok.value then 'ok'
            when measured.share >= caution.value then 'varsomhed'
            when measured.share is not null then 'lav'
        end as completeness_band,
        case
            when not measured.is_provisional then measured.share > lag(measured.share) over (
                partition by measured.sector, measured.hospital_code, measured.completeness, measured.is_provisional
                order by measured.month
            )
        end as is_trend_up,
    from measured
    join reference.target as ok
        on ok.indicator = 'completeness_ok' and measured.month between ok.valid_from and ok.valid_to
    join reference.target as caution
        on caution.indicator = 'completeness_caution' and measured.month between caution.valid_from and caution.valid_to
)
select
    month,
    sector,
    hospital_code,
    hospital_name,
    is_total,
    completeness,
    numerator,
    denominator,
    share,
    completeness_band,
    is_trend_up,
    case
        when completeness <> 'volume' or is_provisional or completeness_band = 'ok' then null
        when completeness_band = 'varsomhed' then 'Data skal tolkes med varsomhed'
        when is_trend_up then 'Data skal tolkes med varsomhed, da datakompletheden er lav, men det går fremad'
        when completeness_band = 'lav' then 'Data skal tolkes med varsomhed, da datakompletheden er lav'
    end as sentence,
    is_provisional,
    qf,
from judged
order by all
