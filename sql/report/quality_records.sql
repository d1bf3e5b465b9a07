-- Records of each extract: read, and what became of them.
select
    receipt.extract,
    cast(sum(parse.records) as bigint) as records,
    cast(sum(parse.accepted) as bigint) as accepted,
    cast(sum(parse.quarantined) as bigint) as quarantined,
    round(sum(parse.quarantined) / nullif(sum(parse.records - parse.ignored), 0), 9) as quarantined_share,
    cast(sum(parse.ignored) as bigint) as ignored,
from meta.receipt as receipt
join meta.parse as parse using (parse_id)
group by receipt.extract
order by receipt.extract
