select 1 from {{ ref('attempt') }} where "Varighed ms" not between 0 and 86400000 or "Status" = 'OK' and "Varighed ms" is null
