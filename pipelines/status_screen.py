"""A run or a status on one screen: what came of it, what needs a person and how to go on."""

import shutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.show import console, escape

# The rest of what is worth a look is yellow.
RED = ("held domain", "failing figures", "held delivery", "damaged", "cannot be used")
LEFT = "left in landing"
# The mart with a row for each figure that has a target, where it holds any.
FIRST_MART = "marts.kpi_monthly"
FILES_SHOWN = 10
NEXT = (
    ('query "select * from {mart}"', "the figures"),
    ("quarantine --records", "which files and records were refused, and why"),
    ("ui", "the assets, their lineage and this run in Dagster"),
)


def summary(facts: dict[str, Any], data: Path) -> None:
    """A run or a status on one screen."""
    out = console()
    deliveries, records, checks = facts["deliveries"], facts["records"], facts["checks"]
    took = f", finished in {facts['seconds']:.0f} s" if facts.get("seconds") is not None else ""
    clock = f" by {facts['clock']}" if facts.get("clock") else ""
    out.print(f"[bold]ventetal[/] as of {facts['as_of']:%Y-%m-%d %H:%M}{clock}{took}\n")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    if facts.get("seconds") is not None:
        refused = len(deliveries["refused_tonight"])
        grid.add_row("Deliveries", f"{deliveries['arrived']} arrived: {deliveries['arrived'] - refused} taken, {refused} refused")
    else:
        grid.add_row("Deliveries", f"{deliveries['all']} in all, of these {deliveries['refused']} refused")
    share = 100 * records["quarantined"] / (records["records"] - records["ignored"] or 1)
    grid.add_row(
        "Records",
        f"{records['records']:,} = {records['accepted']:,} accepted + {records['quarantined']:,} quarantined"
        f" ({share:.2f} %) + {records['ignored']:,} ignored",
    )
    standing = " + ".join(f"{records[k]:,} {k}" for k in ("current", "superseded", "duplicate", "held"))
    grid.add_row("", f"{records['accepted']:,} accepted = {standing}")
    grid.add_row(
        "Checks",
        f"{checks['passed']:,} passed, {len(checks['warnings'])} warn, {len(checks['errors'])} failed"
        + (f", {len(checks['accepted'])} fail and are accepted" if checks["accepted"] else ""),
    )
    for i, domain in enumerate(facts["domains"]):
        style = "green" if domain["status"] == "published" else "red"
        until = f", data as of {domain['data_as_of']:%Y-%m-%d}" if domain["data_as_of"] else ""
        since = f" since {domain['since']:%Y-%m-%d %H:%M}" if domain["status"] == "held" else ""
        late = f", late: {domain['late_extracts']}" if domain["late_extracts"] else ""
        stands = f", stands on {domain['stands_on']}" if domain.get("stands_on") else ""
        grid.add_row("Domains" if i == 0 else "", f"{domain['domain']} [{style}]{domain['status']}[/]{since}{until}{late}{stands}")
    due = [f for f in facts["freshness"] if f["due_at"]]
    if kept := [f["extract"] for f in due if not f["is_late"]]:
        grid.add_row("Due", f"[green]{len(kept)} on time[/]: {', '.join(kept)}")
    for i, extract in enumerate(f for f in due if f["is_late"]):
        newest = f"the newest arrived {extract['arrived_at']:%Y-%m-%d %H:%M}" if extract["arrived_at"] else "nothing has ever arrived"
        label = "" if i or kept else "Due"
        grid.add_row(label, f"{extract['extract']} [yellow]late[/]: due {extract['due_at']:%Y-%m-%d %H:%M}, {newest}")
    if region := facts.get("region"):
        own = region["own_files"]
        told = (
            f"{escape(region['name'])}, {len(own)} files of its own"
            if region["id"]
            else "none: nothing is declared but what the product has"
        )
        grid.add_row("Region", told)
        for name in region["replaces_what_has_changed"]:
            grid.add_row("", f"[yellow]{escape(name)} stands for a file of the product that has changed since: compare them[/]")
    grid.add_row("Release", f"{facts['release']}" + ("  (rolled back)" if facts.get("rolled_back_to") else ""))
    for i, decision in enumerate(facts.get("decided_since", [])):
        about = decision["receipt"] or decision["check"] or decision["release"] or decision["month"] or "all figures"
        by = f" by {decision['decided_by']}" if decision["decided_by"] else ""
        told = f"{decision['decided_at'][:16].replace('T', ' ')} {decision['decision']} {about}{by}: {decision['reason']}"
        grid.add_row("" if i else "Decided since", escape(told))
    filled = [m for m, rows in facts["marts"].items() if rows]
    grid.add_row("Marts", f"{escape(facts['path'])}/ventetal.duckdb: {len(filled)} of {len(facts['marts'])} hold figures")
    if facts.get("log"):
        grid.add_row("Log", escape(facts["log"]))
    landing = facts.get("landing", [])
    if coming := [f for f in landing if not f["needs_person"]]:
        grid.add_row("Landing", f"{len(coming)} of the files in {escape(data / 'landing')} wait:")
        for file in coming[:FILES_SHOWN]:
            grid.add_row("", f"{escape(file['path'])}: {escape(file['why'])}")
        if len(coming) > FILES_SHOWN:
            grid.add_row("", f"... {len(coming) - FILES_SHOWN} more; --json names all")
    with out.capture() as drawn:
        out.print(grid)
    # In a file or pipe nobody needs each line as long as the longest.
    out.file.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))
    _look_at(out, facts)
    out.print("\n[bold]Next[/]")
    mart = next((m for m in (FIRST_MART, *filled) if m in filled), "meta.domain_status")
    for arguments, what in NEXT:
        out.print(f"  {_program()} {arguments.format(mart=mart)}", f"  # {what}", sep="", markup=False, highlight=False, soft_wrap=True)


def attention(facts: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What of a run or a status needs a person, and what else is worth a look."""
    stays = [f for f in facts.get("landing", []) if f["needs_person"]]
    left = [{"what": LEFT, "which": f["path"], "why": f["why"]} for f in stays]
    if number := facts.get("left_in_landing"):
        left.append({"what": LEFT, "which": str(number), "why": "files or folders that no run will take; `status` names them"})
    found = facts.get("damaged", []) + left + facts["attention"]
    needs_person = [item for item in found if item["what"] in (*RED, LEFT)]
    return needs_person, [item for item in found if item not in needs_person]


def _look_at(out: Console, facts: dict[str, Any]) -> None:
    """What a person should look at, and what to do about a check that holds a domain."""
    needs_person, rest = attention(facts)
    if needs_person:
        out.print("\n[bold]Needs a person[/]  (deploy/RUNBOOK.md)")
        _items(out, needs_person, facts.get("ways_out", {}))
    if rest:
        meant = "  (the example is made with files and records that are wrong, to show what becomes of them)"
        out.print(f"\n[bold]Worth a look[/]{meant if facts.get('is_example') else ''}")
        _items(out, rest, {})


def _items(out: Console, items: list[dict[str, Any]], ways_out: dict[str, Any]) -> None:
    program = _program()
    for item in items:
        style = "red" if item["what"] in RED else "yellow"
        out.print(f"  [{style}]{item['what']}[/] {escape(item['which'])}: {escape(item['why'])}", soft_wrap=False)
        for check in item.get("checks", []):
            ways = ways_out.get(check, {})
            if ways.get("shows_rows"):
                out.print(f"    its rows:     {program} offenders {check}", markup=False, soft_wrap=True)
            if ways.get("may_be_accepted"):
                out.print(f"    let it fail:  {program} accept {check} --until YYYY-MM-DD --reason ...", markup=False, soft_wrap=True)
        if item["what"] == "held domain":
            out.print(f"    mended:       {program} run", markup=False, soft_wrap=True)


def damaged(release: str, why: str, found: list[dict[str, str]]) -> None:
    """What can be told of a release that cannot be asked."""
    out = console()
    out.print(f"[bold]Release {release}[/] cannot be asked: {escape(why)}")
    for item in found:
        out.print(f"  [red]{item['what']}[/] {escape(item['which'])}: {escape(item['why'])}")


def _program() -> str:
    """How the reader can call this program again: by its path where it is not on the path."""
    called = Path(sys.argv[0])
    if called.name != "ventetal" or shutil.which("ventetal"):
        return "ventetal"
    return str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called)
