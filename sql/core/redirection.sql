-- One redirected treatment with the hospital that sent it, as it was on the day, and the group of the service expected then.
-- A unit that no prefix knows stays as UNMAPPED: a treatment is never lost for want of a lookup.
with code_day as (
    select distinct expected_code, redirected_date from raw.redirections
),
-- The longest prefix wins; '-' stands for no code at all and '*' for every code that nothing else begins.
group_of_code as (
    select code_day.expected_code, code_day.redirected_date, service_group.service_group
    from code_day
    join reference.service_group as service_group
        on case
            when code_day.expected_code is null then service_group.code_prefix = '-'
            else service_group.code_prefix = '*' or starts_with(code_day.expected_code, service_group.code_prefix)
        end
        and code_day.redirected_date between service_group.valid_from and service_group.valid_to
    qualify row_number() over (
        partition by code_day.expected_code, code_day.redirected_date
        order by service_group.code_prefix = '*', length(service_group.code_prefix) desc
    ) = 1
)
select
    redirection.redirection_id,
    coalesce(link.person_id, redirection.person_id) as person_id,
    redirection.redirected_date,
    cast(date_trunc('month', redirection.redirected_date) as date) as month,
    redirection.unit_code,
    coalesce(hospital_of(redirection.unit_code, redirection.redirected_date), 'UNMAPPED') as hospital_code,
    redirection.provider_id,
    redirection.agreement_type,
    redirection.expected_code,
    group_of_code.service_group,
    redirection.purpose,
from raw.redirections as redirection
left join core.person_link as link on link.for_domain = 'redirection' and link.replaced_id = redirection.person_id
left join group_of_code
    on group_of_code.expected_code is not distinct from redirection.expected_code
    and group_of_code.redirected_date = redirection.redirected_date
