"""Charts drawn side by side: as many processes as the machine has cores, each with an engine of its own that draws one at a time.

Run as a program it is such a process: lines of JSON in, lines of JSON out. The engine takes no second chart while it draws, whatever thread
asks, and so threads alone would gain nothing.
"""

import base64
import json
import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

VEGA_LITE = "6.1"
# More processes than this have too few charts each to be worth their start.
MOST = 4


class Undrawn(RuntimeError):
    """The engine ended or refused a chart; the text is its own."""


class Engines:
    """Processes that draw; each is started when there is work that no other is free for."""

    def __init__(self) -> None:
        self._count = min(MOST, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(self._count)
        self._free: SimpleQueue[subprocess.Popen[str] | None] = SimpleQueue()
        self._started: list[subprocess.Popen[str]] = []
        for _ in range(self._count):
            self._free.put(None)

    def __enter__(self) -> "Engines":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        for process in self._started:
            process.communicate()

    def svg(self, specification: dict[str, Any]) -> Future[str]:
        """A chart of Vega-Lite as SVG."""
        return self._threads.submit(self._ask, {"svg": specification})

    def png(self, svg: str) -> Future[str]:
        """A picture of an SVG, in base 64."""
        return self._threads.submit(self._ask, {"png": svg})

    def _ask(self, wanted: dict[str, Any]) -> str:
        process = self._free.get()
        try:
            process = process or self._start()
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline() or '{"error": "the engine ended"}')
        except BrokenPipeError as error:
            raise Undrawn("the engine ended") from error
        finally:
            self._free.put(process)
        if "error" in answer:
            raise Undrawn(answer["error"])
        drawn: str = answer["drawn"]
        return drawn

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._started.append(process)
        return process


def _draw(wanted: dict[str, Any]) -> str:
    import vl_convert

    if "png" in wanted:
        return base64.b64encode(vl_convert.svg_to_png(wanted["png"], scale=2)).decode()
    svg: str = vl_convert.vegalite_to_svg(wanted["svg"], vl_version=VEGA_LITE, format_locale="da-DK", time_format_locale="da-DK")
    return svg


def _serve() -> None:
    for line in sys.stdin:
        try:
            answer = {"drawn": _draw(json.loads(line))}
        except ValueError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
