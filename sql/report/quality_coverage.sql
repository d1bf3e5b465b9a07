-- The three newest months of each extract up to the report's: what arrived and whether it is all there.
select
    extract,
    month,
    case when count(records) = count(*) then sum(records) end as records,
    case when count(quarantined) = count(*) then sum(quarantined) end as quarantined,
    case when count(completeness_share) = count(*) then round(sum(accepted) / nullif(sum(records), 0), 9) end as completeness_share,
    max(last_date) as last_date,
    bool_or(is_provisional) as is_provisional,
    bool_or(is_held) as is_held,
from meta.coverage
where month is not null and month <= $month and state <> 'outside'
group by extract, month
qualify row_number() over (partition by extract order by month desc) <= 3
order by extract, month desc
