"""What is published together agrees: a table stands on the very inputs that are published, unless its domain is held and says so."""

from dataclasses import dataclass, replace

from assets.catalog.declared import REFERENCE
from assets.deliveries.extracts import ExtractState, unread
from assets.tables.build import Night
from assets.tables.domain_state import HELD, DomainState
from assets.tables.versions import known


@dataclass(frozen=True)
class Agreed:
    """What stands of a run as a whole."""

    extracts: list[ExtractState]
    domains: list[DomainState]
    # Domain -> the earlier sets its figures stand on, in words.
    stands_on: dict[str, str]


def agreed(night: Night) -> Agreed:
    """All that stands, lookups first. A domain whose tables were computed from other data than is published is held."""
    extracts = [night.extract_state(e) for e in night.catalog.extracts] + unread(night.line, night.catalog)
    never = (DomainState(d, HELD, night.as_of, "It has never been made.", "", {}) for d in (REFERENCE, *night.catalog.domains))
    states = [_own(night, night.line.state(DomainState, d.domain) or d) for d in never]
    published = {name: key for e in extracts for name, key in night.delivered(e).items()} | {
        table: key for s in states for table, key in s.tables.items()
    }
    domains = [_closed(night, s, published) for s in states]
    return Agreed(extracts, domains, {d.domain: _stands_on(night, d, domains, published) for d in domains})


def _own(night: Night, state: DomainState) -> DomainState:
    """The state without tables that are another domain's by now: that one publishes them."""
    declared = night.catalog.tables
    own = {
        t: key
        for t, key in state.tables.items()
        if t not in declared or declared[t].layer == REFERENCE or declared[t].domain == state.domain
    }
    return replace(state, tables=own)


def _closed(night: Night, state: DomainState, published: dict[str, str]) -> DomainState:
    """The state, held where it stands on something else than is published."""
    versions = [] if state.is_held else [a.version for a in state.attempts if a.version]
    earlier = sorted({name for v in versions for name in night.inputs.differing(v, published)})
    why = f"It stands on an earlier {', '.join(earlier)}, and has not been made since."
    return replace(state, status=HELD, since=night.as_of, why=why) if earlier else state


def _stands_on(night: Night, domain: DomainState, domains: list[DomainState], published: dict[str, str]) -> str:
    """Which earlier sets the figures of a domain stand on: of domains that are held, or its own where it is held itself."""
    if domain.is_held:
        versions = [v for table, key in domain.tables.items() if (v := known(night.lake.version(table, key))) and v.inputs]
        return ", ".join(f"earlier {name}" for name in sorted({n for v in versions for n in night.inputs.differing(v, published)}))
    behind = night.catalog.domains_behind(domain.domain) if domain.domain != REFERENCE else []
    held = [d for d in domains if d.is_held and d.domain in behind]
    return ", ".join(f"{d.domain} as of {d.data_as_of[:10]}" if d.data_as_of else f"{d.domain}, held" for d in held)
