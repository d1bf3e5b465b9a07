"""What a step of a run would have told Dagster of a state, for the step that made it instead."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from assets.catalog import REFERENCE
from assets.raw import raw_result
from assets.tables import domain_results

if TYPE_CHECKING:
    from assets.night import Night
    from assets.states import DomainState, ExtractState


def state_events(night: "Night", state: "ExtractState | DomainState") -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Materialisations and checks of an extract or of a domain's tables."""
    from assets.states import ExtractState

    if isinstance(state, ExtractState):
        yield raw_result(night.catalog.extracts[state.extract], state)
    else:
        tables = night.catalog.references if state.domain == REFERENCE else night.catalog.of_domain(state.domain)
        yield from domain_results(night, tables, state)
