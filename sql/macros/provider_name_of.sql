-- What a provider is called on a day: as the register says, else as reference.provider does; NULL where neither knows it.
create or replace macro provider_name_of(provider, day) as coalesce(
    (select max(provider_name) from core.provider_period where provider_id = provider and day between valid_from and valid_to),
    (select max(provider_name) from reference.provider where provider_id = provider and day between valid_from and valid_to)
)
