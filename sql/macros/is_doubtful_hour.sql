-- Whether a civil time of Copenhagen is one that the clocks skip in March or show twice in October.
create or replace macro is_doubtful_hour(civil) as (
    month(civil) in (3, 10)
    and (
        timezone('Europe/Copenhagen', timezone('Europe/Copenhagen', civil)) <> civil
        or timezone('Europe/Copenhagen', timezone('Europe/Copenhagen', civil) + interval 1 hour) = civil
        or timezone('Europe/Copenhagen', timezone('Europe/Copenhagen', civil) - interval 1 hour) = civil
    )
)
