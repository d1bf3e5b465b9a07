"""Who vouches for a release: the hashes of its files, the manifest's among them, signed with the region's own key.

Ed25519 (RFC 8032): the same text has the same signature, and `openssl pkeyutl -verify -rawin` checks it without us.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from assets.lake.seals import HASHES, SIGNATURE, Sign
from sources.errors import WrongUsage
from sources.settings import PREFIX, settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class WrongKey(WrongUsage):
    """A file that holds no key of the kind that is asked for. The text names it, and says how one is made."""


def signer() -> Sign | None:
    """What signs a release, None where the region has no key. Raises WrongKey."""
    return key.sign if (key := _private()) else None


def public_key(path: Path | None) -> "Ed25519PublicKey | None":
    """The key in a PEM file; without one that belongs to the region's own, None where it has none. Raises WrongKey."""
    if path is None:
        return key.public_key() if (key := _private()) else None
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        found = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _wrong(path, "public", error) from None
    if not isinstance(found, Ed25519PublicKey):
        raise _wrong(path, "public")
    return found


def is_signed_by(release: Path, key: "Ed25519PublicKey") -> bool:
    """Whether the key's owner signed the hashes that lie in the release."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify((release / SIGNATURE).read_bytes(), (release / HASHES).read_bytes())
    except (InvalidSignature, FileNotFoundError):
        return False
    return True


def fingerprint(key: "Ed25519PublicKey") -> str:
    """What people compare two keys by: the SHA-256 of the 32 bytes of the public one."""
    return f"SHA256:{hashlib.sha256(key.public_bytes_raw()).hexdigest()}"


def _private() -> "Ed25519PrivateKey | None":
    if not (said := settings().signing_key_file):
        return None
    # A region that signs nothing loads nothing of it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = Path(said)
    try:
        found = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise _wrong(path, "private", error) from None
    if not isinstance(found, Ed25519PrivateKey):
        raise _wrong(path, "private")
    return found


def _wrong(path: Path, kind: str, error: Exception | None = None) -> WrongKey:
    how = "openssl genpkey -algorithm ed25519 -out signing.pem` makes one, `openssl pkey -in signing.pem -pubout -out signing.pub"
    why = f" ({error.strerror})" if isinstance(error, OSError) else ""
    setting = f" {PREFIX}SIGNING_KEY_FILE names it." if kind == "private" else ""
    return WrongKey(f"{path} holds no {kind} Ed25519 key{why}.{setting} `{how}` the public half.")
