-- What a Danish time of a plan says: a day, a month, a quarter or a year, or as primo, medio and ultimo the first, second and last third of
-- a month or a year. What stands in brackets is left out. Nothing but '' where the text says no such time.
create or replace macro time_words(said) as (
    regexp_extract(
        regexp_replace(lower(trim(said)), '\s*\([^)]*\)$', ''),
        concat(
            '^(?:d\. ?)?',
            '(?:(?:([0-9]{1,2})\.? |(primo|medio|ultimo) )?(jan|feb|mar|apr|maj|jun|jul|aug|sep|okt|nov|dec)(?:\.|[a-z]*) ',
            '|([1-4])\. kvartal |(primo|medio|ultimo) )?',
            '([0-9]{4})$'
        ),
        ['day', 'month_third', 'month', 'quarter', 'year_third', 'year']
    )
)
