-- What a private provider was called on which days, as the register says. Where two rows of a provider overlap the later one holds from its
-- first day.
select
    provider_id,
    provider_name,
    valid_from,
    least(
        coalesce(valid_to, date '2099-12-31'),
        coalesce(lead(valid_from) over (partition by provider_id order by valid_from) - 1, date '2099-12-31')
    ) as valid_to,
from raw.providers
