-- A mean of shares has no numerator and no denominator. When other systems are in it than the month before, the series breaks; where the
-- measurements of one that is in it are uncertain, so is the mean.
with mean as (
    select
        month,
        round(avg(cast(coalesce(compliance_share, published_share) as decimal(18, 9))), 9) as value,
        round(sum(cells_present) / nullif(sum(cells_expected), 0), 9) as completeness_share,
        string_agg(system_id, ', ' order by system_id) filter (coalesce(compliance_share, published_share) is not null) as members,
        bool_or(qf like '%p%') as is_provisional,
        bool_or(qf like '%u%') filter (coalesce(compliance_share, published_share) is not null) as is_uncertain,
    from marts.response_time_monthly
    group by month
),
followed as (
    select *, coalesce(members <> lag(members) over (order by month), false) as is_break from mean
)
select
    month,
    'ALL' as subject,
    value,
    completeness_share,
    members,
    concat(
        case when is_break then 'b' else '' end, case when is_provisional then 'p' else '' end, case when is_uncertain then 'u' else '' end
    ) as qf,
from followed
