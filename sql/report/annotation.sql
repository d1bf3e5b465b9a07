-- What somebody has noted on an indicator, of days up to the end of the report's month.
select indicator, subject, valid_from, valid_to, note, author, source
from reference.annotation
where valid_from <= last_day($month)
order by valid_from, valid_to, note, indicator, subject
