"""A driver of its own: files read by a cluster of two executors on this machine, one of which dies after the first file. Prints facts."""

import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assets.catalog.loading import load_catalog
from sources.cluster import ClusterReaders
from sources.readers import Readers
from tests.part import TREE

EXECUTOR = b"CoarseGrainedExecutorBackend"


def executors() -> list[int]:
    """Processes of the executors that this process has started."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            said, above = (place / "cmdline").read_bytes(), (place / "environ").read_bytes()
        except OSError:
            continue
        if EXECUTOR in said and f"VENTETAL_DATA={os.environ['VENTETAL_DATA']}".encode() in above:
            found.append(int(place.name))
    return found


def facts(readers: Readers, files: list[Path], folder: Path, kill: bool = False) -> dict[str, Any]:
    extract = load_catalog(TREE).extracts["redirections"]

    def read(file: Path) -> dict[str, Any]:
        found = readers.read(file, extract, file.name, folder / f"{file.name}.parquet")
        return {"layout": found.layout, **asdict(found.reading)}

    first = {files[0].name: read(files[0])}
    with ThreadPoolExecutor(2) as threads:
        coming = {file.name: threads.submit(read, file) for file in files[1:]}
        if kill:
            os.kill(executors()[0], signal.SIGKILL)
        return first | {name: future.result() for name, future in coming.items()}


if __name__ == "__main__":
    scratch, *paths = map(Path, sys.argv[1:])
    print(json.dumps(facts(ClusterReaders(scratch), paths, scratch.parent, kill=True)))
