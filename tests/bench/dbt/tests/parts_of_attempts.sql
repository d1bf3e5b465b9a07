select 1 from {{ ref('response_time_cell') }} where within_limit > answered or answered + timeouts > attempts
