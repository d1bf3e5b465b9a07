-- Redirected treatments of the final months by the service expected when the patient was redirected (seed L45-88), each beside
-- the same month of the year before. "Uden kode" is never coded afterwards.
with final_month as (
    select month from coverage.redirections where is_final
),
named as (
    select distinct service_group, service_group_name from reference.service_group
),
counted as (
    select redirection.month, redirection.service_group, count(*) as treatments, count(distinct redirection.person_id) as persons
    from core.redirection as redirection
    join final_month on final_month.month = redirection.month
    group by all
)
select
    counted.month,
    counted.service_group,
    named.service_group_name,
    counted.treatments,
    round(counted.treatments / sum(counted.treatments) over (partition by counted.month), 9) as treatments_share,
    case
        when year_before.treatments is not null then year_before.treatments
        when counted.month - interval 12 month in (select month from final_month) then 0
    end as treatments_year_before,
    '' as qf,
    counted.persons as _persons,
    -- A row is there because something was counted.
    1 as _at_least,
from counted
join named on named.service_group = counted.service_group
left join counted as year_before
    on year_before.service_group = counted.service_group
    and year_before.month = counted.month - interval 12 month
order by all
