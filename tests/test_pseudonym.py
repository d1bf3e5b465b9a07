"""Numbers made into ids many at a time are the ids they have one by one, whatever was written in the column."""

import hmac
import secrets
from base64 import b64encode
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.errors import WrongUsage
from sources.pseudonym import DEMO_KEY, NOT_A_NUMBER, KeyRefused, Pseudonyms, pseudonym_key

KEY = b"a key that is as long as it has to be"
ids = Pseudonyms("udredning", KEY)
digits = st.text("0123456789", min_size=4, max_size=4)
days = st.builds(lambda d, m, y: f"{d:02d}{m:02d}{y:02d}", st.integers(0, 99), st.integers(0, 13), st.integers(0, 99))
numbers = st.builds(lambda day, parting, last: day + parting + last, days, st.sampled_from(["", "-", " ", ".", "ø"]), digits)
texts = st.one_of(numbers, st.text("0123456789- ABOæ\u0660", max_size=12), numbers.map(lambda n: f" {n}"), numbers.map(lambda n: n[1:]))


@given(st.lists(texts, max_size=30), st.integers(0, 3))
def test_numbers_taken_together_are_what_they_are_one_by_one(written: list[str], skipped: int) -> None:
    # A slice shares its letters with what stands before it.
    for kind in (pa.string(), pa.large_string()):
        together = ids.of_all(pa.array(written, kind)[skipped:])
        assert list(zip(*together, strict=True)) == [ids.of(text) for text in written[skipped:]]


def test_an_id_is_the_keyed_hash_of_the_number_alone() -> None:
    key = hmac.digest(KEY, b"purpose: udredning", "sha256")
    # An invented person, and a number whose check digit does not hold.
    expected = [hmac.digest(key, number, "sha256").hex()[:32] for number in (b"0101010007", b"0101010005")]
    together = ids.of_all(pa.array(["010101-0007", "0101010005", "310201-0004", ""]))
    assert together[0].tolist() == [*expected, NOT_A_NUMBER, ""]
    assert together[1].tolist() == ["CPR", "UDEN_KONTROL", "", ""]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The key file of a region in production."""
    monkeypatch.setenv("VENTETAL_ENV", "production")
    monkeypatch.setenv("VENTETAL_PSEUDONYM_KEY_FILE", str(tmp_path / "key"))
    return tmp_path / "key"


@pytest.mark.parametrize(
    "key",
    [
        DEMO_KEY, DEMO_KEY.upper() + b"!\n", b"a" * 32, b"a" * 31 + b"b", b"ab" * 20, b"abc" * 11, b"secret" * 6,
        b"0123456789" * 4 + b"012", b"0123456789abcdef" * 2, b"MitHemmeligeKodeord" * 2, b"abcdefghijklmnopqrstuvwxyzabcdef",
        bytes(range(64)), b"zyxwvutsrqponmlkjihgfedcba987654", b"aaaabbbbccccddddeeeeffffgggghhhh", b"1" * 20 + b"2" * 20, b"\x00" * 32,
        b" a" * 16, b"", b"\n", b"9ea7b72f0cac4dc8",
    ],
)  # fmt: skip
def test_a_key_that_is_public_short_or_a_pattern_is_refused_in_production(file: Path, key: bytes) -> None:
    file.write_bytes(key)
    with pytest.raises(KeyRefused) as refused:
        pseudonym_key()
    assert not key.strip() or key.strip().decode("latin-1") not in str(refused.value)


def test_a_random_key_is_taken_however_it_is_written(file: Path) -> None:
    """A key of raw bytes may begin or end with what looks blank."""
    for _ in range(25):
        raw = secrets.token_bytes(48)
        digits = "".join(secrets.choice("0123456789") for _ in range(32)).encode()
        for key in (raw.strip(), raw[:32].hex().encode(), b64encode(raw[:32]), digits):
            file.write_bytes(key + b"\n")
            assert pseudonym_key() == key


@pytest.mark.parametrize("said", ["Production", "PRODUCTION", "prod", "produktion", " production", "production\n", "staging", "0"])
def test_what_may_mean_production_is_not_taken_for_anything_else(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENTETAL_ENV", said)
    with pytest.raises(WrongUsage, match="it is production, or not set"):
        pseudonym_key()
