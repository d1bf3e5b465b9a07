-- Redirected treatments of final months and quarters by the private provider that received them (seed L109-117). Providers beyond
-- the ten largest and those with too few persons stand together as Øvrige. A quarter lists a provider only if each of its months
-- does, so that the quarter less its months tells nothing new. Providers meet nothing but time.
with final_month as (
    select month, cast(date_trunc('quarter', month) as date) as quarter
    from marts.redirection_monthly
    where is_total and not is_provisional
),
received as (
    select redirection.month, final_month.quarter, redirection.provider_id, redirection.person_id
    from core.redirection as redirection
    join final_month on final_month.month = redirection.month
),
monthly as (
    select
        month,
        quarter,
        provider_id,
        count(*) as treatments,
        count(distinct person_id) as persons,
        row_number() over (partition by month order by count(*) desc, provider_id) as place,
        in_force('providers_listed', 'ALL', month) as most_listed,
        disclosure_threshold(month) as fewest_persons,
    from received
    group by month, quarter, provider_id
),
allowed as (
    select *, place <= most_listed and persons >= fewest_persons as is_listed
    from monthly
    where most_listed is not null and fewest_persons is not null
),
-- Øvrige must itself be a crowd: where it is not, the smallest of those listed joins it.
others as (
    select allowed.month, count(distinct received.person_id) as persons
    from allowed
    join received on received.month = allowed.month and received.provider_id = allowed.provider_id
    where not allowed.is_listed
    group by all
),
shown as (
    select
        allowed.*,
        allowed.is_listed and not (
            coalesce(others.persons < allowed.fewest_persons, false)
            and allowed.place = max(allowed.place) filter (allowed.is_listed) over (partition by allowed.month)
        ) as is_shown,
    from allowed
    left join others on others.month = allowed.month
),
quarterly as (
    select
        quarter,
        provider_id,
        sum(treatments) as treatments,
        bool_and(is_shown) as is_shown_always,
        any_value(most_listed) as most_listed,
        row_number() over (partition by quarter order by sum(treatments) desc, provider_id) as place,
    from shown
    where quarter in (select quarter from final_month group by quarter having count(*) = 3)
    group by quarter, provider_id
),
placed as (
    select 'month' as period_type, month as period_start, provider_id, treatments, is_shown from shown
    union all
    select 'quarter', quarter, provider_id, treatments, is_shown_always and place <= most_listed from quarterly
),
totalled as (
    select
        period_type,
        period_start,
        case when is_shown then provider_id else 'ØVRIGE' end as provider_id,
        sum(treatments) as treatments,
        count(*) as providers,
    from placed
    group by all
)
select
    totalled.period_type,
    totalled.period_start,
    totalled.provider_id,
    case when totalled.provider_id = 'ØVRIGE' then 'Øvrige' else coalesce(provider.provider_name, totalled.provider_id) end as provider_name,
    cast(totalled.treatments as bigint) as treatments,
    round(totalled.treatments / sum(totalled.treatments) over (partition by totalled.period_type, totalled.period_start), 9)
        as treatments_share,
    totalled.providers,
    '' as qf,
from totalled
left join reference.provider as provider
    on provider.provider_id = totalled.provider_id
    and totalled.period_start between provider.valid_from and provider.valid_to
order by all
