-- One pathway of the right to diagnosis with its days, its limit and whether it kept it; open ones have no days yet.
-- Day 0 is the day the referral was received with all it needs, so a stop thirty days later is inside a limit of thirty.
-- The limit is the one in force on that day, never on the day of the stop; where the right was suspended on any day of it, none.
with registered as materialized (
    select
        pathway.*,
        event_role_of(pathway.stop_code, coalesce(pathway.stop_date, cast(pathway.registered_at as date))) as event_role,
        coalesce(pathway.stop_date, cast(pathway.registered_at as date)) as closing_date,
        pathway.stop_date is null and pathway.stop_code is null as is_open,
        case when is_open then pathway.referral_received_date else closing_date end as hospital_date,
    from raw.pathways as pathway
),
-- What the patient asked for, cut to the pathway: from day 0 up to the stop, which is itself no day of waiting. A pause that lies
-- outside it ends before it begins.
patient_pause as (
    select
        pause.pathway_id,
        greatest(pause.from_date, pathway.referral_received_date) as from_date,
        least(pause.to_date, pathway.stop_date) as to_date,
    from raw.pathway_pauses as pause
    join registered as pathway on pathway.pathway_id = pause.pathway_id
    where pause.pause_type = 'PATIENT'
),
-- Pauses overlap: each adds the days that those begun before it have not covered, never less than none.
new_days as (
    select
        pathway_id,
        greatest(date_diff('day', greatest(from_date, max(to_date) over earlier), to_date), 0) as days,
    from patient_pause
    window earlier as (partition by pathway_id order by from_date rows between unbounded preceding and 1 preceding)
),
paused as (
    select pathway_id, sum(days) as patient_pause_days from new_days group by pathway_id
),
placed as (
    select
        registered.*,
        hospital_of(registered.unit_code, registered.hospital_date) as hospital_code,
        coalesce(paused.patient_pause_days, 0) as patient_pause_days,
        case
            when not exists (
                from reference.suspension as suspension
                where suspension.right_name = "limit".right_name
                    and suspension.sector = registered.sector
                    and suspension.valid_from <= registered.referral_received_date + cast("limit".limit_days as integer)
                    and suspension.valid_to >= registered.referral_received_date
            ) then "limit".limit_days
        end as limit_days,
        in_force('longest_pathway', 'ALL', registered.closing_date) as longest_days,
    from registered
    left join paused on paused.pathway_id = registered.pathway_id
    left join reference.limit as "limit"
        on "limit".right_name = 'UDREDNING'
        and "limit".sector = registered.sector
        and registered.referral_received_date between "limit".valid_from and "limit".valid_to
),
measured as (
    select
        *,
        case
            when referral_received_date is null then 'missing_start'
            when not is_open and stop_date is null then 'missing_stop'
            when stop_date < referral_received_date then 'stop_before_start'
            when date_diff('day', referral_received_date, closing_date) > longest_days then 'implausible_start'
            when sector is null then 'unknown_sector'
            when hospital_code is null then 'unmapped_unit'
        end as defect,
        case when defect is null then date_diff('day', referral_received_date, stop_date) end as gross_days,
        case when defect is null then date_diff('day', referral_received_date, stop_date) - patient_pause_days end as net_days,
    from placed
)
select
    measured.pathway_id,
    coalesce(link.person_id, measured.person_id) as person_id,
    measured.sector,
    measured.unit_code,
    coalesce(measured.hospital_code, 'UNMAPPED') as hospital_code,
    measured.referral_received_date,
    measured.stop_date,
    case when not measured.is_open then measured.closing_date end as closed_date,
    cast(case when not measured.is_open then date_trunc('month', measured.closing_date) end as date) as month,
    measured.stop_code,
    measured.event_role,
    coalesce(measured.event_role = 'CLOCK_STOP', false) as is_ended,
    measured.defect,
    cast(measured.gross_days as bigint) as gross_days,
    cast(case when measured.gross_days is not null then measured.patient_pause_days end as bigint) as patient_pause_days,
    cast(measured.net_days as bigint) as net_days,
    measured.limit_days,
    measured.gross_days <= measured.limit_days as is_within_gross,
    measured.net_days <= measured.limit_days as is_within_net,
    coalesce(reason.excuses, false) as has_reason,
    measured.registered_at,
from measured
left join core.person_link as link on link.for_domain = 'udredning' and link.replaced_id = measured.person_id
left join reference.reason as reason
    on reason.reason_code = measured.reason_code
    and measured.closing_date between reason.valid_from and reason.valid_to
