"""python -m tests.clients [--only NAME]

Makes a small example region, opens its release with every client in an environment of its own (`.venv-clients/`), and compares what
each finds with what this environment's DuckDB does: the tables, their words, and the answers to ten questions (`questions.json`). Ends
with 1 where one finds another thing. Clients come from the package index, that of Node from the one of its own.
"""

import argparse
import json
import re
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assets.lake.files import Lake
from sources.settings import PROJECT
from tests.conftest import examples, ventetal

HERE, ENVIRONMENTS = Path(__file__).parent, PROJECT / ".venv-clients"
PAGE = PROJECT / "deploy" / "CLIENTS.md"
# Name -> the script that asks, what is installed, and the library whose snippets of the page it runs.
CLIENTS = {
    "duckdb-1.0": ("ask_duckdb", ["duckdb==1.0.*"], ""),
    "duckdb-1.1": ("ask_duckdb", ["duckdb==1.1.*"], ""),
    "duckdb-1.4": ("ask_duckdb", ["duckdb==1.4.*"], ""),
    "duckdb-1.5": ("ask_duckdb", ["duckdb==1.5.*", "pandas", "pyarrow"], "duckdb"),
    "duckdb-2.0": ("ask_duckdb", ["duckdb==2.0.*"], ""),
    "polars": ("ask_polars", ["polars"], "polars"),
    "pyarrow": ("ask_pyarrow", ["pyarrow"], "pyarrow"),
    "ibis": ("ask_ibis", ["ibis-framework[duckdb]", "duckdb==1.5.*"], "ibis"),
    "dbt": ("ask_dbt", ["dbt-core==1.10.*", "dbt-duckdb==1.10.*"], ""),
    "node": ("ask_node", ["@duckdb/node-api@1.5.6-r.1"], ""),
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=CLIENTS)
    only = parser.parse_args().only
    failed = []
    with TemporaryDirectory() as folder:
        root = Path(folder)
        examples("0.02")(root / "data")
        if (done := ventetal(root / "data", "run")).returncode:
            raise SystemExit(done.stderr + done.stdout)
        release = Lake(root / "data").current_release
        assert release
        expected = _answers([sys.executable, HERE / "ask_duckdb.py"], release)
        expected["marts"] = sorted(expected["rows"])
        assert all(expected["answers"]), "a question that has no answer tells nothing of a client"
        for name, (script, packages, library) in CLIENTS.items():
            if only in (None, name):
                command = _of_node(name, packages) if script == "ask_node" else [_environment(name, packages), HERE / f"{script}.py"]
                differing = _differing(expected, command, release)
                differing += [d for snippet in snippets(library) if (d := _broken(command[0], snippet, root))]
                print(f"{name}: {'; '.join(differing) or 'as expected'}", flush=True)
                failed += [name] * bool(differing)
    return 1 if failed else 0


def snippets(library: str) -> list[str]:
    """The snippets of the page that import a library; none for ''."""
    found = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [s for s in found if library and re.search(rf"^import {library}\b", s, re.MULTILINE)]


def _environment(name: str, packages: list[str]) -> Path:
    """The interpreter of a client's own environment, made where there is none."""
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        (folder / "made").touch()
    return python


def _of_node(name: str, packages: list[str]) -> list[str | Path]:
    """What asks by Node, from the folder that its packages are installed in."""
    folder = ENVIRONMENTS / name
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, *packages], check=True)
    return ["node", HERE / "ask_node.mjs", folder]


def _answers(command: list[str | Path], release: Path) -> dict[str, Any]:
    done = subprocess.run([*command, release], capture_output=True, text=True)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1:]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _differing(expected: dict[str, Any], command: list[str | Path], release: Path) -> list[str]:
    """What the client finds that is not what it should be; one that finds nothing has found another thing."""
    found = _answers(command, release)
    return [f"{what}: {value}" for what, value in found.items() if value != expected.get(what)] or ["nothing"] * (not found)


def _broken(python: str | Path, snippet: str, root: Path) -> str:
    done = subprocess.run([python, "-c", snippet], cwd=root, capture_output=True, text=True)
    return done.stderr.strip()[-200:] if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
