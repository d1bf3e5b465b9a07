-- The last day that what time_words made of a text allows.
create or replace macro last_day_of(words) as (
    case
        when words['day'] <> '' or words['month_third'] in ('primo', 'medio')
            then try_cast(
                concat(
                    words['year'],
                    '-',
                    (strpos('janfebmaraprmajjunjulaugsepoktnovdec', words['month']) + 2) // 3,
                    '-',
                    case words['month_third'] when 'primo' then '10' when 'medio' then '20' else words['day'] end
                ) as date
            )
        else last_day(
            try_cast(
                concat(
                    words['year'],
                    '-',
                    case
                        when words['month'] <> '' then (strpos('janfebmaraprmajjunjulaugsepoktnovdec', words['month']) + 2) // 3
                        when words['quarter'] <> '' then 3 * cast(words['quarter'] as integer)
                        when words['year_third'] <> '' then 4 * list_position(['primo', 'medio', 'ultimo'], words['year_third'])
                        else 12
                    end,
                    '-1'
                ) as date
            )
        )
    end
)
