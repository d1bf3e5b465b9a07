-- The value of an indicator of reference.target that is in force for a subject on a day; NULL where none is.
create or replace macro in_force(which, whose, day) as (
    select max(value)
    from reference.target
    where indicator = which and subject = whose and day between valid_from and valid_to
)
