-- Redirected treatments of final months and quarters by the private provider that received them (seed L109-117). Providers beyond
-- the ten largest and those with too few persons stand together as Øvrige. A quarter lists its own ten largest; where that would
-- tell a month that is too small to be shown, another month of the provider stands in Øvrige too. Providers meet nothing but time.
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
crowd as (
    select quarter, provider_id, count(distinct person_id) as persons from received group by all
),
listed as (
    select
        allowed.*,
        allowed.is_listed and not (
            coalesce(others.persons < allowed.fewest_persons, false)
            and allowed.place = max(allowed.place) filter (allowed.is_listed) over (partition by allowed.month)
        ) as is_shown,
    from allowed
    left join others on others.month = allowed.month
),
of_quarter as (
    select
        listed.quarter,
        listed.provider_id,
        sum(listed.treatments) as treatments,
        any_value(crowd.persons) as persons,
        bool_and(listed.is_shown) as is_shown_always,
        count(*) filter (not listed.is_shown) = 1 and bool_or(listed.persons < listed.fewest_persons) as has_small_month,
        arg_min(listed.month, (listed.treatments, listed.month)) filter (listed.is_shown) as smallest_shown,
        row_number() over (partition by listed.quarter order by sum(listed.treatments) desc, listed.provider_id) as place,
        any_value(listed.most_listed) as most_listed,
        max(listed.fewest_persons) as fewest_persons,
    from listed
    join crowd on crowd.quarter = listed.quarter and crowd.provider_id = listed.provider_id
    where listed.quarter in (select quarter from final_month group by quarter having count(*) = 3)
    group by listed.quarter, listed.provider_id
),
-- The ten largest of a quarter, whatever their months. The quarter less the months shown may tell the one that is too small.
quarterly as (
    select *, place <= most_listed and persons >= fewest_persons as is_large, is_large and has_small_month as tells_a_month
    from of_quarter
),
-- So another month of the provider goes to Øvrige with it.
hidden as (
    select
        listed.*,
        coalesce(quarterly.is_large, false) as is_large,
        not listed.is_shown or coalesce(quarterly.tells_a_month and quarterly.smallest_shown = listed.month, false) as is_hidden,
    from listed
    left join quarterly on quarterly.quarter = listed.quarter and quarterly.provider_id = listed.provider_id
),
-- In each month that hides one of the quarter's largest the rest of Øvrige must be a crowd, or the quarter is told as its months are.
unsafe as (
    select distinct quarter
    from (
        select
            hidden.quarter,
            hidden.month,
            max(hidden.fewest_persons) as fewest_persons,
            bool_or(hidden.is_large) as hides_large,
            count(distinct received.person_id) filter (not hidden.is_large) as persons,
        from hidden
        join received on received.month = hidden.month and received.provider_id = hidden.provider_id
        where hidden.is_hidden
        group by all
    )
    where hides_large and persons < fewest_persons
),
placed as (
    select
        'month' as period_type,
        month as period_start,
        provider_id,
        treatments,
        case when quarter in (select quarter from unsafe) then is_shown else not is_hidden end as is_shown,
    from hidden
    union all
    select 'quarter', quarter, provider_id, treatments, is_large and (is_shown_always or quarter not in (select quarter from unsafe))
    from quarterly
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
