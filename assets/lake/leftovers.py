"""What a crash leaves: files and folders that a process had not finished, or not finished deleting, when it died.

They would fill the disk, and hold records nobody knows of. Who holds the lake for writing clears them.
"""

import os
import shutil
from itertools import chain

from assets.lake.files import Lake

HALF_MADE = (".part", ".marked", ".packed")


def clear_leftovers(lake: Lake) -> None:
    """Delete what processes that are gone had made beside its name (`assets.lake.files.beside`)."""
    within = (path for folder in (lake.archive, lake.rejected, lake.files, lake.releases) for path in folder.rglob(".*.*"))
    for path in chain(within, lake.root.glob(f".{lake.catalogue.name}.*")):
        process = path.name.split(".")[-2]
        if path.suffix in HALF_MADE and process.isdecimal() and not _is_alive(int(process)):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
