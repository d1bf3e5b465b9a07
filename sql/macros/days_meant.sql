-- The first and the last day that a Danish time of a plan allows: a day, a month, a quarter or a year, or as primo, medio and ultimo
-- the first, second and last third of a month or a year. What stands in brackets is left out. NULL where the text says no such time.
create or replace macro days_meant(said) as (
    with word as (
        select regexp_extract(
            regexp_replace(lower(trim(said)), '\s*\([^)]*\)$', ''),
            concat(
                '^(?:d\. ?)?(?:([0-9]{1,2})\.? )?(?:(primo|medio|ultimo) )?',
                '(?:(jan|feb|mar|apr|maj|jun|jul|aug|sep|okt|nov|dec)(?:\.|[a-z]*) )?(?:([1-4])\. kvartal )?([0-9]{4})$'
            ),
            ['day', 'third', 'month', 'quarter', 'year']
        ) as part
    ),
    read as (
        select
            try_cast(part.day as integer) as day,
            list_position(['primo', 'medio', 'ultimo'], part.third) as third,
            list_position(['jan', 'feb', 'mar', 'apr', 'maj', 'jun', 'jul', 'aug', 'sep', 'okt', 'nov', 'dec'], part.month) as month,
            try_cast(part.quarter as integer) as quarter,
            try_cast(part.year as integer) as year,
        from word
    ),
    bound as (
        select
            read.*,
            coalesce(month, 3 * quarter - 2, 4 * third - 3, 1) as first_month,
            coalesce(month, 3 * quarter, 4 * third, 12) as last_month,
            coalesce(day, case when month is not null then 10 * third - 9 end, 1) as first_day,
            coalesce(day, case when month is not null and third < 3 then 10 * third end) as last_day,
        from read
        -- At most one of a day, a third and a quarter is said; a day is one of a month, a quarter one of a year.
        where year is not null
            and (day is not null)::integer + (third is not null)::integer + (quarter is not null)::integer <= 1
            and (day is null or month is not null)
            and (quarter is null or month is null)
    )
    select {
        first: try_cast(concat_ws('-', year, lpad(first_month::varchar, 2, '0'), lpad(first_day::varchar, 2, '0')) as date),
        last: coalesce(
            try_cast(concat_ws('-', year, lpad(last_month::varchar, 2, '0'), lpad(last_day::varchar, 2, '0')) as date),
            case when last_day is null then last_day(make_date(year, last_month, 1)) end
        )
    }
    from bound
)
