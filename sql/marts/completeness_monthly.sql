-- How complete the registration of pathways of each sector is, in three measures (domain rules: no national formula exists), from the published
-- figures alone, so nothing is said here that the pathways withhold. Trend and the sentence to print are those of final months.
with measured as (
    select month, sector, is_provisional, qf, 'volume' as completeness,
        case when completeness_volume_share is not null then pathways end as numerator,
        case when completeness_volume_share is not null then referrals end as denominator, completeness_volume_share as share,
    from marts.udredning_monthly
    union all
    select month, sector, is_provisional, qf, 'fields',
        case when completeness_fields_share is not null then pathways end,
        case when completeness_fields_share is not null then ended end,
        completeness_fields_share,
    from marts.udredning_monthly
    union all
    select month, sector, is_provisional, qf, 'reason',
        over_with_reason, over_with_reason + over_without_reason, completeness_reason_share,
    from marts.udredning_monthly
),
limited as (
    select
        *,
        in_force('completeness_ok', 'ALL', month) as ok_share,
        in_force('completeness_caution', 'ALL', month) as caution_share,
    from measured
),
judged as (
    select
        *,
        case
            when share >= ok_share then 'ok'
            when share >= caution_share then 'varsomhed'
            when share is not null then 'lav'
        end as completeness_band,
        case
            when not is_provisional then share > lag(share) over (
                partition by sector, completeness, is_provisional order by month
            )
        end as is_trend_up,
    from limited
    where ok_share is not null and caution_share is not null
)
select
    month,
    sector,
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
