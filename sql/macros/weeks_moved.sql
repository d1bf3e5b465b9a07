-- By how many weeks, begun ones too, a plan has moved between two times that each allow a first and a last day, measured on the last; 0 only
-- where both can mean the same day.
create or replace macro weeks_moved(first_before, last_before, first_now, last_now) as (
    case
        when first_now <= last_before and first_before <= last_now then 0
        else cast(sign(last_now - last_before) * ceil(abs(last_now - last_before) / 7) as bigint)
    end
)
