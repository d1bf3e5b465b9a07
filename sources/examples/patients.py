"""The example region's patients: redirected to private hospitals, on their way to a diagnosis, or citizens a municipality pays for.

Nobody of them exists (`cpr`). The committee's figures can be measured on the records (`redirections`, `udredning`); whatever is
wrong with them on purpose is written down (`planted`), so that it can be counted, and looked for where it must not be.
"""

from collections.abc import Iterator

from sources.examples import cpr, kmf_citizens, kmf_files, pathways, redirections, referrals, registers
from sources.examples.delivery import Delivery
from sources.examples.planted import Planting
from sources.examples.udredning import HOSPITALS, happened

LOOKUPS = ("unit", "provider", "hospital")
REDIRECTED, BOTH, REFERRED, SPARE, SETTLED = 36_000, 6_000, 110_000, 12_000, 1_000
SMALLEST_POOL = 0.08


def deliveries(lookups: dict[str, list[dict[str, str]]], seed: int, scale: float, planting: Planting) -> Iterator[tuple[str, Delivery]]:
    """(extract, delivery), each extract in the order of its months; `planting` (from `new_planting`) is filled on the way.

    `scale` is a part of the region's size. Below 1 the figures are only near the printed ones; every kind of delivery is there.
    """
    numbers, _, of_citizens, settled = _numbers(seed, scale)
    redirected, referred = (round(count * max(scale, SMALLEST_POOL)) for count in (REDIRECTED, REDIRECTED - BOTH))
    facts = redirections.Facts(lookups, numbers[:redirected])
    yield from ((redirections.EXTRACT, d) for d in redirections.deliveries(facts, seed, scale, planting))
    all_ = happened({hospital: facts.units(hospital) for hospital in HOSPITALS}, numbers[referred:], seed, scale)
    yield from (("pathways", d) for d in pathways.deliveries(all_.states, seed, planting))
    yield from (("pathway_pauses", d) for d in pathways.pause_deliveries(all_.pauses, seed, planting))
    yield from ((referrals.EXTRACT, d) for d in referrals.deliveries(all_.closings, seed, planting))
    yield from kmf_files.deliveries(of_citizens, seed, max(scale, SMALLEST_POOL), planting)
    yield "units", registers.units(facts.hospitals, facts.wards)
    yield "providers", registers.providers(lookups["provider"])
    yield "person_links", registers.person_links(numbers, iter(settled), seed, planting)


def new_planting(seed: int, scale: float) -> Planting:
    """An empty account, with numbers to spoil that nobody has in the deliveries of this seed and scale."""
    return Planting(iter(_numbers(seed, scale)[1]))


def planted(lookups: dict[str, list[dict[str, str]]], seed: int = 1, scale: float = 1.0) -> Planting:
    """The account of everything the deliveries of this seed and scale hold, without writing a file."""
    planting = new_planting(seed, scale)
    for _ in deliveries(lookups, seed, scale, planting):
        pass
    return planting


def _numbers(seed: int, scale: float) -> tuple[list[str], list[str], list[str], list[str]]:
    """The numbers of patients, the spare ones, those of citizens, and those that took another's place, none of them twice."""
    if not 0 < scale <= 1:
        raise ValueError(f"scale is a part of the region's size, above 0 and at most 1, not {scale}")
    size = max(scale, SMALLEST_POOL)
    used, spare = (round(count * size) for count in (REDIRECTED + REFERRED, SPARE))
    before = used + spare + kmf_citizens.persons(size)
    numbers = cpr.invented(before + SETTLED, seed)
    return numbers[:used], numbers[used : used + spare], numbers[used + spare : before], [n for n in numbers[before:] if cpr.is_plain(n)]
