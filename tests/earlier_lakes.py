"""Lakes as earlier releases of the program left them."""

import json
import shutil

from assets.lake.files import Lake
from assets.lake.manifests import MANIFEST
from assets.lake.seals import HASHES, unsealed
from assets.tables.record import TRUTH


def forget_hashes(lake: Lake) -> None:
    """The lake as it was before anything had its hash beside it."""
    for path in lake.files.rglob("*.json"):
        if path.name == HASHES:
            path.unlink()
            continue
        said = json.loads(unsealed(path.read_bytes()))
        if isinstance(said, dict):
            said = {k: v for k, v in said.items() if k not in ("seal", "history")}
        path.chmod(0o640)
        path.write_text(json.dumps(said, indent=1) + "\n")
    for release in lake.releases.glob("2*"):
        (release / HASHES).unlink()
        (release / MANIFEST).chmod(0o640)
        (release / MANIFEST).write_bytes((lake.manifests / f"{release.name}.json").read_bytes())
    lake.pointer("layout").unlink(missing_ok=True)


def forget_record(lake: Lake) -> None:
    """The lake as it was before there was a record of what had been published; nor had anything its hash then."""
    forget_hashes(lake)
    shutil.rmtree(lake.record)
    for truth in lake.files.glob(f"marts/*/*/{TRUTH}"):
        shutil.rmtree(truth)
