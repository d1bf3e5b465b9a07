-- How many persons a figure about a period must describe to be published; NULL where that is not known, and nothing is.
create or replace macro disclosure_threshold(period) as (
    select max(persons)
    from reference.disclosure_threshold
    where period between valid_from and valid_to
)
