"""What stood of a domain before a run, by what releases tell: its last good set, for a night on which it is held."""

from collections.abc import Callable
from datetime import datetime

from assets.catalog.declared import REFERENCE, Catalog
from assets.lake.line import Line
from assets.lake.manifests import Manifest, last_published
from assets.tables.domain_state import DomainState
from assets.tables.versions import Version


class LastGood:
    """The sets that earlier runs published, seen from `line`. `made_again` gives what an earlier night made of a domain."""

    def __init__(self, line: Line, catalog: Catalog, made_again: Callable[[str, datetime], DomainState | None]) -> None:
        self._line, self._catalog, self._made_again = line, catalog, made_again

    def is_published(self, version: Version) -> bool:
        """Whether the version is the one that is published of its table now."""
        return bool(self._line.published) and self._line.published[0].tables.get(version.table) == version.key

    def before(self, domain: str) -> DomainState | None:
        """What stood of the domain before this run: as the run before it left it, else as the releases up to now tell.

        A run for another time and a rebuild have no run before them. Versions that are gone are made again as they were then.
        """
        if (state := self._line.state(DomainState, domain)) and self._are_there(state.tables):
            return state
        history = [m for m in self._line.published if domain in m.domains]
        if not history:
            return None
        newest, tables, data_as_of = history[0].domains[domain], dict[str, str](), ""
        if good := last_published(history, domain):
            tables, data_as_of = self._tables_of(domain, good), good.domains[domain].data_as_of
        if not self._are_there(tables):
            good = last_published([m for m in history if m.as_of < self._line.as_of], domain)
            # Lookups, and what cannot be used, are today's at any time: an earlier night would meet the same.
            if good and domain != REFERENCE and not self._catalog.faults_of(domain):
                state = self._made_again(domain, datetime.fromisoformat(good.as_of))
                if state:
                    tables, data_as_of = state.tables, state.data_as_of
        return DomainState(domain, newest.status, newest.since, newest.why, data_as_of, tables)

    def kept(self, domain: str, before: DomainState | None) -> tuple[dict[str, str], str]:
        """What is published of a domain that is held, and its data_as_of. A state that no release has shown yet counts for nothing."""
        if self._line.is_nightly:
            if not (self._line.published and domain in self._line.published[0].domains):
                return {}, ""
            released = self._tables_of(domain, self._line.published[0])
            if self._are_there(released):
                return released, self._line.published[0].domains[domain].data_as_of
        tables = before.tables if before else {}
        return {t: k for t, k in tables.items() if self._are_there({t: k})}, before.data_as_of if before else ""

    def _tables_of(self, domain: str, release: Manifest) -> dict[str, str]:
        """The domain's tables in a release. A release of version 0.1 does not name them: they are those that are declared now."""
        declared = {n: REFERENCE if t.layer == REFERENCE else t.domain for n, t in self._catalog.tables.items()}
        named = release.domains[domain].tables
        return {table: key for table, key in release.tables.items() if table in named or (not named and declared.get(table) == domain)}

    def _are_there(self, tables: dict[str, str]) -> bool:
        return all(self._line.lake.version(table, key).exists() for table, key in tables.items())
