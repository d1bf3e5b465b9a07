-- Redirected treatments of the final months by kind of agreement (seed L16-43): parts of redirection_monthly.
with counted as (
    select redirection.month, redirection.agreement_type, count(*) as treatments, count(distinct redirection.person_id) as persons
    from core.redirection as redirection
    join coverage.redirections as covered on covered.month = redirection.month and covered.is_final
    group by all
)
select
    month,
    agreement_type,
    treatments,
    round(treatments / sum(treatments) over (partition by month), 9) as treatments_share,
    '' as qf,
    persons as _persons,
    -- A row is there because something was counted.
    1 as _at_least,
from counted
order by month, agreement_type
