-- What there is to say of every indicator: its newest final month up to the report's, beside the month before, the same month a
-- year before, and the highest month so far.
with final as (
    select * from marts.kpi_monthly where not is_provisional and month <= $month
),
newest as (
    select indicator, subject, max(month) as month from final group by all
)
select
    final.*,
    kpi.label,
    kpi.better,
    month_before.value as value_month_before,
    round(final.value - month_before.value, 9) as change_from_month_before,
    year_before.value as value_year_before,
    round(final.value - year_before.value, 9) as change_from_year_before,
    (
        select count(*) from final as met where met.indicator = final.indicator and met.subject = final.subject and met.target_met
    ) as months_met,
    (
        select count(*) from final as judged
        where judged.indicator = final.indicator and judged.subject = final.subject and judged.target_met is not null
    ) as months_judged,
from newest
join final on final.indicator = newest.indicator and final.subject = newest.subject and final.month = newest.month
join reference.kpi as kpi on kpi.indicator = final.indicator and kpi.subject in (final.subject, '*')
left join final as month_before
    on month_before.indicator = final.indicator
    and month_before.subject = final.subject
    and month_before.month = final.month - interval 1 month
left join final as year_before
    on year_before.indicator = final.indicator
    and year_before.subject = final.subject
    and year_before.month = final.month - interval 12 month
order by final.indicator, final.subject
