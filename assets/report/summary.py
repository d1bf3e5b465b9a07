"""What stands beside the main points: what goes well, what is another than the month before, and how far the figures can be trusted.

Two months beside each other say nothing of better or worse: what is told of the month before is which targets are met and which are not,
what is no natural variation any more, and what lies beyond every month so far.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from assets.pages import danish
from assets.pages.caveats import HIDDEN, UNCERTAIN, WITHHELD
from assets.report.figures import Section, Told
from assets.report.prose import data, joined, sign, when
from assets.report.reading import Reading, Row
from assets.report.tables import Table
from sources.stamp import next_month

SPECIAL = ("CONCERN", "IMPROVEMENT", "HIGH", "LOW")
Found = tuple[Told, Row]
ToldSections = list[tuple[Section, list[Told]]]


@dataclass(frozen=True)
class Block:
    """A few sentences under a title."""

    title: str
    sentences: list[Markup]


def blocks(sections: ToldSections, tables: dict[str, Table], reading: Reading) -> list[Block]:
    """The three of a paper that lists indicators; none of another. `tables` are its figures' by their id."""
    told = [t for _, figures in sections for t in figures]
    asked = {key: t for t in told for key in (*t.figure.findings, *t.figure.listed)}
    if not asked:
        return []
    rows = [(t, row) for t in told for row in t.indicators if row["value"] is not None]
    return [
        Block("Det går godt", good(told, rows)),
        Block("Siden måneden før", since(told, rows, reading)),
        Block("Så sikre er tallene", trust(told, asked, rows, tables)),
    ]


def good(told: list[Told], rows: list[Found]) -> list[Markup]:
    """Which targets are met, and what has become better by more than natural variation."""
    met = [(t, r) for t, r in rows if r["target_met"]]
    better = [(t, r) for t, r in rows if r["variation"] == "IMPROVEMENT"]
    said = [Markup("Mål nået: {}.").format(_listed(met, with_target=True))] if met else []
    said += [s for t in told if t.figure.good and not t.problem for s in t.figure.good(t)]
    said += [Markup("Forbedret ud over naturlig variation: {}.").format(_listed(better))] if better else []
    return said or [Markup("Ingen mål er nået, og intet nøgletal er forbedret ud over naturlig variation.")]


def since(told: list[Told], rows: list[Found], reading: Reading) -> list[Markup]:
    """What is another than in the report of the month before, and of how many indicators nobody can tell."""
    with_before = [(t, r, reading.findings_before.get((r["indicator"], r["subject"]))) for t, r in rows]
    compared = [
        (t, r, b) for t, r, b in with_before if b and b["value"] is not None and next_month(b["month"]) == r["month"]
    ]  # fmt: skip
    not_renewed = sum(b is not None and b["month"] == r["month"] for _, r, b in with_before)
    turned = [(t, r, b) for t, r, b in compared if None not in (r["target_met"], b["target_met"]) and r["target_met"] != b["target_met"]]
    said = [_turned(*found) for found in turned]
    said += [s for t in told if t.figure.since and not t.problem for s in t.figure.since(t)]
    begun = [(t, r) for t, r, b in compared if r["variation"] in SPECIAL and b["variation"] != r["variation"]]
    said += [_begun(t, row) for t, row in begun]
    few = [(t, r) for t, r, _ in compared if r["variation"] == "TOO_FEW"]
    for extreme, words in (("HIGHEST", "Højere"), ("LOWEST", "Lavere")):
        # What is told as a course, or as a target, is not told a third time.
        if beyond := [(t, r) for t, r in few if r["extreme"] == extreme and not r["is_course"] and (t, r) not in [f[:2] for f in turned]]:
            said.append(Markup("{} end i nogen tidligere måned: {}.").format(words, _listed(beyond)))
    enough = [r for _, r, _ in compared if r["variation"] not in (None, "TOO_FEW")]
    if enough:
        how_many = data(len(begun)) if begun else Markup("ingen")
        words = Markup("Af {} nøgletal med måneder nok er der {}, der først nu skiller sig ud fra naturlig variation.")
        said.append(words.format(data(len(enough)), how_many))
    if few:
        said.append(Markup("For {} er der for få måneder til at afgøre, om en ændring er naturlig variation.").format(data(len(few))))
    if not compared:
        said.append(Markup("Ingen nøgletal har nye tal og tal for måneden før at sammenligne med."))
        return said
    if not_renewed:
        said.append(Markup("{} har ingen nye tal.").format(data(not_renewed)))
    if left := len(rows) - len(compared) - not_renewed:
        said.append(Markup("{} har ingen tal for måneden før.").format(data(left)))
    return said


def trust(told: list[Told], asked: dict[tuple[str, str], Told], rows: list[Found], tables: dict[str, Table]) -> list[Markup]:
    """How many indicators are made up and why others are not; what is withheld, uncertain or stands on few of the data."""
    hidden = [(t, r) for t in told for r in t.indicators if r["value"] is None and WITHHELD in r["qf"]]
    lacking = len(asked) - len(rows) - len(hidden)
    if len(rows) == len(asked):
        said = [Markup("Alle {} nøgletal er opgjort; ingen af dem er tilbageholdt.").format(data(len(asked)))]
    else:
        said = [Markup("{} af {} nøgletal er opgjort.").format(data(len(rows)), data(len(asked)))]
    if hidden:
        where = _figures(t for t, _ in hidden)
        these = "det" if len(hidden) == 1 else "de"
        said.append(Markup("{} er tilbageholdt, fordi {} bygger på få personer ({}).").format(data(len(hidden)), these, where))
    if lacking:
        there = {(r["indicator"], r["subject"]) for t in told for r in t.indicators if r["value"] is not None or WITHHELD in r["qf"]}
        without = _figures(t for key, t in asked.items() if key not in there)
        said.append(Markup("{} er ikke opgjort: udgivelsen har ingen endelige tal ({}).").format(data(lacking), without))
    cells = {t.figure.id: n for t in told if (n := sum(c.text == HIDDEN for row in tables[t.figure.id].rows for c in row))}
    if cells:
        where = _figures(t for t in told if t.figure.id in cells)
        said.append(
            Markup("I tabellerne er {} tal tilbageholdt, fordi enkeltpersoner ellers kunne genkendes ({}).").format(
                data(sum(cells.values())), where
            )
        )
    if low := [(t, r) for t, r in rows if r["completeness_band"] == "lav"]:
        each = [Markup("{} i {}").format(data(r["completeness_share"], danish.SHARE, 0), _link(t)) for t, r in low]
        said.append(Markup("Datakompletheden er lav: {}.").format(joined(each)))
    doubted = {t.figure.id: t for t, r in rows if UNCERTAIN in r["qf"]}
    if doubted:
        each = [_link(t) + (Markup(" ({})").format(t.figure.doubts(t)) if t.figure.doubts else Markup("")) for t in doubted.values()]
        said.append(Markup("Usikre tal: {}.").format(joined(each)))
    return said


def _turned(told: Told, row: Row, before: Row) -> Markup:
    way = "nås nu" if row["target_met"] else "nås ikke længere"
    value, then = (data(r["value"], row["unit"], told.figure.places) for r in (row, before))
    return Markup("Målet for {} {}: {} mod {} i {} ({}).").format(_called(row), way, value, then, when(before["month"]), _link(told))


def _begun(told: Told, row: Row) -> Markup:
    said = Markup("{} skiller sig nu ud fra naturlig variation: {} ({})")
    return said.format(row["label"], sign(row, told.figure.places), _link(told))


def _listed(found: list[Found], with_target: bool = False) -> Markup:
    each = []
    for told, row in found:
        said = data(row["value"], row["unit"], told.figure.places)
        if with_target:
            said += Markup(", mål {}").format(data(row["target"], row["unit"], danish.whole_or(row["target"], told.figure.places)))
        if UNCERTAIN in row["qf"]:
            said += Markup(", usikkert")
        each.append(Markup("{} ({}, {})").format(_called(row), said, _link(told)))
    return joined(each)


def _called(row: Row) -> str:
    """The indicator within a sentence."""
    return str(row["label"][:1].lower() + row["label"][1:])


def _figures(told: Iterable[Told]) -> Markup:
    return joined(list(dict.fromkeys(_link(t) for t in told)))


def _link(told: Told) -> Markup:
    return Markup('<a href="#{}">{}</a>').format(told.figure.key, told.figure.id)
