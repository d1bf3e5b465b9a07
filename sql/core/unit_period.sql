-- What a code of a unit was called on which days, who owned it and where it lay, as the register says. Where two rows of a code overlap
-- the later one holds from its first day.
select
    unit_code,
    unit_name,
    owner_code,
    place_code,
    valid_from,
    least(
        coalesce(valid_to, date '2099-12-31'),
        coalesce(lead(valid_from) over (partition by unit_code order by valid_from) - 1, date '2099-12-31')
    ) as valid_to,
from raw.units
