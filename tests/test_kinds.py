"""Files that are no table are told by what they are, whatever they are called; a text that begins like one is read as text."""

import json
from pathlib import Path

import pytest

from sources.kinds import foreign
from tests.conftest import ventetal

NOISE = bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"\x28\xb5\x2f\xfd", "compressed by Zstandard"),
        (b"BZh91AY", "compressed by bzip2"),
        (b"\xfd7zXZ\0", "compressed by xz"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"Obj\x01", "an Avro file"),
        (b"PAR1", "a Parquet file"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\x89PNG\r\n", "a picture"),
        (b"-----BEGIN PGP MESSAGE-----\n", "encrypted"),
        (b'\xef\xbb\xbf [\n {"navn": 1}]', "JSON"),
        (b"<!DOCTYPE html>", "a web page or XML"),
    ],
)
def test_what_is_no_table_is_called_what_it_is_and_told_what_to_do(tmp_path: Path, start: bytes, said: str) -> None:
    assert said in foreign(start + NOISE)
    assert "; " in foreign(start + NOISE)


@pytest.mark.parametrize(
    "text",
    [
        "ORC;Måned\nÅ;1\n",
        "PAR1;N\nx;1\n",
        "BZh;N\n",
        "GIF8;N\n",
        "[Kode];Navn\n",
        "{x};y\n",
        '["Kode";"Navn"]\n',
        '{"Kode";"Navn"}\n',
        "",
        "\n",
        "Obj;1\n",
    ],
)
def test_a_text_that_begins_like_one_is_a_text(text: str) -> None:
    assert {foreign(text.encode()), foreign(text.encode("cp1252"))} == {""}


def test_check_says_once_what_holds_for_every_extract(tmp_path: Path) -> None:
    file = tmp_path / "opkald_2015-04.csv"
    file.write_bytes(b"%PDF-1.7\n" + NOISE)
    done = ventetal(tmp_path / "data", "check", str(file))
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == ["  as any extract: The file is a PDF, whatever it is called; send CSV or a workbook."]
    told = json.loads(ventetal(tmp_path / "data", "check", str(file), "--json").stdout)
    assert len(set(told["refusals"].values())) == 1 < len(told["refusals"])


def test_check_names_the_nearest_layout_first_and_what_is_unlike_together(tmp_path: Path) -> None:
    file = tmp_path / "svartider_2015-05_leveret-20150603-0615.csv"
    file.write_text("System;Handling;Klasse;Lokation;Start (UTC);Varighed ms\nOrbit;login;Tung;Herlev;2015-05-01T00:00:00Z;5\n", "utf-8")
    said = ventetal(tmp_path / "data", "check", str(file)).stdout.splitlines()
    assert "as response_times:" in said[1], said
    assert "lacks Status" in said[1]
    assert said[-2].startswith("  No layout of these has anything of it: ")
    assert said[-1] == "  ventetal layout FILE proposes a layout of it."
    assert len(said) < 18
