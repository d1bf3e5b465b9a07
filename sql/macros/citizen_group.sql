-- A citizen for a group: could be in it (`base`), is in it, what was spent, what of the whole lies outside the group though the citizen is
-- in it, and how often what the group counts happened, of how often it could have.
create or replace macro citizen_group(name, base, is_in, spent, beside, events, of_events) as {
    name: name, base: base, is_in: is_in, spent: spent, beside: beside, events: events, of_events: of_events
}
