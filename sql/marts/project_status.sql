-- How each project stands against its plan, read off the sentence it reports, and how its expected end has moved since its report before.
-- A sentence counts whole, but for case, comma, full stop, spaces and numbers with their weeks or months: "følger ikke" holds
-- "følger". One that nobody listed is UNMAPPED. An end is the day that is given, else the last day that its text allows. Where an
-- earlier and a later text can mean the same day, nothing has moved: "2. oktober 2015" is more exact than "oktober 2015", not sooner.
with worded as (
    select
        *,
        rtrim(regexp_replace(replace(lower(trim(status_text)), ',', ''), '\s+', ' ', 'g'), ' .') as sentence,
        time_words(without_remark(expected_end_text)) as end_words,
    from raw.project_status
),
begun as (
    select *, coalesce(expected_end_date, first_day_of(end_words)) as end_first_date from worded
),
reported as (
    select
        *,
        regexp_replace(sentence, '[0-9]+( uger?| måneder| måned)?', '#', 'g') as phrase,
        try_cast(regexp_extract(sentence, '([0-9]+) uger? forsinket', 1) as bigint) as weeks,
        try_cast(regexp_extract(sentence, '([0-9]+) måned(er)? forsinket', 1) as bigint) as months,
        coalesce(expected_end_date, last_day_of(end_words, end_first_date)) as end_date,
    from begun
),
-- A report that gives no end tells nothing of what became of the one before.
dated as (
    select
        month,
        project_name,
        lag(month) over earlier as report_before,
        weeks_moved(lag(end_first_date) over earlier, lag(end_date) over earlier, end_first_date, end_date) as slip_weeks,
        weeks_moved(first_value(end_first_date) over earlier, first_value(end_date) over earlier, end_first_date, end_date) as slip_total_weeks,
    from reported
    where end_date is not null
    window earlier as (partition by lower(project_name) order by month)
)
select
    month,
    project_no,
    project_name,
    section,
    vendor,
    status_text,
    coalesce(known.plan_status, 'UNMAPPED') as plan_status,
    -- Twelve months are fifty-two weeks.
    coalesce(weeks, cast(round(months * 52 / 12) as bigint)) as delay_weeks,
    expected_end_text,
    end_date as expected_end_date,
    dated.report_before,
    dated.slip_weeks,
    case when dated.report_before is not null then dated.slip_total_weeks end as slip_total_weeks,
from reported
left join reference.status_phrase as known using (phrase)
left join dated using (month, project_name)
order by all
