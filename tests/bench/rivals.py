"""The figures of response times by what one would use instead: bare DuckDB, pandas, Polars. Nothing is validated or kept.

    python tests/bench/rivals.py polars LANDING REFERENCE OUT

Stands alone: it runs in an environment of its own (requirements-rivals.txt) and writes the two marts to OUT.
"""

import sys
from pathlib import Path

ZONE = "Europe/Copenhagen"
CELL = """
    with alias as (from read_csv('{reference}/system_alias.csv')),
    maintenance as (from read_csv('{reference}/maintenance.csv')),
    attempt as (
        select
            alias.system_id,
            "Handling" as action,
            "Lokation" as location,
            started_at,
            "Status" = 'OK' and "Varighed ms" <= case "Klasse" when 'Tung' then 15000 else 3000 end as is_within,
            "Status" as status,
            maintenance.system_id is not null as is_maintenance,
        from (select *, timezone('Europe/Copenhagen', "Start (UTC)") as started_at from {records})
        join alias on lower(alias.alias) = lower("System")
        left join maintenance on maintenance.system_id = alias.system_id and started_at >= starts_at and started_at < ends_at
    )
    select
        cast(date_trunc('month', started_at) as date) as month,
        system_id,
        action,
        location,
        count(*) filter (not is_maintenance) as attempts,
        count(*) filter (not is_maintenance and is_within) as within_limit,
        count(*) filter (not is_maintenance and status = 'OK') as answered,
        count(*) filter (not is_maintenance and status = 'TIMEOUT') as timeouts,
        count(*) filter (is_maintenance) as maintenance_attempts,
        count(*) filter (is_maintenance and is_within) as maintenance_within,
    from attempt
    group by all"""
MONTHLY = """
    select
        month,
        system_id,
        round(avg(within_limit / attempts) filter (attempts > 0), 9) as compliance_share,
        round(sum(within_limit) / sum(attempts), 9) as pooled_share,
        round(sum(answered) / sum(attempts), 9) as availability_share,
        round(avg((within_limit + maintenance_within) / (attempts + maintenance_attempts)), 9) as compliance_with_maintenance_share,
        cast(sum(attempts) as bigint) as attempts,
        cast(sum(timeouts) as bigint) as timeouts,
        cast(sum(maintenance_attempts) as bigint) as maintenance_attempts,
        count(*) filter (attempts > 0) as cells_present,
        any_value(target.value) as sla_target,
        round(avg(within_limit / attempts) filter (attempts > 0), 9) >= any_value(target.value) as target_met,
    from {cell} as cell
    left join read_csv('{reference}/target.csv') as target
        on target.indicator = 'response_time_compliance' and target.subject = system_id and month between valid_from and valid_to
    group by month, system_id"""
LOCATION = """
    select
        month,
        system_id,
        location,
        round(avg(within_limit / attempts), 9) as compliance_share,
        cast(sum(attempts) as bigint) as attempts,
        cast(sum(within_limit) as bigint) as within_limit,
        cast(sum(timeouts) as bigint) as timeouts,
        count(*) as cells_present,
    from {cell} as cell
    where attempts > 0
    group by all"""
MARTS = {"response_time_monthly": MONTHLY, "response_time_location_monthly": LOCATION}


def by_duckdb(landing: Path, reference: Path, out: Path) -> None:
    import duckdb

    with duckdb.connect(config={"temp_directory": str(out), "memory_limit": "4GB"}) as con:
        con.execute("set preserve_insertion_order = false")
        raw, cell = f"'{out}/raw.parquet'", f"'{out}/cell.parquet'"
        con.execute(f"copy (from read_csv('{landing}/*.csv', delim = ';')) to {raw} (compression zstd)")
        con.execute(f"copy ({CELL.format(reference=reference, records=raw)}) to {cell}")
        for mart, sql in MARTS.items():
            con.execute(f"copy ({sql.format(reference=reference, cell=cell)}) to '{out / mart}.parquet'")


def by_pandas(landing: Path, reference: Path, out: Path) -> None:
    import pandas as pd

    alias = pd.read_csv(reference / "system_alias.csv")
    known = dict(zip(alias["alias"].str.lower(), alias["system_id"], strict=True))
    windows = pd.read_csv(reference / "maintenance.csv", parse_dates=["starts_at", "ends_at"])
    key, parts = ["month", "system_id", "action", "location"], []
    # A month at a time: all of them at once do not fit into memory.
    for file in sorted(landing.glob("*.csv")):
        raw = pd.read_csv(file, sep=";")
        started = pd.to_datetime(raw["Start (UTC)"], format="%Y-%m-%dT%H:%M:%SZ", utc=True).dt.tz_convert(ZONE).dt.tz_localize(None)
        system = raw["System"].str.lower().map(known)
        limit = raw["Klasse"].map({"Tung": 15000, "Standard": 3000})
        kept = pd.Series(False, index=raw.index)
        for window in windows.itertuples():
            kept |= (system == window.system_id) & (started >= window.starts_at) & (started < window.ends_at)
        answered = raw["Status"] == "OK"
        within = answered & (raw["Varighed ms"] <= limit)
        attempt = pd.DataFrame({
            "month": started.dt.to_period("M").dt.to_timestamp(), "system_id": system,
            "action": raw["Handling"], "location": raw["Lokation"],
            "attempts": ~kept, "within_limit": ~kept & within, "answered": ~kept & answered,
            "timeouts": ~kept & (raw["Status"] == "TIMEOUT"), "maintenance_attempts": kept, "maintenance_within": kept & within,
        })  # fmt: skip
        parts.append(attempt.groupby(key).sum())
    cell = pd.concat(parts).groupby(level=key).sum().reset_index()
    all_attempts = cell["attempts"] + cell["maintenance_attempts"]
    cell["with_maintenance"] = (cell["within_limit"] + cell["maintenance_within"]) / all_attempts
    cell["share"] = (cell["within_limit"] / cell["attempts"]).where(cell["attempts"] > 0)
    sums = ("attempts", "within_limit", "answered", "timeouts", "maintenance_attempts")
    means = {"compliance_share": ("share", "mean"), "cells_present": ("share", "count")} | {name: (name, "sum") for name in sums}
    month = cell.groupby(["month", "system_id"]).agg(compliance_with_maintenance_share=("with_maintenance", "mean"), **means).reset_index()
    month["pooled_share"] = (month["within_limit"] / month["attempts"]).round(9)
    month["availability_share"] = (month["answered"] / month["attempts"]).round(9)
    target = pd.read_csv(reference / "target.csv", parse_dates=["valid_from", "valid_to"])
    target = target[target["indicator"] == "response_time_compliance"].rename(columns={"subject": "system_id", "value": "sla_target"})
    month = month.round({"compliance_share": 9, "compliance_with_maintenance_share": 9})
    month = month.merge(target[["system_id", "sla_target"]], on="system_id", how="left")
    month["target_met"] = month["compliance_share"] >= month["sla_target"]
    month.to_parquet(out / "response_time_monthly.parquet")
    place = cell[cell["attempts"] > 0].groupby(["month", "system_id", "location"]).agg(**means).reset_index()
    place.round({"compliance_share": 9}).to_parquet(out / "response_time_location_monthly.parquet")


def by_polars(landing: Path, reference: Path, out: Path) -> None:
    import polars as pl

    alias = pl.read_csv(reference / "system_alias.csv").select(pl.col("alias").str.to_lowercase(), "system_id")
    windows = pl.read_csv(reference / "maintenance.csv", try_parse_dates=True)
    started = pl.col("Start (UTC)").str.to_datetime("%Y-%m-%dT%H:%M:%SZ").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    kept = pl.any_horizontal(
        (pl.col("system_id") == w["system_id"]) & (pl.col("started_at") >= w["starts_at"]) & (pl.col("started_at") < w["ends_at"])
        for w in windows.to_dicts()
    )
    answered = pl.col("Status") == "OK"
    within = answered & (pl.col("Varighed ms") <= pl.when(pl.col("Klasse") == "Tung").then(15000).otherwise(3000))
    cell = (
        pl.scan_csv(landing / "*.csv", separator=";")
        .with_columns(pl.col("System").str.to_lowercase().alias("alias"), started.dt.replace_time_zone(None).alias("started_at"))
        .join(alias.lazy(), on="alias")
        .with_columns(kept.alias("kept"), within.alias("within"))
        .group_by(
            pl.col("started_at").dt.truncate("1mo").dt.date().alias("month"), "system_id",
            pl.col("Handling").alias("action"), pl.col("Lokation").alias("location"),
        )
        .agg(
            attempts=(~pl.col("kept")).sum(), within_limit=(~pl.col("kept") & pl.col("within")).sum(),
            answered=(~pl.col("kept") & answered).sum(), timeouts=(~pl.col("kept") & (pl.col("Status") == "TIMEOUT")).sum(),
            maintenance_attempts=pl.col("kept").sum(), maintenance_within=(pl.col("kept") & pl.col("within")).sum(),
        )
        .with_columns(pl.selectors.unsigned_integer().cast(pl.Int64))
        .collect(engine="streaming")
    )  # fmt: skip
    share = pl.col("within_limit") / pl.col("attempts")
    has_some = pl.col("attempts") > 0
    everything = pl.col("attempts") + pl.col("maintenance_attempts")
    target = pl.read_csv(reference / "target.csv").filter(pl.col("indicator") == "response_time_compliance")
    cell.group_by("month", "system_id").agg(
        compliance_share=share.filter(has_some).mean().round(9),
        pooled_share=(pl.col("within_limit").sum() / pl.col("attempts").sum()).round(9),
        availability_share=(pl.col("answered").sum() / pl.col("attempts").sum()).round(9),
        compliance_with_maintenance_share=((pl.col("within_limit") + pl.col("maintenance_within")) / everything).mean().round(9),
        attempts=pl.col("attempts").sum(), timeouts=pl.col("timeouts").sum(),
        maintenance_attempts=pl.col("maintenance_attempts").sum(), cells_present=has_some.sum(),
    ).join(target.select(system_id="subject", sla_target="value"), on="system_id", how="left").with_columns(
        target_met=pl.col("compliance_share") >= pl.col("sla_target")
    ).write_parquet(out / "response_time_monthly.parquet")  # fmt: skip
    cell.filter(has_some).group_by("month", "system_id", "location").agg(
        compliance_share=share.mean().round(9), attempts=pl.col("attempts").sum(), within_limit=pl.col("within_limit").sum(),
        timeouts=pl.col("timeouts").sum(), cells_present=pl.len(),
    ).write_parquet(out / "response_time_location_monthly.parquet")  # fmt: skip


if __name__ == "__main__":
    ways = {"duckdb": by_duckdb, "pandas": by_pandas, "polars": by_polars}
    ways[sys.argv[1]](*map(Path, sys.argv[2:5]))
