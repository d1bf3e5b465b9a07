-- What a Danish time of a plan says: a day, a month, a quarter or a year, or as primo, medio and ultimo the first, second and last third of
-- a month or a year. A day may be 2. oktober 2015, 2.10.2015, 02-10-2015 or what a date cell becomes, 2015-10-02. Nothing but '' where the
-- text says no such time and nothing else.
create or replace macro time_words(said) as (
    regexp_extract(
        regexp_replace(
            lower(trim(regexp_replace(said, '[\s\x{a0}]+', ' ', 'g'))), '^([0-9]{4})-([0-9]{2})-([0-9]{2})$', '\3-\2-\1'
        ),
        concat(
            '^(?:d\. ?)?',
            '(?:(?:([0-9]{1,2})(?:\. ?| )|(primo|medio|ultimo) )?',
            '(jan(?:uar)?|feb(?:ruar)?|mar(?:ts)?|apr(?:il)?|maj|juni?|juli?|aug(?:ust)?|sep(?:t(?:ember)?)?|okt(?:ober)?|nov(?:ember)?',
            '|dec(?:ember)?)(?:\. ?| )',
            '|([0-9]{1,2})[.-]([0-9]{1,2})[.-]',
            '|([1-4])\. ?kvartal |(primo|medio|ultimo) )?',
            '([0-9]{4})\.?$'
        ),
        ['day_before_name', 'month_third', 'month_name', 'day_before_number', 'month_number', 'quarter', 'year_third', 'year']
    )
)
