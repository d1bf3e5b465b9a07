"""Counts about persons that are finer than a delivery: which of them are told, so that no small one can be worked out.

The counts of a whole delivery are exact. Those of its months are not told where few persons stand behind them, nor as many others as
hide them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from assets.deliveries.coverage import Month


@dataclass(frozen=True)
class Counts:
    """Records of a month as they are told; None is withheld."""

    records: int | None
    accepted: int | None
    quarantined: int | None


def told_counts(months: Sequence[Month], least: float) -> list[Counts]:
    """The counts of an extract's months; none of fewer persons than `least` is told, or can be worked out from the sums of a sender's
    deliveries.

    Accepted and quarantined records are told apart, so their sum is told where both are. About persons a month has all records of its
    own files, since less those dated elsewhere it would tell, beside what the file held, how many these are; elsewhere they are not told.
    """
    if least <= 1:
        return [Counts(m.records, m.accepted, m.quarantined) for m in months]
    # Accepted records of the files for a month, and of those for none their records of it: these add up to the deliveries.
    taken = [m.accepted + (m.strays if m.is_covered else -m.strays) for m in months]
    accepted = {i for i, m in enumerate(months) if m.strays and not m.is_covered}
    quarantined = set[int]()
    for sender in {m.sender for m in months}:
        its = [i for i, m in enumerate(months) if m.sender == sender]
        accepted |= {its[i] for i in hidden([taken[i] for i in its], [months[i].persons_accepted for i in its], least)}
        quarantined |= {its[i] for i in hidden([months[i].quarantined for i in its], [months[i].persons_quarantined for i in its], least)}
    return [
        Counts(
            None if i in accepted | quarantined else taken[i] + m.quarantined,
            None if i in accepted else taken[i],
            None if i in quarantined else m.quarantined,
        )
        for i, m in enumerate(months)
    ]


def hidden(parts: Sequence[int], persons: Sequence[int], least: float) -> set[int]:
    """Places of the parts of a known sum that may not be told: each of few persons, and the smallest others until what is hidden adds up
    to `least` or more over two places, so that each of them can be anything between nought and that.
    """
    found = {i for i, n in enumerate(parts) if n > 0 and persons[i] < least}
    others = sorted(set(range(len(parts))) - found, key=lambda i: (parts[i], i))
    while found and others and len(parts) > 1 and (len(found) < 2 or sum(parts[i] for i in found) < least):
        found.add(others.pop(0))
    return found if len(parts) > 1 else set()


BANDS = (20, 100)


def band(count: int, least: float) -> str:
    """A count as the range it is in, the lowest of which is under `least`."""
    ends = [e for e in (int(least), *BANDS) if e > 1] if least < BANDS[0] else [int(least)] if least < inf else []
    found = [e for e in ends if e <= count]
    if not ends or not found:
        return f"under {ends[0]}" if ends else "some"
    above = [e for e in ends if e > count]
    return f"{found[-1]} to {above[0] - 1}" if above else f"{found[-1]} or more"


def told(count: int, least: float) -> int | None:
    """A count by itself; None for one that is small."""
    return None if 0 < count < least else count
