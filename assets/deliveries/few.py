"""Counts about persons that are finer than a delivery: which of them are told, so that no small one can be worked out.

The counts of a whole delivery are exact; those of its months are not told where they are small, nor as many others as hide them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assets.deliveries.coverage import Month


@dataclass(frozen=True)
class Counts:
    """Records of a month as they are told; None is withheld."""

    records: int | None
    accepted: int | None
    quarantined: int | None


def told_counts(months: Sequence[Month], least: float) -> list[Counts]:
    """The counts of an extract's months, of which everybody knows the sums; none under `least` is told or can be worked out.

    Accepted and quarantined records are told apart, so their sum is told where both are.
    """
    accepted, quarantined = hidden([m.accepted for m in months], least), hidden([m.quarantined for m in months], least)
    return [
        Counts(
            None if i in accepted | quarantined else m.records,
            None if i in accepted else m.accepted,
            None if i in quarantined else m.quarantined,
        )
        for i, m in enumerate(months)
    ]


def hidden(parts: Sequence[int], least: float) -> set[int]:
    """Places of the parts of a known sum that may not be told: each small one, and the smallest others until what is hidden adds up to
    `least` or more over two places, so that each of them can be anything between nought and that.
    """
    found = {i for i, n in enumerate(parts) if 0 < n < least}
    others = sorted(set(range(len(parts))) - found, key=lambda i: (parts[i], i))
    while found and others and len(parts) > 1 and (len(found) < 2 or sum(parts[i] for i in found) < least):
        found.add(others.pop(0))
    return found if len(parts) > 1 else set()


def told(count: int, least: float) -> int | None:
    """A count by itself; None for one that is small."""
    return None if 0 < count < least else count
