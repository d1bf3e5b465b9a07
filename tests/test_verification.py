"""A release can be checked by who did not make it: its files, its rows, who signed it; and a lake is put together from a backup."""

import getpass
import json
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from assets.lake.decisions import RESUME, ROLL_BACK, decided
from assets.lake.files import Lake
from assets.lake.manifests import NoRelease, nights
from assets.lake.seals import HASHES, SIGNATURE, seal_folder
from assets.releases.database import open_release
from assets.releases.restore import NotBare, restored
from assets.releases.signature import WrongKey
from assets.releases.verification import BY_NOBODY_KNOWN, SIGNED, UNSIGNED, WRONG, verified
from tests.conftest import ventetal
from tests.toy import Toy

# What a backup must hold of a data root (deploy/README.md).
KEPT = (
    "archive",
    "rejected",
    *(f"lake/{n}" for n in ("receipts", "decisions", "ledger", "record", "manifests", "pointers", "person-key.json")),
)


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """own.pem with own.pub, and other.pem with other.pub, as an operator makes them."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("own", "other"):
        openssl("genpkey", "-algorithm", "ed25519", "-out", str(folder / f"{name}.pem"))
        openssl("pkey", "-in", str(folder / f"{name}.pem"), "-pubout", "-out", str(folder / f"{name}.pub"))
    return folder


@pytest.fixture
def signed(tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    """A release that was signed, and nobody has a key any more."""
    monkeypatch.setenv("VENTETAL_SIGNING_KEY_FILE", str(keys / "own.pem"))
    toy = Toy(tmp_path, stock="{mode: append}")
    toy.deliver("stock", "stock_2015-01.csv", "a 7, b 3")
    toy.night()
    monkeypatch.delenv("VENTETAL_SIGNING_KEY_FILE")
    return toy


def shown(lake: Lake) -> Path:
    found = lake.current_release
    assert found is not None
    return found


def test_a_signed_release_is_known_by_the_public_key_wherever_its_copy_lies(signed: Toy, keys: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(shown(signed.lake), tmp_path / "from a stick"))
    by_us = verified(copy, keys / "own.pub", tmp_path / "scratch")
    assert (by_us.damage, by_us.differing, by_us.signature, by_us.is_right) == ("", [], SIGNED, True)
    assert by_us.tables == 2, "the mart and the lookup"
    by_others = verified(copy, keys / "other.pub", tmp_path / "scratch")
    assert (by_others.signature, by_others.is_right) == (WRONG, False)
    assert by_us.key != by_others.key
    assert verified(copy, None, tmp_path / "scratch").signature == BY_NOBODY_KNOWN
    # Without a program of ours.
    openssl("pkeyutl", "-verify", "-pubin", "-inkey", str(keys / "own.pub"), "-rawin", "-in", str(copy / HASHES),
            "-sigfile", str(copy / SIGNATURE))  # fmt: skip


def test_a_release_that_is_made_again_is_signed_again(signed: Toy, keys: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VENTETAL_SIGNING_KEY_FILE", str(keys / "own.pem"))
    release = shown(signed.lake)
    (release / SIGNATURE).unlink()
    (release / "ventetal.duckdb").unlink()
    signed.night()
    assert shown(signed.lake) == release
    assert verified(release, None, tmp_path / "scratch").signature == SIGNED, "the region's own key is known without being named"


@pytest.mark.parametrize("reseals", [False, True])
@pytest.mark.parametrize("what", ["database", "parquet", "garbled"])
def test_a_figure_that_was_changed_is_found_whoever_wrote_new_hashes(
    signed: Toy, keys: Path, tmp_path: Path, what: str, reseals: bool
) -> None:
    release = shown(signed.lake)
    for file in release.rglob("*"):
        file.chmod(0o700)
    if what == "database":
        with duckdb.connect(str(release / "ventetal.duckdb")) as con:
            con.execute("update marts.stock_total set number = number + 1 where name = 'b'")
    elif what == "parquet":
        file = release / "marts" / "stock_total.parquet"
        with duckdb.connect() as con:
            con.execute(f"copy (select * replace (number + 1 as number) from '{file}') to '{file}.new' (format parquet)")
        Path(f"{file}.new").replace(file)
    else:
        (release / "ventetal.duckdb").write_bytes(b"nothing of the kind")
    if reseals:
        seal_folder(release)
    found = verified(release, keys / "own.pub", tmp_path / "scratch")
    assert "marts.stock_total" in found.differing
    assert not found.is_right
    # Who may write to the folder may write hashes too, and cannot sign them.
    assert (bool(found.damage), found.signature) == ((False, WRONG) if reseals else (True, SIGNED))


def test_an_unsigned_release_is_right_unless_a_signature_is_asked_for(tmp_path: Path, keys: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: append}")
    toy.deliver("stock", "stock_2015-01.csv", "a 7")
    toy.night()
    assert not (shown(toy.lake) / SIGNATURE).exists()
    assert (verified(shown(toy.lake), None, tmp_path / "s").signature, verified(shown(toy.lake), None, tmp_path / "s").is_right) == (
        UNSIGNED,
        True,
    )
    assert verified(shown(toy.lake), keys / "own.pub", tmp_path / "s").signature == WRONG


@pytest.mark.parametrize("text", [None, "", "-----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----\n", "RSA"])
def test_a_key_that_cannot_sign_is_told_before_the_night(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "signing.pem"
    if text == "RSA":
        openssl("genpkey", "-algorithm", "RSA", "-out", str(path))
    elif text is not None:
        path.write_text(text)
    done = ventetal(tmp_path / "data", "run", VENTETAL_SIGNING_KEY_FILE=str(path))
    assert done.returncode == 2
    assert f"{path} holds no private Ed25519 key" in done.stderr
    assert "openssl genpkey" in done.stderr
    assert not list((tmp_path / "data" / "releases").iterdir())


def test_who_decided_what_and_who_ran_is_published(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: append}")
    toy.deliver("stock", "stock_2015-01.csv", "a 7")
    first = toy.night()
    for arguments in (("roll-back", first.id, "--reason", "the supplier called"), ("resume",)):
        assert ventetal(toy.data, "releases", *arguments).returncode == 0
    toy.deliver("stock", "stock_2015-02.csv", "a 7", day="2015-02-15")
    toy.night()
    who = getpass.getuser()
    with open_release(shown(toy.lake)) as con:
        said = con.execute("select decision, about, reason, decided_by from meta.decision order by decided_at, decision desc").fetchall()
        made = con.execute("select made_by from meta.release").fetchall()
    assert said == [(ROLL_BACK, first.id, "the supplier called", who), (RESUME, first.id, "", who)]
    assert made == [(who,)]


def test_a_decision_from_before_it_was_asked_who_decided_says_nobody(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.prepare()
    lake.decisions.mkdir(exist_ok=True)
    (lake.decisions / "revise-all-0.json").write_text(
        json.dumps({"decision": "revise", "reason": "x", "decided_at": "2015-06-01T00:00:00"})
    )
    assert [d.decided_by for d in decided(lake, "2015-06-02")] == [""]


def backup_of(lake: Lake, target: Path) -> Path:
    for name in KEPT:
        source = lake.root / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        elif source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    return target


def test_a_lake_is_restored_from_what_must_be_kept_and_goes_on(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: append}", sales="{mode: append}")
    toy.deliver("stock", "stock_2015-01.csv", "a 7, b 3")
    toy.night()
    toy.deliver("sales", "sales_2015-01.csv", "a 1")
    toy.deliver("stock", "stock_2015-02.csv", "a 5", day="2015-02-15")
    newest = toy.night()
    told = nights(toy.lake, "9999")[0]
    backup = backup_of(toy.lake, tmp_path / "backup")
    there = Lake(tmp_path / "another machine")
    found = restored(Lake(backup), there, toy.catalog)
    assert (found.release, found.damage, found.differing) == (newest.id, "", [])
    assert nights(there, "9999")[0].logical_hashes == told.logical_hashes
    assert shown(there).name == newest.id
    # The next night goes on as if nothing had happened.
    shutil.rmtree(toy.data)
    there.root.rename(toy.data)
    assert toy.night().id == newest.id
    toy.deliver("sales", "sales_2015-02.csv", "a 2", day="2015-02-15")
    assert toy.night().id != newest.id


def test_what_cannot_be_restored_says_why_and_changes_nothing(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: append}")
    toy.deliver("stock", "stock_2015-01.csv", "a 7")
    toy.night()
    before = sorted(p.name for p in toy.data.rglob("*"))
    for target in (toy.lake, Lake(toy.data)):
        with pytest.raises(NotBare, match="holds a lake already"):
            restored(toy.lake, target, toy.catalog)
    with pytest.raises(NoRelease, match="names no release"):
        restored(Lake(tmp_path / "nothing"), Lake(tmp_path / "bare"), toy.catalog)
    assert sorted(p.name for p in toy.data.rglob("*")) == before


def test_an_operator_verifies_and_restores(tmp_path: Path, keys: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: append}")
    toy.deliver("stock", "stock_2015-01.csv", "a 7")
    first = toy.night()
    done = ventetal(toy.data, "verify")
    assert (done.returncode, "2 of 2 tables have the rows that the manifest names." in done.stdout) == (0, True), done.stdout + done.stderr
    assert ventetal(toy.data, "verify", first.id, "--key", str(keys / "own.pub")).returncode == 1
    said = json.loads(ventetal(toy.data, "verify", str(first.path), "--json").stdout)
    assert (said["release"], said["signature"]) == (first.id, UNSIGNED)
    assert ventetal(toy.data, "verify", "20150601-00000000").returncode == 4
    assert ventetal(toy.data, "verify", "--key", os.devnull).returncode == 2


def test_wrong_keys_are_errors_of_usage() -> None:
    assert WrongKey("x").exit == 2
