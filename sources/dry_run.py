"""What would happen to a file if it were delivered. Nothing is written but scratch."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sources.duck import connect
from sources.layout import Extract
from sources.parse import Delivery, refused_records
from sources.reasons import Refused
from sources.unpack import chunks, inner_name


def dry_run(file: Path, extracts: list[Extract], scratch: Path, show_values: bool) -> dict[str, Any]:
    """Layout, counts and every refused record of `file` under the first extract that takes it; why none does where none does."""
    refusals: dict[str, str] = {}
    target = scratch / "parsed.parquet"
    for extract in extracts:
        con = connect(scratch)
        try:
            inside, inner = unpacked(file, scratch)
            reading = Delivery(inside, extract, inner).parse(con, target)
        except Refused as refused:
            refusals[extract.name] = refused.sentence
            continue
        records = refused_records(con, target)
        if not show_values:
            records = [{k: r[k] for k in ("line", "reasons")} for r in records]
        facts = {"file": file.name, "would_be_taken": True, "extract": extract.name, "quarantined": reading.quarantined}
        return facts | asdict(reading) | {"refused": records}
    return {"file": file.name, "would_be_taken": False, "refusals": refusals}


def unpacked(file: Path, scratch: Path) -> tuple[Path, str]:
    """The one table of a delivered file, unpacked below `scratch`, and the name layouts judge. Raises Refused."""
    inside = scratch / "unpacked"
    with inside.open("wb") as copy:
        copy.writelines(chunks(file, file.name))
    return inside, inner_name(file, file.name)
