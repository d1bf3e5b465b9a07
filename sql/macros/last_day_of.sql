-- The last day that what time_words made of a text allows, of which first_day_of gave the first.
create or replace macro last_day_of(words, first_day) as (
    case
        when words['day_before_name'] <> '' or words['day_before_number'] <> '' then first_day
        when words['month_third'] in ('primo', 'medio') then first_day + 9
        when words['month_name'] <> '' then last_day(first_day)
        when words['quarter'] <> '' then last_day(first_day + interval 2 month)
        when words['year_third'] <> '' then last_day(first_day + interval 3 month)
        else last_day(first_day + interval 11 month)
    end
)
