-- Treatments redirected to private hospitals per month (seed L16-43). A month that may still change is given, marked provisional; its
-- parts are given once, when it is final.
with counted as (
    select
        redirection.month,
        not any_value(covered.is_final) as is_provisional,
        count(*) as treatments,
        count(distinct redirection.person_id) as persons,
    from core.redirection as redirection
    join coverage.redirections as covered on covered.month = redirection.month
    group by redirection.month
)
select
    month,
    treatments,
    persons,
    is_provisional,
    case when is_provisional then 'p' else '' end as qf,
    persons as _persons,
    treatments - persons as _repeated,
    -- A row is there because something was counted.
    1 as _at_least,
from counted
order by month
