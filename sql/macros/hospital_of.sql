-- The hospital a unit belongs to on a day, by the longest beginning of its code in reference.unit; NULL where none is known.
create or replace macro hospital_of(code, day) as (
    select arg_max(hospital_code, length(unit_prefix))
    from reference.unit
    where starts_with(code, unit_prefix) and day between valid_from and valid_to
)
