"""What suppliers do to files: packed, broken, half sent, oddly named. Each is taken whole or refused with a sentence."""

import gzip
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from assets.catalog.declared import Catalog
from assets.deliveries.extracts import left_by_newest_run
from assets.deliveries.landing import lying
from assets.deliveries.names import known_to_layout
from assets.lake.decisions import withdraw_delivery
from assets.raw import drifted
from assets.tables.build import Night
from sources.readers import NotReadable, Readers
from sources.stamp import Span, Stamp
from tests.toy import Toy

PERIOD = "{mode: replace_period, period: day, unit: month}"
JANUARY = "n_2015-01_received-20150201-0600.csv"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path, n=PERIOD)


def put(toy: Toy, name: str, content: bytes) -> Path:
    path = toy.data / "landing" / "n" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def table(*counts: str) -> bytes:
    return "\n".join(["Dag;Navn;Antal", *(f"2015-01-15;{c.replace(' ', ';')}" for c in counts)]).encode() + b"\n"


def zipped(path: Path, **members: bytes) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return path.read_bytes()


def test_a_packed_file_is_the_table_inside_and_a_duplicate_of_it_unpacked(toy: Toy, tmp_path: Path) -> None:
    put(toy, JANUARY, table("a 1", "b 2"))
    put(toy, "n_2015-01_received-20150202-0600.csv.gz", gzip.compress(table("a 1", "b 2")))
    inside = {"export__n_2015-01_received-20150203-0600.csv": table("a 1", "b 2")}
    put(toy, "whatever.zip", zipped(tmp_path / "z", **inside))
    toy.night()
    assert [(d["file_name"], d["status"]) for d in toy.deliveries("n")] == [
        (JANUARY, "duplicate"),
        ("n_2015-01_received-20150202-0600.csv.gz", "duplicate"),
        ("whatever.zip", "current"),
    ]
    assert toy.total("n") == "a 1, b 2"


def test_a_time_in_a_name_that_does_not_exist_refuses_that_file_alone(toy: Toy) -> None:
    """A week, a slip of the hand, hours and days that no clock and no calendar has: never read as something near."""
    periods = ("2015-23", "2015-13", "2015-00", "0215-01", "2205-01", "9999-12")
    stamps = ("20150230-0600", "20150201-2400", "20150201-0660", "20151301-0600", "00010101-0000", "99991231-2359")
    names = {f"n_{p}.csv": p for p in periods} | {f"n_2015-01_received-{s}.csv": s for s in stamps}
    for name in names:
        put(toy, name, table("a 9"))
    put(toy, JANUARY, table("a 1"))
    toy.night()
    told = {d["file_name"]: d for d in toy.deliveries("n")}
    assert (told.pop(JANUARY)["status"], toy.total("n")) == ("current", "a 1")
    assert {n: (d["status"], d["reason"], names[n] in d["why"]) for n, d in told.items()} == dict.fromkeys(
        names, ("refused", "unreadable_file", True)
    )
    assert [row["month"].isoformat() for row in toy.ask("select month from meta.coverage")] == ["2015-01-01"]


@pytest.mark.parametrize(
    "said", ["\u0662\u0660\u0661\u0665-\u0660\u0664", "2015-4", "15-04", "2015-04-31", "2015-02-29", "1899", "2101-01", "2015-04 ", ""]
)
def test_what_is_no_day_month_or_year_is_none(said: str) -> None:
    with pytest.raises(ValueError, match=r"is no day|out of range"):
        Span.of(said)


@pytest.mark.parametrize(
    "said", ["2015-1-2 06:15:30", "2015-11-1 06:15", "20150504-061", "1815-05-04", "2015-05-04T6:15", "20150504-06156"]
)
def test_digits_of_a_stamp_are_never_read_in_other_places_than_they_stand(said: str) -> None:
    with pytest.raises(ValueError, match="is no date and time"):
        Stamp.of(said)


def test_a_stamp_has_one_meaning_however_it_is_parted() -> None:
    for said in ("20150504-0615", "2015-05-04T06:15", "2015.05.04 kl. 06.15", "201505040615"):
        assert (Stamp.of(said).at, Stamp.of(said).width) == (datetime(2015, 5, 4, 6, 15), timedelta(minutes=1))


def test_a_table_of_weeks_is_no_table_of_months(catalog: Catalog) -> None:
    """Week 12 would be December."""
    extract = catalog.extracts["response_time_compliance"]
    for name in ("tabel_uge_2015-12.xlsx", "Uge_2015-08.xlsx", "SLA uger 2015-11_leveret-20150505-0900.xlsx"):
        assert not known_to_layout(extract, name), name
    for name in ("svartider_sla_2015-04_leveret-20150505-0900.xlsx", "tabel for brugere 2015-12.xlsx", "2015-12.xlsx"):
        assert known_to_layout(extract, name), name


def workbook(path: Path, *rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path.read_bytes()


def bomb(path: Path) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (70 << 20))
    return path.read_bytes()


def entity_bomb(path: Path) -> bytes:
    whole = workbook(path, ["Dag", "Navn", "Antal"], ["2015-01-15", "a", 1])
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "lol"}">' for i in range(12))
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(path.with_suffix(".bomb"), "w") as after:
        for item in before.infolist():
            text = before.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                text = text.replace(b"<worksheet", f"<!DOCTYPE x [{entities}]><worksheet".encode(), 1).replace(b"<v>1</v>", b"<v>&a11;</v>")
            after.writestr(item, text)
    assert whole
    return path.with_suffix(".bomb").read_bytes()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
REFUSED = [
    ("empty file", "n_2015-01.csv", lambda _: b"", "empty_file", "empty"),
    ("no layout", "n_2015-01.csv", lambda _: b"Dag;Navn\n2015-01-01;a\n", "no_layout", "lacks Antal"),
    ("wrong name", "other.csv", lambda _: table("a 1"), "no_layout", "No layout"),
    ("duplicate header", "n_2015-01.csv", lambda _: b"Dag;Navn;Antal;dag\n", "duplicate_header", "twice"),
    ("no encoding", "n_2015-01.csv", lambda _: table("a 1") + b"2015-01-15;\x81;2\n", "undecodable_text", "0x81"),
    ("web page", "n_2015-01.csv", lambda _: b"<html><table><tr><td>Dag", "unreadable_file", "web page"),
    ("broken gzip", "n_2015-01.csv.gz", lambda _: gzip.compress(table("a 1"))[:-9], "unreadable_file", "unpacked"),
    ("no gzip", "n_2015-01.csv.gz", lambda _: b"Dag;Navn;Antal\n", "unreadable_file", "not one"),
    ("no zip", "n_2015-01.zip", lambda _: b"Dag;Navn;Antal\n", "unreadable_file", "not one"),
    ("two in a zip", "n.zip", lambda p: zipped(p, a=b"1", b=b"2"), "unreadable_file", "holds 2 files"),
    ("gzip bomb", "n_2015-01.csv.gz", lambda _: gzip.compress(b"0" * (100 << 20)), "too_large", "500 times"),
    ("workbook bomb", "n_2015-01.csv", bomb, "too_large", "70 MiB"),
    ("broken workbook", "n_2015-01.csv", lambda _: b"PK\x03\x04 and no more", "unreadable_file", "not one"),
    ("password", "n_2015-01.csv", lambda _: OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "unreadable_file", "password"),
    ("broken xls", "n_2015-01.csv", lambda _: OLE + b"\0" * 600, "unreadable_file", "cannot be opened"),
]


@pytest.mark.parametrize(("name", "content", "code", "says"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_a_bad_file_is_refused_with_a_code_and_a_sentence_and_the_others_go_on(
    toy: Toy, tmp_path: Path, name: str, content: object, code: str, says: str
) -> None:
    assert callable(content)
    put(toy, name, content(tmp_path / "made"))
    put(toy, JANUARY, table("a 1"))
    toy.night()
    [refused] = [d for d in toy.deliveries("n") if d["status"] == "refused"]
    assert (refused["reason"], says in refused["why"]) == (code, True), refused["why"]
    assert (toy.lake.rejected / refused["receipt_id"] / name).exists()
    assert toy.total("n") == "a 1"


def test_entities_of_a_workbook_are_never_expanded(toy: Toy, tmp_path: Path) -> None:
    put(toy, "n_2015-01.csv", entity_bomb(tmp_path / "made.xlsx"))
    toy.night()
    [delivery] = toy.deliveries("n")
    assert delivery["status"] in ("refused", "held")
    assert delivery["current"] == 0


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("n_2015-01_æøå.csv", "current"),
        ("n_2015-01_a\u030a.csv", "current"),
        ("n_2015-01_..csv", "refused"),
        ("n_2015-01_x\ny.csv", "refused"),
        ("n_2015-01_a'b.csv", "refused"),
        ("n_2015-01_æ.CSV", "refused"),
    ],
)
def test_an_odd_name_is_only_a_name(toy: Toy, name: str, status: str) -> None:
    put(toy, name, table("a 1"))
    toy.night()
    [delivery] = toy.deliveries("n")
    assert delivery["status"] == status
    assert {p.name for p in toy.data.iterdir()} == {"landing", "archive", "rejected", "lake", "releases"}


def test_a_link_out_of_landing_is_refused_and_never_followed(toy: Toy, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(table("a 1"))
    (toy.data / "landing" / "n").mkdir(parents=True)
    (toy.data / "landing" / "n" / JANUARY).symlink_to(secret)
    toy.night()
    [delivery] = toy.deliveries("n")
    assert (delivery["reason"], "link" in delivery["why"]) == ("unreadable_file", True)
    assert secret.exists()
    assert not list(toy.lake.archive.iterdir())


@pytest.mark.parametrize("name", [".n_2015-01.csv", "n_2015-01.csv.part", "n_2015-01.csv.filepart", "n_2015-01.csv.TMP"])
def test_an_unfinished_transfer_waits(toy: Toy, name: str) -> None:
    path = put(toy, name, table("a 1"))
    toy.night()
    assert (path.exists(), toy.deliveries("n")) == (True, [])


def test_a_file_that_grows_while_it_is_read_waits_for_the_next_run(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(toy, JANUARY, table("a 1"))
    unpack = Readers.unpack

    def meanwhile(*arguments: object) -> object:
        with path.open("ab") as file:
            file.write(b"2015-01-15;b;2\n")
        return unpack(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(Readers, "unpack", meanwhile)
    toy.night()
    assert (path.exists(), toy.deliveries("n")) == (True, [])
    monkeypatch.undo()
    toy.night()
    assert toy.total("n") == "a 1, b 2"


def test_a_file_that_may_not_be_read_waits(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(toy, JANUARY, table("a 1"))

    def forbidden(*_: object) -> None:
        raise NotReadable("Permission denied")

    monkeypatch.setattr(Readers, "unpack", forbidden)
    toy.night()
    assert path.exists()
    [found] = lying(toy.lake, toy.catalog, left_by_newest_run(toy.lake))
    assert (found.path, found.why, found.needs_person) == (f"n/{JANUARY}", "it cannot be read: Permission denied", True)


def test_a_withdrawn_delivery_leaves_what_it_had_replaced(toy: Toy) -> None:
    put(toy, JANUARY, table("a 1", "b 2"))
    put(toy, "n_2015-01_received-20150301-0600.csv", table("a 9", "b 9"))
    toy.night()
    assert toy.total("n") == "a 9, b 9"
    wrong = toy.deliveries("n")[1]
    withdraw_delivery(toy.lake, wrong["receipt_id"], "another month's figures", toy.now)
    toy.night()
    assert toy.total("n") == "a 1, b 2"
    found = toy.deliveries("n")[1]
    assert (found["status"], found["superseded"], found["why"]) == ("withdrawn", 2, "withdrawn: another month's figures")
    put(toy, "n_2015-01_received-20150302-0600.csv", table("a 9", "b 9"))
    toy.night()
    assert toy.total("n") == "a 9, b 9"


def test_fixing_what_was_refused_and_delivering_again_is_all_it_takes(toy: Toy) -> None:
    put(toy, JANUARY, table("a 1", "b 2", "c 3", "d 4", "e fem"))
    toy.night()
    assert toy.total("n") == "a 1, b 2, c 3, d 4"
    put(toy, "n_2015-01_received-20150202-0600.csv", table("a 1", "b 2", "c 3", "d 4", "e 5"))
    toy.night()
    assert toy.total("n") == "a 1, b 2, c 3, d 4, e 5"
    assert not list((toy.data / "landing" / "n").iterdir())


def test_a_delivery_whose_columns_differ_from_the_one_before_warns(toy: Toy) -> None:
    put(toy, JANUARY, table("a 1"))
    put(toy, "n_2015-02_received-20150301-0600.csv", b"Dag;Navn;Antal\n2015-02-15;a;1\n")
    toy.night()
    night = Night(toy.lake, toy.catalog, toy.now)
    assert drifted(night.extract_state("n").deliveries) == []
    put(toy, "n_2015-03_received-20150401-0600.csv", b"Dag;Navn;Antal;Enhed\n2015-03-15;a;1;stk\n")
    toy.night()
    night = Night(toy.lake, toy.catalog, toy.now)
    assert [d.receipt.file_name for d in drifted(night.extract_state("n").deliveries)] == ["n_2015-03_received-20150401-0600.csv"]
