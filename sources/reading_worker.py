"""A process that reads delivered files, one at a time, and says in lines of JSON what it found.

Here a file is met that may hold anything: what it does to this process it does to no other. Who asks is
`sources.readers`; it stops this process when it needs too much, and when who asks is gone the process ends by itself.
"""

import errno
import json
import os
import queue
import resource
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from sources.dry_run import dry_run
from sources.duck import connect
from sources.layout import Extract, LayoutFault
from sources.parse import Delivery
from sources.proposer.trial import proposal
from sources.pseudonym import KeyRefused
from sources.reasons import Refused
from sources.unpack import unpack

Answer = dict[str, Any]
_MEMORY = (duckdb.OutOfMemoryException, MemoryError)


def main() -> None:
    """Answer requests from standard input until it is closed."""
    # A picture of its memory on disk would hold what it read.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    # What libraries say while they die may quote the file.
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    begun = json.loads(requests.get())
    worker: _Worker | None = None
    while True:
        request = json.loads(requests.get())
        try:
            worker = worker or _Worker(**begun)
        except OSError as error:
            answer: Answer = {"failed": [error.errno, f"{error.strerror}: {begun['scratch']}"]}
        else:
            answer = worker.answer(request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _listen(requests: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        requests.put(line)
    # Nobody is there any more who would hear an answer.
    os._exit(0)


class _Worker:
    """What it is given when it begins: where DuckDB may spill and write, its limits, and the key under which persons get ids."""

    def __init__(self, scratch: str, folder: str, memory_limit: str, spill_limit: str, person_key: str) -> None:
        self.scratch, self.key = Path(scratch), bytes.fromhex(person_key)
        self.con = connect(self.scratch, Path(folder), memory_limit=memory_limit, spill_limit=spill_limit, keeps_order=False)

    def answer(self, request: dict[str, Any]) -> Answer:
        """What was found, or the reason why nothing was; after `seconds` of work the kernel ends this process."""
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + request.pop("seconds")) + 1, most))
        try:
            return {"found": getattr(self, request.pop("do"))(**request)}
        except Refused as refused:
            return {"refused": [refused.code, refused.template, *refused.quoted]}
        except LayoutFault as fault:
            return {"fault": str(fault)}
        except KeyRefused as refused:
            return {"key": str(refused)}
        except _MEMORY:
            return {"stopped": "it needed more memory than there is for reading"}
        except duckdb.IOException as error:
            # It writes to the lake alone, and reads nothing that was delivered.
            return {"failed": [errno.ENOSPC, str(error).partition("\n")[0]]}
        except OSError as error:
            return {"failed": [error.errno, os.strerror(error.errno or 0)]}
        except Exception as error:
            return {"stopped": f"the reader broke off ({type(error).__name__})"}

    def unpack(self, path: str, name: str, target: str) -> Answer:
        return asdict(unpack(Path(path), name, Path(target)))

    def read(self, path: str, extract: str, inner_name: str, target: str) -> Answer:
        delivery = Delivery(Path(path), Extract.from_json(extract), inner_name, self.key)
        reading = delivery.parse(self.con, Path(target))
        return {"layout": delivery.match.layout.name, "variables": delivery.match.variables, "reading": asdict(reading)}

    def check(self, path: str, name: str, extracts: list[str], shows_values: bool) -> Answer:
        return dry_run(Path(path), name, [Extract.from_json(e) for e in extracts], self.con, self.scratch, self.key, shows_values)

    def propose(self, path: str, name: str, extracts: list[str], shows_values: bool) -> Answer:
        return proposal(Path(path), name, [Extract.from_json(e) for e in extracts], self.con, self.scratch, self.key, shows_values)
