-- The first day that what time_words made of a text allows.
create or replace macro first_day_of(words) as (
    try_cast(
        concat(
            words['year'],
            '-',
            case
                when words['month_name'] <> '' then (strpos('janfebmaraprmajjunjulaugsepoktnovdec', left(words['month_name'], 3)) + 2) // 3
                when words['month_number'] <> '' then cast(words['month_number'] as integer)
                when words['quarter'] <> '' then 3 * cast(words['quarter'] as integer) - 2
                when words['year_third'] <> '' then 4 * list_position(['primo', 'medio', 'ultimo'], words['year_third']) - 3
                else 1
            end,
            '-',
            case words['month_third']
                when 'medio' then '11'
                when 'ultimo' then '21'
                else coalesce(nullif(concat(words['day_before_name'], words['day_before_number']), ''), '1')
            end
        ) as date
    )
)
