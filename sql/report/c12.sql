-- CIMT's newest final month by the systems that cases are about, with the category most of them have. Without a system there is no row.
with part as (
    select *, max(month) filter (not is_provisional) over () as newest
    from marts.servicedesk_cases_by_category
    where desk = 'CIMT' and month <= $month and system_id <> 'UKENDT'
    qualify month = newest
)
select
    system_name,
    cast(sum(incoming) over (partition by system_id) as bigint) as incoming,
    category,
    share_of_system,
    qf,
    qf_columns,
    system_id <> 'ANDET' as _is_followed,
    month as _from,
    month as _to,
from part
qualify row_number() over (partition by system_id order by part.incoming desc, category) = 1
order by incoming desc, system_name
