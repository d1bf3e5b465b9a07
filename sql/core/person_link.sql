-- The person behind an id that was made of a number since replaced, for each domain that has ids of its own. A number may have been
-- replaced more than once: the last counts. Numbers that replace each other in a circle are nobody's and are left out. In the order of
-- the ids, which is another in each domain: no row tells whose another is.
with recursive link as (
    select 'redirection' as for_domain, redirection_replaced_id as replaced_id, redirection_person_id as person_id from raw.person_links
    union all
    select 'udredning', udredning_replaced_id, udredning_person_id from raw.person_links
    union all
    select 'kmf', kmf_replaced_id, kmf_person_id from raw.person_links
),
followed as (
    select for_domain, replaced_id, person_id, [person_id] as met from link
    union all
    select followed.for_domain, followed.replaced_id, link.person_id, list_append(followed.met, link.person_id)
    from followed
    join link on link.for_domain = followed.for_domain and link.replaced_id = followed.person_id
    where not list_contains(followed.met, link.person_id)
)
select distinct for_domain, replaced_id, person_id
from followed
where not exists (select 1 from link where link.for_domain = followed.for_domain and link.replaced_id = followed.person_id)
order by all
