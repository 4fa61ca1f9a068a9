"""Digests of messages in memory.

`hashlib` loads a second OpenSSL beside the one in `cryptography`, which takes as long as 6,000 short digests. So it is
used where the process has loaded it before, as most that stay have; a command that verifies one file does without.
"""

import sys
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from pycosign.errors import UsageError

__all__ = ["ALGORITHMS", "HASHES", "digest_of", "sha256"]

ALGORITHMS: Final[Mapping[str, int]] = {"sha256": 32, "sha384": 48, "sha512": 64}  # name -> length in bytes
HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {  # the library's objects
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_SHORT: Final = 256  # bytes: below, what OpenSSL does around a digest takes longer than the digest
_hashlib: Any = sys.modules.get("hashlib")


def _plain_sha256() -> Any:
    """Python's own, which `hashlib` falls back to; None where Python was built without it."""
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256 as plain
        else:
            from _sha256 import sha256 as plain  # type: ignore[import-not-found]
    except ImportError:
        return None
    return plain


_short_sha256: Any = None if _hashlib is None else _plain_sha256()


def digest_of(name: str, message: bytes) -> bytes:
    """The digest of a message in memory.

    Raises: UsageError: `name` is not one of `ALGORITHMS`.
    """
    if name not in ALGORITHMS:
        raise UsageError(f"unknown digest algorithm: {name}")
    if name == "sha256":
        return sha256(message)
    if _hashlib is not None:
        raw: bytes = getattr(_hashlib, name)(message).digest()
        return raw
    return _by_library(name, message)


def sha256(message: bytes) -> bytes:
    """The SHA-256 digest of a message in memory."""
    raw: bytes
    if _short_sha256 is not None and len(message) <= _SHORT:
        raw = _short_sha256(message).digest()
    elif _hashlib is not None:
        raw = _hashlib.sha256(message).digest()
    else:
        raw = _by_library("sha256", message)
    return raw


def _by_library(name: str, message: bytes) -> bytes:
    state = hashes.Hash(HASHES[name])
    state.update(message)
    return state.finalize()
