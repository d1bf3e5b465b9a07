-- The newest whole final quarter by private provider: the largest by name, the rest together.
with newest as (
    select max(period_start) as quarter
    from marts.redirection_by_provider
    where period_type = 'quarter' and period_start + interval 2 month <= $month
)
select
    provider_name,
    treatments,
    treatments_share,
    providers,
    qf,
    provider_id = 'ØVRIGE' as _is_rest,
    count(*) filter (provider_id <> 'ØVRIGE') over () as _named,
    round(sum(treatments) filter (provider_id <> 'ØVRIGE') over () / sum(treatments) over (), 9) as _named_share,
    cast(sum(providers) over () as bigint) as _all_providers,
    period_start as _from,
    cast(period_start + interval 2 month as date) as _to,
from marts.redirection_by_provider
join newest on period_start = newest.quarter
where period_type = 'quarter'
order by provider_id = 'ØVRIGE', treatments desc, provider_name
