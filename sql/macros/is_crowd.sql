-- Whether nobody or enough persons stand behind an amount, none of whom makes half of it.
create or replace macro is_crowd(persons, amount, largest, fewest) as (
    persons = 0 or (persons >= fewest and 2 * largest < amount)
)
