-- How each project stands against its plan, read off the sentence it reports.
-- A sentence counts whole, but for case, comma, full stop, spaces and numbers with their weeks or months: "følger ikke" holds
-- "følger". One that nobody listed is UNMAPPED.
with reported as (
    select
        *,
        rtrim(regexp_replace(replace(lower(trim(status_text)), ',', ''), '\s+', ' ', 'g'), ' .') as sentence,
        regexp_replace(sentence, '[0-9]+( uger?| måneder| måned)?', '#', 'g') as phrase,
        try_cast(regexp_extract(sentence, '([0-9]+) uger? forsinket', 1) as bigint) as weeks,
        try_cast(regexp_extract(sentence, '([0-9]+) måned(er)? forsinket', 1) as bigint) as months,
    from raw.project_status
)
select
    month,
    project_no,
    project_name,
    section,
    status_text,
    coalesce(known.plan_status, 'UNMAPPED') as plan_status,
    -- Twelve months are fifty-two weeks.
    coalesce(weeks, cast(round(months * 52 / 12) as bigint)) as delay_weeks,
    expected_end_text,
from reported
left join reference.status_phrase as known using (phrase)
order by all
