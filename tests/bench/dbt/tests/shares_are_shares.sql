select 1 from {{ ref('response_time_monthly') }} where compliance_share not between 0 and 1 or pooled_share not between 0 and 1
union all
select 1 from {{ ref('response_time_location_monthly') }} where compliance_share not between 0 and 1
