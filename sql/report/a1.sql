-- Treatments redirected to private hospitals, month by month.
select month, treatments, persons, is_provisional, qf
from marts.redirection_monthly
where is_total and month <= $month
order by month
