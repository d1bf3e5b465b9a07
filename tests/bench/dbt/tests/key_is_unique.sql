select "System" from {{ ref('attempt') }} group by "System", "Handling", "Lokation", "Start (UTC)" having count(*) > 1
