-- Treatments redirected to private hospitals, month by month up to the newest final one.
select month, treatments, persons, is_provisional, qf, qf_columns
from marts.redirection_monthly
where month <= $month
qualify month <= max(month) filter (not is_provisional) over ()
order by month
