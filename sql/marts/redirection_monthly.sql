-- Treatments redirected to private hospitals per month and kind of agreement (seed L16-43). The total of a month that may still
-- change is given, marked provisional; its parts are given once, when it is final.
with counted as (
    select
        month,
        coalesce(agreement_type, 'ALL') as agreement_type,
        grouping(agreement_type) = 1 as is_total,
        count(*) as treatments,
        count(distinct person_id) as persons,
    from core.redirection
    group by grouping sets ((month, agreement_type), (month))
),
judged as (
    select
        counted.*,
        sum(counted.treatments) filter (counted.is_total) over (partition by counted.month) as month_treatments,
        not covered.is_final as is_provisional,
    from counted
    join coverage.redirections as covered on covered.month = counted.month
)
select
    month,
    agreement_type,
    is_total,
    treatments,
    round(treatments / month_treatments, 9) as treatments_share,
    persons,
    is_provisional,
    case when is_provisional then 'p' else '' end as qf,
    persons as _persons,
from judged
where is_total or not is_provisional
order by all
