"""The invented extracts of the patients' benchmark, and the bare script of the same figures: one query a table."""

# The birthday and serial number of person `p`, valid as a date; half a million people share a serial number.
PERSON = "printf('%02d%02d%02d%04d', {p} % 28 + 1, {p} // 28 % 12 + 1, {p} // 336 % 100, {p} // 33600 % 4000)"
UNIT = "['1301', '1309', '1401', '1330', '1351', '1501', '1516', '1502', '2000', '4001'][cast({h} % 10 + 1 as int)] || '010'"


def _person(seed: str) -> str:
    return PERSON.format(p=f"cast({seed} % {{people}} as bigint)")


# Extract: begin of the file's name, its number of records as a share of the pathways, records of one month.
FILES = {
    "pathways": ("udredning", 1, f"""
        with pathway as (
            select
                printf('F%08d', {{month}} * {{n}} + i) as "Forløb",
                {_person("hash(i, {month})")} as "CPR",
                case when i % 200 = 0 then null when i % 8 = 0 then 'Psykiatri' else 'Somatik' end as "Sektor",
                case when i % 8 = 0 then '1500010' when i % 150 = 1 then '9999010' else {UNIT.format(h="hash(i, 1)")} end as "Afsnit",
                received as "Henvisning modtaget",
                case when i % 20 <> 3 then cast(received + cast(hash(i, 2) % 75 - if(i % 300 = 5, 90, 0) as int) as date) end
                    as "Udredning slut",
                case when i % 20 <> 3 then case when hash(i, 3) % 20 = 0 then 'UDR-OPHØRT' else 'UDR-SLUT' end end as "Slutkode",
                ['FAGLIG', 'PATIENT', 'AFSLAG', 'KAPACITET', null][cast(hash(i, 4) % 5 + 1 as int)] as "Årsag",
                received + interval 80 day as "Registreret",
            from (
                select i, cast(date '2014-01-01' + interval ({{month}}) month + interval (i % 28) day as date) as received
                from range({{n}}) as t(i)
            )
        )
        from pathway
        union all
        select
            * replace (
                cast(null as date) as "Udredning slut",
                cast(null as varchar) as "Slutkode",
                "Henvisning modtaget" + interval 1 day as "Registreret"
            )
        from pathway
        where hash("Forløb") % 20 = 0"""),
    "pathway_pauses": ("pauser", 1, """
        select
            printf('P%08d', {month} * {n} + i) as "Pause",
            printf('F%08d', {month} * {n} + i // 3) as "Forløb",
            case when hash(i) % 3 = 0 then 'Klinisk' else 'Patientens ønske' end as "Type",
            began as "Fra",
            cast(began + cast(1 + hash(i, 5) % 20 as int) as date) as "Til",
            began + interval 30 day as "Registreret",
        from (
            select i, cast(date '2014-01-01' + interval ({month}) month + interval (i // 3 % 28 + hash(i, 6) % 40 - 5) day as date) as began
            from range({n}) as t(i)
        )"""),
    "referrals": ("henvisninger", 0.5, f"""
        select
            printf('H%08d', {{month}} * {{n}} + i) as "Henvisning",
            {_person("hash(i, {month}, 7)")} as "CPR",
            case when i % 8 = 0 then 'Psykiatri' else 'Somatik' end as "Sektor",
            case when i % 8 = 0 then '1500010' else {UNIT.format(h="hash(i, 8)")} end as "Afsnit",
            cast(date '2014-01-01' + interval ({{month}}) month + interval (i % 28) day as date) as "Lukket",
        from range({{n}}) as t(i)"""),
    "redirections": ("omvisiteringer", 0.5, f"""
        select
            printf('O%07d', {{month}} * {{n}} + i) as "Omvisitering",
            {_person("hash(i, {month}, 9)")} as "CPR-nummer",
            cast(redirected - cast(hash(i) % 30 as int) as date) as "Henvist dato",
            redirected as "Omvisiteret dato",
            case when i % 150 = 1 then '9999010' else {UNIT.format(h="hash(i, 10)")} end as "Henvisende afsnit",
            printf('P%03d', cast(1 + sqrt(hash(i, 11) % 2704) as int)) as "Modtager-id",
            case when hash(i, 12) % 10 < 4 then 'Udvidet frit sygehusvalg' else 'Regionens aftale' end as "Aftale",
            ['UXRC', 'KCFA10', 'KDAB', 'KEMB10', 'KAAA', 'KKCH', 'KJAB', 'ZZ1', null][cast(hash(i, 13) % 9 + 1 as int)]
                as "Forventet ydelse",
            ['Udredning', 'Behandling', 'Diagnostik'][cast(hash(i, 14) % 3 + 1 as int)] as "Formål",
        from (
            select i, cast(date '2014-01-01' + interval ({{month}}) month + interval (i % 28) day as date) as redirected
            from range({{n}}) as t(i)
        )"""),
}  # fmt: skip


def _read(extract: str, *texts: str) -> str:
    """A supplier's files as one table; codes of digits alone stay texts."""
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in texts)
    form = f"delim = ';', dateformat = '%d-%m-%Y', timestampformat = '%d-%m-%Y %H:%M', types = {{{{{types}}}}}"
    return f"select * from read_csv('{{data}}/landing/{extract}/*.csv', {form})"


COVERED = "(select cast(max(registered_at) as date) from pathway)"
SCRIPT = {
    "redirections": _read("redirections", "CPR-nummer", "Henvisende afsnit"),
    "pathways": _read("pathways", "CPR", "Afsnit"),
    "pauses": _read("pathway_pauses", "Pause"),
    "referrals": _read("referrals", "CPR", "Afsnit"),
    "redirection": """
        select
            cast(date_trunc('month', "Omvisiteret dato") as date) as month,
            "CPR-nummer" as person,
            coalesce(hospital_code, 'UNMAPPED') as hospital_code,
            "Modtager-id" as provider_id,
            case "Aftale" when 'Regionens aftale' then 'REGION_OWN' else 'DUF' end as agreement_type,
            case
                when "Forventet ydelse" is null then 'UDEN_KODE'
                else coalesce(short.service_group, long.service_group, 'ØVRIGE')
            end as service_group,
        from redirections
        left join read_csv('{reference}/unit.csv', types = {{'unit_prefix': 'VARCHAR'}}) as unit
            on unit_prefix = left("Henvisende afsnit", 4) and "Omvisiteret dato" between unit.valid_from and unit.valid_to
        left join read_csv('{reference}/service_group.csv') as short on short.code_prefix = left("Forventet ydelse", 2)
        left join read_csv('{reference}/service_group.csv') as long on long.code_prefix = left("Forventet ydelse", 3)""",
    "redirection_monthly": """
        select month, count(*) as treatments, count(distinct person) as persons from redirection group by month""",
    "redirection_by_agreement": """
        select month, agreement_type, count(*) as treatments,
            round(count(*) / sum(count(*)) over (partition by month), 9) as treatments_share,
        from redirection
        group by month, agreement_type""",
    "redirection_by_hospital": """
        select month, hospital_code, count(*) as treatments,
            round(count(*) / sum(count(*)) over (partition by month), 9) as treatments_share,
        from redirection
        group by month, hospital_code""",
    "redirection_by_service_group": """
        with counted as (select month, service_group, count(*) as treatments from redirection group by all)
        select month, service_group, treatments,
            round(treatments / sum(treatments) over (partition by month), 9) as treatments_share,
            case when month >= '2015-01-01' then coalesce((
                select before.treatments from counted as before
                where before.service_group = counted.service_group and before.month = counted.month - interval 1 year
            ), 0) end as treatments_year_before,
        from counted""",
    "redirection_by_provider": """
        with counted as (
            select month as month, provider_id, count(*) as treatments,
                count(distinct person) >= 5
                    and row_number() over (partition by month order by count(*) desc, provider_id) <= 10 as is_named,
            from redirection
            group by month, provider_id
        )
        select month, case when is_named then provider_id else 'ØVRIGE' end as provider_id,
            cast(sum(treatments) as bigint) as treatments,
            round(sum(treatments) / sum(sum(treatments)) over (partition by month), 9) as treatments_share,
            count(*) as providers,
        from counted
        group by month, case when is_named then provider_id else 'ØVRIGE' end""",
    "redirection_by_provider_quarterly": """
        with counted as (
            select cast(date_trunc('quarter', month) as date) as quarter, provider_id, count(*) as treatments,
                count(distinct person) >= 5 and row_number() over (
                    partition by cast(date_trunc('quarter', month) as date) order by count(*) desc, provider_id
                ) <= 10 as is_named,
            from redirection
            group by cast(date_trunc('quarter', month) as date), provider_id
        )
        select quarter, case when is_named then provider_id else 'ØVRIGE' end as provider_id,
            cast(sum(treatments) as bigint) as treatments,
            round(sum(treatments) / sum(sum(treatments)) over (partition by quarter), 9) as treatments_share,
            count(*) as providers,
        from counted
        group by quarter, case when is_named then provider_id else 'ØVRIGE' end""",
    "redirection_hospital_service_quarterly": """
        with counted as (
            select cast(date_trunc('quarter', month) as date) as quarter, hospital_code, service_group, count(*) as treatments
            from redirection
            group by all
        )
        select quarter, hospital_code, service_group, coalesce(treatments, 0) as treatments,
        from (select distinct quarter, hospital_code from counted)
        join (select distinct quarter, service_group from counted) using (quarter)
        left join counted using (quarter, hospital_code, service_group)""",
    "redirection_hospital_provider_quarterly": """
        with placed as (
            select cast(date_trunc('quarter', month) as date) as quarter, hospital_code,
                coalesce(named.provider_id, 'ØVRIGE') as provider_id,
            from redirection
            left join redirection_by_provider_quarterly as named
                on named.quarter = date_trunc('quarter', redirection.month) and named.provider_id = redirection.provider_id
        ),
        counted as (select quarter, hospital_code, provider_id, count(*) as treatments from placed group by all)
        select quarter, hospital_code, provider_id, coalesce(treatments, 0) as treatments,
        from (select distinct quarter, hospital_code from counted)
        join (select distinct quarter, provider_id from counted) using (quarter)
        left join counted using (quarter, hospital_code, provider_id)""",
    "pathway": """
        with last as (
            from pathways qualify row_number() over (partition by "Forløb" order by "Registreret" desc) = 1
        ),
        pause as (
            select pauses."Forløb", greatest("Fra", "Henvisning modtaget") as begins, least("Til", "Udredning slut") as ends,
            from pauses
            join last on last."Forløb" = pauses."Forløb"
            where "Type" = 'Patientens ønske' and "Fra" < "Udredning slut" and "Til" > "Henvisning modtaget"
        ),
        paused as (
            select "Forløb", sum(greatest(days, 0)) as days
            from (
                select "Forløb", ends - greatest(begins, coalesce(max(ends) over (
                    partition by "Forløb" order by begins, ends rows between unbounded preceding and 1 preceding
                ), begins)) as days
                from pause
            )
            group by all
        ),
        placed as (
            select
                "CPR" as person,
                case "Sektor" when 'Psykiatri' then 'PSY' when 'Somatik' then 'SOM' end as sector,
                coalesce(hospital_code, 'UNMAPPED') as hospital_code,
                "Henvisning modtaget" as received,
                "Udredning slut" as stopped,
                "Slutkode" = 'UDR-SLUT' as is_ended,
                "Årsag" is not null as has_reason,
                "Udredning slut" < "Henvisning modtaget" or "Sektor" is null or hospital_code is null as is_defect,
                stopped - received as gross,
                gross - coalesce(paused.days, 0) as net,
                case when sector = 'SOM' or received >= '2015-09-01' then 30 when received >= '2014-09-01' then 60 end as days,
                "Registreret" as registered_at,
            from last
            left join read_csv('{reference}/unit.csv', types = {{'unit_prefix': 'VARCHAR'}}) as unit
                on unit_prefix = left("Afsnit", 4) and coalesce("Udredning slut", "Henvisning modtaget") between valid_from and valid_to
            left join paused on paused."Forløb" = last."Forløb"
        )
        select *, not is_defect and gross <= days as within_gross, not is_defect and net <= days as within_net,
            coalesce(is_defect, false) as defect,
        from placed""",
    "referral": """
        select case "Sektor" when 'Psykiatri' then 'PSY' else 'SOM' end as sector, hospital_code,
            cast(date_trunc('month', "Lukket") as date) as month,
        from referrals
        left join read_csv('{reference}/unit.csv', types = {{'unit_prefix': 'VARCHAR'}}) as unit
            on unit_prefix = left("Afsnit", 4) and "Lukket" between valid_from and valid_to""",
    "pathway_count": f"""
        with ended as (
            select cast(date_trunc('month', stopped) as date) as month, coalesce(pathway.sector, hospital.sector) as sector,
                hospital_code, defect, not defect and days is not null as is_judged, days, within_gross, within_net, has_reason,
                case when is_judged then case coalesce(pathway.sector, hospital.sector) when 'SOM' then net else gross end end as waited,
                case when is_judged then case coalesce(pathway.sector, hospital.sector) when 'SOM' then within_net else within_gross end end
                    as is_within,
            from pathway
            join read_csv('{{reference}}/hospital.csv') as hospital using (hospital_code)
            where is_ended
        ),
        counted as (
            select month, sector, coalesce(hospital_code, 'ALL') as hospital_code,
                count(*) filter (is_judged) as pathways,
                count(*) filter (is_judged and within_gross) as within_limit_gross,
                count(*) filter (is_judged and within_net) as within_limit_net,
                round(median(waited), 9) as median_days,
                round(quantile_disc(waited, 0.9), 9) as p90_days,
                count(*) filter (not is_within and has_reason) as over_with_reason,
                count(*) filter (not is_within and not has_reason) as over_without_reason,
                count(*) filter (not defect and days is null) as without_limit,
                count(*) filter (is_judged or defect) as ended,
            from ended
            group by grouping sets ((month, sector, hospital_code), (month, sector))
            qualify sum(pathways + without_limit) over (partition by month, sector) > 0
        ),
        referred as (
            select month, sector, coalesce(hospital_code, 'ALL') as hospital_code, count(*) as referrals
            from referral
            group by grouping sets ((month, sector, hospital_code), (month, sector))
        )
        select counted.*, coalesce(referrals, 0) as referrals,
            round(within_limit_gross / nullif(pathways, 0), 9) as within_limit_gross_share,
            round(within_limit_net / nullif(pathways, 0), 9) as within_limit_net_share,
            case when 10 * without_limit <= pathways then round(pathways / nullif(coalesce(referrals, 0), 0), 9) end
                as completeness_volume_share,
            round(pathways / nullif(ended, 0), 9) as completeness_fields_share,
            round(over_with_reason / nullif(over_with_reason + over_without_reason, 0), 9) as completeness_reason_share,
        from counted
        left join referred using (month, sector, hospital_code)
        where hospital_code = 'ALL' or month + interval 3 month - interval 1 day <= {COVERED}""",
    "udredning_monthly": "select * exclude (hospital_code) from pathway_count where hospital_code = 'ALL'",
    "udredning_by_hospital": "select * from pathway_count where hospital_code <> 'ALL'",
    "completeness_monthly": """
        select month, sector, 'volume' as completeness, completeness_volume_share as share from udredning_monthly
        union all
        select month, sector, 'fields', completeness_fields_share from udredning_monthly
        union all
        select month, sector, 'reason', completeness_reason_share from udredning_monthly""",
    "completeness_by_hospital": """
        select month, sector, hospital_code, 'volume' as completeness, completeness_volume_share as share from udredning_by_hospital
        union all
        select month, sector, hospital_code, 'fields', completeness_fields_share from udredning_by_hospital
        union all
        select month, sector, hospital_code, 'reason', completeness_reason_share from udredning_by_hospital""",
    "pathway_open_count": f"""
        with waiting as (
            select month, last_date, sector, hospital_code, last_date - received > days as is_over, days is null as is_without,
            from (
                select distinct cast(date_trunc('month', received) as date) as month,
                    cast(month + interval 1 month - interval 1 day as date) as last_date,
                from pathway
            )
            join pathway on received <= last_date and coalesce(stopped > last_date, true)
            where sector is not null
        )
        select month, sector, coalesce(hospital_code, 'ALL') as hospital_code,
            count(*) filter (not is_without) as open_pathways,
            count(*) filter (is_over) as open_over_limit,
            count(*) filter (is_without) as without_limit,
        from waiting
        group by grouping sets ((month, sector, hospital_code), (month, sector))
        having month + interval 1 month - interval 1 day <= {COVERED}
            and (grouping(hospital_code) = 1 or month + interval 3 month - interval 1 day <= {COVERED})""",
    "udredning_open_monthly": "select * exclude (hospital_code) from pathway_open_count where hospital_code = 'ALL'",
    "udredning_open_by_hospital": "select * from pathway_open_count where hospital_code <> 'ALL'",
}  # fmt: skip
# What of each mart is compared: its key, then its measures, and the qualifier that says where ours withholds.
KEYS = {
    "redirection_monthly": 1, "redirection_by_agreement": 2, "redirection_by_hospital": 2, "redirection_by_service_group": 2,
    "redirection_by_provider": 2, "redirection_by_provider_quarterly": 2, "redirection_hospital_service_quarterly": 3,
    "redirection_hospital_provider_quarterly": 3, "udredning_monthly": 2, "udredning_by_hospital": 3, "udredning_open_monthly": 2,
    "udredning_open_by_hospital": 3, "completeness_monthly": 3, "completeness_by_hospital": 4,
}  # fmt: skip
_ENDED = (
    "pathways, within_limit_gross, within_limit_net, within_limit_gross_share, within_limit_net_share, median_days, p90_days,"
    " over_with_reason, over_without_reason, without_limit, ended, referrals, completeness_volume_share, completeness_fields_share,"
    " completeness_reason_share"
)
FIGURES = {
    "redirection_monthly": "month, treatments, persons",
    "redirection_by_agreement": "month, agreement_type, treatments, treatments_share",
    "redirection_by_hospital": "month, hospital_code, treatments, treatments_share",
    "redirection_by_service_group": "month, service_group, treatments, treatments_share, treatments_year_before",
    "redirection_by_provider": "month, provider_id, treatments, treatments_share, providers",
    "redirection_by_provider_quarterly": "quarter, provider_id, treatments, treatments_share, providers",
    "redirection_hospital_service_quarterly": "quarter, hospital_code, service_group, treatments",
    "redirection_hospital_provider_quarterly": "quarter, hospital_code, provider_id, treatments",
    "udredning_monthly": f"month, sector, {_ENDED}",
    "udredning_by_hospital": f"month, sector, hospital_code, {_ENDED}",
    "udredning_open_monthly": "month, sector, open_pathways, open_over_limit, without_limit",
    "udredning_open_by_hospital": "month, sector, hospital_code, open_pathways, open_over_limit, without_limit",
    "completeness_monthly": "month, sector, completeness, share",
    "completeness_by_hospital": "month, sector, hospital_code, completeness, share",
}
STAGE = {
    table: "read pathway_pauses" if table == "pauses" else f"{'marts' if table in FIGURES else 'core'}.{table}" for table in SCRIPT
} | {table: f"read {table}" for table in ("redirections", "pathways", "referrals")}
