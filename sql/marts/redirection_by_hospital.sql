-- Redirected treatments of the final months by the functional hospital that sent them (seed L91-106): as it was on the day, and
-- beside it the hospital it has become by the newest extract, to add up by.
with covered as (
    select cast(max(known_until) as date) as until_date from coverage.redirections
),
hospital as (
    select
        now.hospital_code,
        now.hospital_name,
        coalesce(successor.hospital_code, now.hospital_code) as hospital_now_code,
        coalesce(successor.hospital_name, now.hospital_name) as hospital_now_name,
    from reference.hospital as now
    cross join covered
    left join reference.hospital as successor
        on successor.hospital_code = now.successor_code
        and now.succeeded_date <= covered.until_date
),
counted as (
    select redirection.month, redirection.hospital_code, count(*) as treatments, count(distinct redirection.person_id) as persons
    from core.redirection as redirection
    join coverage.redirections as final_month on final_month.month = redirection.month and final_month.is_final
    group by all
)
select
    counted.month,
    counted.hospital_code,
    hospital.hospital_name,
    hospital.hospital_now_code,
    hospital.hospital_now_name,
    counted.treatments,
    round(counted.treatments / sum(counted.treatments) over (partition by counted.month), 9) as treatments_share,
    '' as qf,
    counted.persons as _persons,
    -- A row is there because something was counted.
    1 as _at_least,
from counted
join hospital on hospital.hospital_code = counted.hospital_code
order by all
