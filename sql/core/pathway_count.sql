-- Ended pathways of the right to diagnosis counted per month of the stop, sector and hospital, and per sector (is_total; seed
-- L119-153): how many kept the limit by gross days (the law's) and by net days (without what the patient asked for), how complete the
-- registration is beside it, and how many persons stand behind each number. A hospital that closed referrals and registered no
-- pathway has a row that says so. Hospitals are counted once the month is final.
with covered as (
    select cast(max(known_until) as date) as until_date from coverage.pathways
),
-- A month is of the series once pathways cover it, and final once everything it stands on is.
final_month as (
    select month from coverage.pathways where is_final
    intersect
    select month from coverage.pathway_pauses where is_final
    intersect
    select month from coverage.referrals where is_final
),
hospital as (
    select
        was.hospital_code,
        was.hospital_name,
        was.sector,
        coalesce(successor.hospital_code, was.hospital_code) as hospital_now_code,
        coalesce(successor.hospital_name, was.hospital_name) as hospital_now_name,
    from reference.hospital as was
    cross join covered
    left join reference.hospital as successor
        on successor.hospital_code = was.successor_code
        and was.succeeded_date <= covered.until_date
),
-- A pathway registered without a sector cannot be judged; it is counted as ended under the sector of its hospital.
ended as (
    select
        pathway.month,
        coalesce(pathway.sector, hospital.sector) as sector,
        pathway.hospital_code,
        pathway.person_id,
        pathway.defect,
        case when pathway.defect is null then pathway.limit_days end as limit_days,
        pathway.is_within_gross,
        pathway.is_within_net,
        pathway.has_reason,
        case when pathway.limit_days is not null then
            case sector.headline when 'net' then pathway.net_days else pathway.gross_days end
        end as headline_days,
        case sector.headline when 'net' then pathway.is_within_net else pathway.is_within_gross end as is_within,
    from core.pathway as pathway
    join hospital on hospital.hospital_code = pathway.hospital_code
    join reference.sector as sector on sector.sector = coalesce(pathway.sector, hospital.sector)
    where pathway.is_ended
),
pathways as (
    select
        month,
        sector,
        hospital_code,
        grouping(hospital_code) = 1 as is_total,
        count(*) filter (limit_days is not null or defect is not null) as ended,
        count(*) filter (limit_days is not null) as pathways,
        count(*) filter (is_within_gross) as within_limit_gross,
        count(*) filter (is_within_net) as within_limit_net,
        count(*) filter (defect is null and limit_days is null) as without_limit,
        count(*) filter (not is_within and has_reason) as over_with_reason,
        count(*) filter (not is_within and not has_reason) as over_without_reason,
        median(headline_days) as median_days,
        quantile_disc(headline_days, 0.9) as p90_days,
        count(distinct limit_days) as limits,
        count(distinct person_id) filter (limit_days is not null) as persons,
        count(distinct person_id) filter (limit_days is not null or defect is not null) as persons_ended,
        count(distinct person_id) filter (defect is not null) as persons_with_defect,
        count(distinct person_id) filter (is_within_gross) as persons_within_gross,
        count(distinct person_id) filter (is_within_net) as persons_within_net,
        count(distinct person_id) filter (not is_within_gross) as persons_over_gross,
        count(distinct person_id) filter (not is_within_net) as persons_over_net,
        count(distinct person_id) filter (is_within_net and not is_within_gross) as persons_waited_by_wish,
        count(distinct person_id) filter (defect is null and limit_days is null) as persons_without_limit,
        count(distinct person_id) filter (not is_within and has_reason) as persons_with_reason,
        count(distinct person_id) filter (not is_within and not has_reason) as persons_without_reason,
    from ended
    group by grouping sets ((month, sector, hospital_code), (month, sector))
),
-- Persons on the smaller side of a median and a percentile.
beside as (
    select
        pathways.month,
        pathways.sector,
        pathways.hospital_code,
        pathways.is_total,
        least(
            count(distinct ended.person_id) filter (ended.headline_days <= pathways.median_days),
            count(distinct ended.person_id) filter (ended.headline_days >= pathways.median_days)
        ) as persons_beside_median,
        least(
            count(distinct ended.person_id) filter (ended.headline_days <= pathways.p90_days),
            count(distinct ended.person_id) filter (ended.headline_days >= pathways.p90_days)
        ) as persons_beside_p90,
    from pathways
    join ended
        on ended.month = pathways.month
        and ended.sector = pathways.sector
        and (pathways.is_total or ended.hospital_code = pathways.hospital_code)
    group by all
),
referrals as (
    select
        month,
        sector,
        hospital_code,
        grouping(hospital_code) = 1 as is_total,
        count(*) as referrals,
        count(distinct person_id) as referral_persons,
    from core.referral
    group by grouping sets ((month, sector, hospital_code), (month, sector))
),
-- A row for each that closed a referral or ended a pathway: who registers nothing is seen.
expected as (
    select month, sector, hospital_code, is_total from pathways
    union
    select month, sector, hospital_code, is_total from referrals
),
counted as (
    select
        expected.*,
        coalesce(pathways.ended, 0) as ended,
        coalesce(pathways.pathways, 0) as pathways,
        coalesce(pathways.within_limit_gross, 0) as within_limit_gross,
        coalesce(pathways.within_limit_net, 0) as within_limit_net,
        coalesce(pathways.without_limit, 0) as without_limit,
        coalesce(pathways.over_with_reason, 0) as over_with_reason,
        coalesce(pathways.over_without_reason, 0) as over_without_reason,
        coalesce(pathways.over_with_reason + pathways.over_without_reason, 0) as over_limit,
        pathways.* exclude (
            month, sector, hospital_code, is_total, ended, pathways, within_limit_gross, within_limit_net, without_limit, over_with_reason,
            over_without_reason
        ),
        coalesce(referrals.referrals, 0) as referrals,
        referrals.referral_persons,
        -- While many pathways began before there was a limit, the referrals closed are no measure of those that have one. A number too
        -- small to be told decides nothing that is told.
        coalesce(
            10 * pathways.without_limit > pathways.pathways
            and pathways.persons_without_limit >= disclosure_threshold(expected.month),
            false
        ) as has_no_measure,
        beside.persons_beside_median,
        beside.persons_beside_p90,
        final_month.month is null as is_provisional,
        headline.headline,
    from expected
    join coverage.pathways as covered on covered.month = expected.month
    left join final_month on final_month.month = expected.month
    join reference.sector as headline on headline.sector = expected.sector
    left join pathways
        on pathways.month = expected.month
        and pathways.sector = expected.sector
        and pathways.hospital_code is not distinct from expected.hospital_code
    left join beside
        on beside.month = expected.month
        and beside.sector = expected.sector
        and beside.hospital_code is not distinct from expected.hospital_code
    left join referrals
        on referrals.month = expected.month
        and referrals.sector = expected.sector
        and referrals.hospital_code is not distinct from expected.hospital_code
)
select
    counted.month,
    counted.sector,
    coalesce(counted.hospital_code, 'ALL') as hospital_code,
    coalesce(hospital.hospital_name, 'Alle hospitaler') as hospital_name,
    coalesce(hospital.hospital_now_code, 'ALL') as hospital_now_code,
    coalesce(hospital.hospital_now_name, 'Alle hospitaler') as hospital_now_name,
    counted.is_total,
    counted.pathways,
    counted.within_limit_gross,
    counted.within_limit_net,
    round(counted.within_limit_gross / nullif(counted.pathways, 0), 9) as within_limit_gross_share,
    round(counted.within_limit_net / nullif(counted.pathways, 0), 9) as within_limit_net_share,
    case counted.headline
        when 'net' then round(counted.within_limit_net / nullif(counted.pathways, 0), 9)
        else round(counted.within_limit_gross / nullif(counted.pathways, 0), 9)
    end as within_limit_share,
    round(counted.median_days, 9) as median_days,
    cast(counted.p90_days as double) as p90_days,
    counted.over_with_reason,
    counted.over_without_reason,
    counted.without_limit,
    counted.ended,
    counted.referrals,
    counted.volume_share as completeness_volume_share,
    round(counted.pathways / nullif(counted.ended, 0), 9) as completeness_fields_share,
    round(counted.over_with_reason / nullif(counted.over_limit, 0), 9) as completeness_reason_share,
    case
        when counted.volume_share >= counted.ok_share then 'ok'
        when counted.volume_share >= counted.caution_share then 'varsomhed'
        when counted.volume_share is not null then 'lav'
    end as completeness_band,
    counted.is_provisional,
    concat(
        case when counted.limits > 1 then 'b' else '' end,
        case when counted.is_provisional then 'p' else '' end,
        case when counted.has_no_measure then 'z' else '' end
    ) as qf,
    counted.headline,
    counted.ended - counted.pathways as defective,
    counted.pathways - counted.within_limit_gross as over_limit_gross,
    counted.pathways - counted.within_limit_net as over_limit_net,
    counted.within_limit_net - counted.within_limit_gross as waited_by_wish,
    -- Persons behind each number; NULL where it describes nobody.
    nullif(counted.persons_ended, 0) as persons_ended,
    nullif(counted.persons, 0) as persons,
    case when counted.pathways > 0 then counted.persons_within_gross end as persons_within_gross,
    case when counted.pathways > 0 then counted.persons_within_net end as persons_within_net,
    case when counted.pathways > 0 then counted.persons_over_gross end as persons_over_gross,
    case when counted.pathways > 0 then counted.persons_over_net end as persons_over_net,
    nullif(counted.persons_waited_by_wish, 0) as persons_waited_by_wish,
    nullif(counted.persons_with_reason, 0) as persons_with_reason,
    nullif(counted.persons_without_reason, 0) as persons_without_reason,
    nullif(counted.persons_with_defect, 0) as persons_with_defect,
    nullif(counted.persons_without_limit, 0) as persons_without_limit,
    nullif(counted.referral_persons, 0) as persons_referred,
    counted.persons_beside_median,
    counted.persons_beside_p90,
from (
    select
        *,
        case when not has_no_measure then round(pathways / nullif(referrals, 0), 9) end as volume_share,
        in_force('completeness_ok', 'ALL', month) as ok_share,
        in_force('completeness_caution', 'ALL', month) as caution_share,
    from counted
) as counted
left join hospital on hospital.hospital_code = counted.hospital_code
where counted.ok_share is not null
    and counted.caution_share is not null
    and (counted.is_total or not counted.is_provisional)
order by all
