-- The three newest months of each extract up to the report's: what arrived and whether it is all there.
select extract, month, records, quarantined, completeness_share, last_date, is_provisional, is_held
from meta.coverage
where month is not null and month <= $month
qualify row_number() over (partition by extract order by month desc) <= 3
order by extract, month desc
