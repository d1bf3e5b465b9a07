-- What a code of a unit was called on which days, who owned it and where it lay, as the register says. Where two rows of a code overlap
-- the later one holds from its first day; of two files that tell of the same day the fuller name stands.
with numbered as (
    select
        *,
        row_number() over (partition by unit_code, valid_from order by length(unit_name) desc, unit_name, valid_to desc) as place,
        lead(valid_from) over (partition by unit_code order by valid_from, length(unit_name), unit_name desc, valid_to) as next_from,
    from raw.units
)
select
    unit_code,
    unit_name,
    owner_code,
    place_code,
    valid_from,
    least(coalesce(valid_to, date '2099-12-31'), coalesce(next_from - 1, date '2099-12-31')) as valid_to,
    coalesce(next_from - 1, date '2099-12-31') as owned_to,
from numbered
where place = 1
