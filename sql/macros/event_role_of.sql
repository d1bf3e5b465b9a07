-- What a code does to the clock of a pathway on a day, by its longest beginning in reference.event_code; NULL where none is known.
create or replace macro event_role_of(code, day) as (
    select arg_max(event_role, length(event_code))
    from reference.event_code
    where starts_with(code, event_code) and day between valid_from and valid_to
)
