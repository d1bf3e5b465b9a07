"""One pseudonym key for the life of a lake: another key would make new persons of everybody, silently."""

from assets.catalog.declared import Catalog
from assets.lake.files import Lake, load, save


def check_person_key(lake: Lake, catalog: Catalog) -> None:
    """Before anything is read: is the key there, long enough, and the one this lake began with? Raises KeyRefused.

    A lake remembers what tells keys apart, never the key.
    """
    if not any(e.contract.person for e in catalog.extracts.values()):
        return
    from sources.pseudonym import KeyRefused, key_check, pseudonym_key

    mark, seen = key_check(pseudonym_key()), lake.files / "person-key.json"
    if not seen.exists():
        save(seen, {"key_check": mark})
    elif load(seen, dict[str, str])["key_check"] != mark:
        raise KeyRefused(
            "The pseudonym key is another than the one this lake was begun with; under it nobody would be the same person."
            " Set the earlier key, or begin a new lake."
        )
