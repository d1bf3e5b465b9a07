-- The critical systems: which of them are measured, what share of the robots' attempts was answered in the newest final month, and what the
-- service agreement in force that month says of each. A level that nobody has told is absent (m).
with measured as (
    select month, system_id, availability_share
    from marts.response_time_monthly
    where month <= $month and qf not like '%p%'
    qualify month = max(month) over ()
)
select
    system_.system_name,
    system_.description,
    system_.is_measured,
    measured.availability_share,
    agreement.agreed_availability_share,
    agreement.support_level,
    '' as qf,
    concat_ws(
        '; ',
        case when measured.availability_share is null and not system_.is_measured then 'z: availability_share' end,
        nullif('m: ' || concat_ws(
            ', ',
            case when measured.availability_share is null and system_.is_measured then 'availability_share' end,
            case when agreement.agreed_availability_share is null then 'agreed_availability_share' end,
            case when agreement.support_level is null then 'support_level' end
        ), 'm: ')
    ) as qf_columns,
    count(*) over () as _critical,
    count(*) filter (system_.is_measured) over () as _measured,
    count(agreement.agreed_availability_share) over () as _with_availability,
    count(agreement.support_level) over () as _with_support,
    max(measured.month) over () as _month,
from reference.system as system_
left join reference.service_agreement as agreement
    on agreement.system_id = system_.system_id
    and coalesce((select max(month) from measured), $month) between agreement.valid_from and agreement.valid_to
left join measured on measured.system_id = system_.system_id
where system_.is_critical
order by system_.is_measured desc, system_.system_name
