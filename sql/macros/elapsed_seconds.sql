-- Seconds that passed between two civil times of Copenhagen: in the nights when clocks change, an hour more or less than they show.
create or replace macro elapsed_seconds(begins, ends) as (
    date_diff('second', timezone('Europe/Copenhagen', begins), timezone('Europe/Copenhagen', ends))
)
