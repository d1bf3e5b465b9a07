select 1 from {{ ref('response_time_cell') }}
having sum(attempts + maintenance_attempts) <> (select count(*) from {{ ref('attempt') }})
