"""What was published before, as the manifests of nightly releases tell it. They are kept when a release itself is deleted."""

from typing import Any

from assets.lake import Lake, read_json


def manifests(lake: Lake, as_of: str) -> list[dict[str, Any]]:
    """Manifests of nightly releases up to `as_of` (ISO), newest first."""
    found = [read_json(p) for p in lake.manifests.glob("*.json")]
    nightly = [m for m in found if m["line"] == "nightly" and m["as_of"] <= as_of]
    return sorted(nightly, key=lambda m: (m["as_of"], m["created_at"]), reverse=True)


def last_published(history: list[dict[str, Any]], domain: str) -> dict[str, Any] | None:
    """The newest of `history` in which the domain's tables were those of its night."""
    return next((m for m in history if m["domains"].get(domain, {}).get("status") == "published"), None)
