-- The newest whole final quarter by private provider: the largest by name, the rest together.
with newest as (
    select max(quarter) as quarter from marts.redirection_by_provider_quarterly where quarter + interval 2 month <= $month
)
select
    provider_name,
    treatments,
    treatments_share,
    providers,
    qf,
    qf_columns,
    provider_id = 'ØVRIGE' as _is_rest,
    count(*) filter (provider_id <> 'ØVRIGE') over () as _named,
    case when count(treatments) over () = count(*) over ()
        then round(sum(treatments) filter (provider_id <> 'ØVRIGE') over () / sum(treatments) over (), 9)
    end as _named_share,
    cast(sum(providers) over () as bigint) as _all_providers,
    quarter as _from,
    cast(quarter + interval 2 month as date) as _to,
from marts.redirection_by_provider_quarterly
join newest using (quarter)
order by provider_id = 'ØVRIGE', treatments desc nulls last, provider_name
