"""Numbers made into ids many at a time are the ids they have one by one, whatever was written in the column."""

import hmac

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sources.pseudonym import NOT_A_NUMBER, Pseudonyms

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
