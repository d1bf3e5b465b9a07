-- One stay in hospital, and whether an acute one followed within the days that make it a readmission (K8). Who is moved from one ward or
-- hospital to another the same day is still in the same stay, so an admission on the day of the discharge is none of its own.
-- A stay is of the year and municipality in which it ended.
with preventable as (
    select coded.diagnosis_code, listed.valid_from, listed.valid_to
    from (select distinct diagnosis_code from core.kmf_settlement) as coded
    join reference.kmf_diagnosis as listed
        on listed.diagnosis_group = 'PREVENTABLE'
        and starts_with(coded.diagnosis_code, listed.code_prefix)
),
admission as (
    select
        person_id,
        municipality_code,
        contact_id,
        admission_type,
        admitted_date,
        discharged_date,
        amount_oere,
        coalesce(
            admitted_date <= max(discharged_date) over (
                partition by person_id
                order by admitted_date, discharged_date, contact_id
                rows between unbounded preceding and 1 preceding
            ),
            false
        ) as is_continued,
        exists (
            select 1 from preventable
            where preventable.diagnosis_code = contact.diagnosis_code
                and contact.discharged_date between preventable.valid_from and preventable.valid_to
        ) as is_preventable,
    from core.kmf_settlement as contact
    where admitted_date is not null and discharged_date is not null and not is_reversed
),
numbered as (
    select
        *,
        count(*) filter (not is_continued) over (
            partition by person_id order by admitted_date, discharged_date, contact_id rows unbounded preceding
        ) as stay_no,
    from admission
),
stay as (
    select
        person_id,
        stay_no,
        arg_max(municipality_code, (discharged_date, contact_id)) as municipality_code,
        min(admitted_date) as admitted_date,
        max(discharged_date) as discharged_date,
        arg_min(admission_type, (admitted_date, discharged_date, contact_id)) is not distinct from 'AKUT' as is_acute,
        bool_or(is_preventable) as is_preventable,
        cast(sum(amount_oere) as bigint) as amount_oere,
    from numbered
    group by person_id, stay_no
),
followed as (
    select
        *,
        coalesce(
            lead(is_acute) over course
            and lead(admitted_date) over course - discharged_date <= in_force('kmf_readmission_days', 'ALL', discharged_date),
            false
        ) as is_readmitted,
        lead(amount_oere) over course as next_amount_oere,
    from stay
    window course as (partition by person_id order by stay_no)
)
select
    person_id,
    admitted_date,
    discharged_date,
    cast(date_trunc('year', discharged_date) as date) as year,
    municipality_code,
    is_acute,
    is_preventable,
    amount_oere,
    is_readmitted,
    case when is_readmitted then next_amount_oere else 0 end as readmission_amount_oere,
from followed
