"""Charts drawn beside the rest of a paper, by a process of their own: vl-convert holds up every thread of the one it is in.

What was drawn for the papers of before is kept, by what was asked for: a chart whose specification is the same is not drawn again. Run as a
program it is that process: lines of JSON in, lines of JSON out.
"""

import base64
import hashlib
import json
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from assets.lake.files import write_json

VEGA_LITE = "6.1"
# Beside the papers.
KEPT = ".charts.json"


class Undrawn(RuntimeError):
    """The engine ended or refused a chart; the text is its own."""


class Engine:
    """A process that draws one chart after the other, started when there is one that is not kept.

    `kept` is the file that holds what was drawn for the papers of before, and what was drawn for these once they are made. One that is
    damaged is as good as none.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = kept
        self._before = _read(kept) if kept else {}
        self._drawn = dict[str, str]()
        self._thread = ThreadPoolExecutor(1)
        self._process: subprocess.Popen[str] | None = None
        self._made_by = f"{VEGA_LITE} {version('vl-convert-python')}"

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, error: object, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)
        if self._process:
            self._process.communicate()
        if self._kept and self._drawn and not error:
            write_json(self._kept, {"sha256": _digest(self._drawn), "drawn": self._drawn})

    def svg(self, specification: dict[str, Any]) -> Future[str]:
        """A chart of Vega-Lite as SVG."""
        return self._wanted({"svg": specification})

    def png(self, svg: str) -> Future[str]:
        """A picture of an SVG, in base 64."""
        return self._wanted({"png": svg})

    def _wanted(self, wanted: dict[str, Any]) -> Future[str]:
        line = json.dumps(wanted)
        key = hashlib.sha256(f"{self._made_by} {line}".encode()).hexdigest()
        if key not in self._before:
            return self._thread.submit(self._draw, key, line)
        done = Future[str]()
        done.set_result(self._drawn.setdefault(key, self._before[key]))
        return done

    def _draw(self, key: str, line: str) -> str:
        process = self._process = self._process or _started()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise Undrawn("the engine ended") from error
        answer = json.loads(process.stdout.readline() or '{"error": "the engine ended"}')
        if "error" in answer:
            raise Undrawn(answer["error"])
        self._drawn[key] = answer["drawn"]
        return self._drawn[key]


def _read(kept: Path) -> dict[str, str]:
    try:
        found = json.loads(kept.read_text("utf-8"))
        drawn: dict[str, str] = found["drawn"]
        return drawn if found["sha256"] == _digest(drawn) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _digest(drawn: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(drawn, sort_keys=True).encode()).hexdigest()


def _started() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", __spec__.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )


def _drawn(wanted: dict[str, Any]) -> str:
    import vl_convert

    if "png" in wanted:
        return base64.b64encode(vl_convert.svg_to_png(wanted["png"], scale=2)).decode()
    svg: str = vl_convert.vegalite_to_svg(wanted["svg"], vl_version=VEGA_LITE, format_locale="da-DK", time_format_locale="da-DK")
    return svg


def _serve() -> None:
    for line in sys.stdin:
        try:
            answer = {"drawn": _drawn(json.loads(line))}
        except ValueError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
