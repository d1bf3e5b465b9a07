-- How each project stands against its plan, read off the sentence it reports.
-- A sentence counts whole, but for case, full stop and numbers: "følger ikke" holds "følger". One that nobody listed is UNMAPPED.
with reported as (
    select
        *,
        regexp_replace(rtrim(lower(trim(status_text)), ' .'), '[0-9]+', '#', 'g') as phrase,
    from raw.project_status
)
select
    month,
    project_no,
    project_name,
    section,
    status_text,
    coalesce(known.plan_status, 'UNMAPPED') as plan_status,
    try_cast(regexp_extract(status_text, '([0-9]+) uger? forsinket', 1) as bigint) as delay_weeks,
    expected_end_text,
from reported
left join reference.status_phrase as known using (phrase)
order by all
