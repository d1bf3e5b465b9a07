-- Treatments redirected to private hospitals, month by month.
select month, treatments, persons, is_provisional, qf, qf_columns
from marts.redirection_monthly
where month <= $month
order by month
