-- The years that settlements cover whole, and whether anything of them may still come: a year is provisional until every month of it is
-- final. A mistyped year of a service makes none.
select
    cast(date_trunc('year', month) as date) as year,
    count(*) filter (is_delivered) as months_delivered,
    coalesce(string_agg(strftime(month, '%Y-%m'), ', ' order by month) filter (not is_delivered), '') as months_lacking,
    not bool_and(is_final) as is_provisional,
from coverage.kmf_settlements
group by all
having count(*) = 12
