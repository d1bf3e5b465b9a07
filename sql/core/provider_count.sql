-- Redirected treatments of final months and quarters counted by the private provider that received them (seed L109-117): the ten
-- largest of the period by name, if enough persons went there to name it, and Øvrige as a row of its own beside the providers that
-- it holds.
with period as (
    select 'month' as period_type, month, month as period_start from coverage.redirections where is_final
    union all
    select 'quarter', month, quarter
    from (
        select month, cast(date_trunc('quarter', month) as date) as quarter, count(*) over (partition by date_trunc('quarter', month)) as months
        from coverage.redirections
        where is_final
    )
    where months = 3
),
received as (
    select period.period_type, period.period_start, redirection.provider_id, redirection.person_id
    from core.redirection as redirection
    join period on period.month = redirection.month
),
counted as (
    select
        period_type,
        period_start,
        provider_id,
        count(*) as treatments,
        count(distinct person_id) as persons,
        row_number() over (partition by period_type, period_start order by count(*) desc, provider_id) as place,
    from received
    group by period_type, period_start, provider_id
),
listed as (
    select *, place <= most_listed and persons >= coalesce(fewest_persons, persons) as is_listed
    from (
        select
            *,
            in_force('providers_listed', 'ALL', period_start) as most_listed,
            disclosure_threshold(period_start) as fewest_persons,
        from counted
    )
    where most_listed is not null
),
rest as (
    select period_type, period_start, count(*) as treatments, count(distinct received.person_id) as persons, count(distinct provider_id) as providers
    from received
    join listed using (period_type, period_start, provider_id)
    where not is_listed
    group by all
),
placed as (
    select
        period_type,
        period_start,
        provider_id,
        treatments,
        persons,
        1 as providers,
        case when not is_listed then 'ØVRIGE' end as part_of,
        case when is_listed then coalesce(fewest_persons, 1) else 1 end as at_least,
    from listed
    union all
    select period_type, period_start, 'ØVRIGE', treatments, persons, providers, null, providers
    from rest
),
dated as (
    select *, last_day(case when period_type = 'month' then period_start else period_start + interval 2 month end) as period_end
    from placed
)
select
    dated.period_type,
    dated.period_start,
    dated.provider_id,
    -- As it was called when the period began, and if it was not there yet as when it ended.
    case
        when dated.provider_id = 'ØVRIGE' then 'Øvrige'
        else coalesce(
            provider_name_of(dated.provider_id, dated.period_start),
            provider_name_of(dated.provider_id, dated.period_end),
            dated.provider_id
        )
    end as provider_name,
    dated.treatments,
    round(
        dated.treatments / sum(dated.treatments) filter (dated.part_of is null) over (partition by dated.period_type, dated.period_start),
        9
    ) as treatments_share,
    dated.persons,
    dated.providers,
    dated.part_of,
    dated.at_least,
from dated
order by all
