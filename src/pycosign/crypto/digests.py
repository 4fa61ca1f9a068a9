"""Digests of messages and of files of any size, in constant memory.

`hashlib` loads a second OpenSSL beside the one in `cryptography`, which takes as long as 6,000 short digests. So it is
used where the process has loaded it before, as most that stay have; a command that verifies one file does without.
"""

import sys
from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives import hashes

from pycosign.errors import UsageError

__all__ = [
    "ALGORITHMS",
    "CHUNK_BYTES",
    "HASHES",
    "ByteStream",
    "check_end",
    "digest_file",
    "digest_of",
    "sha256",
]

ALGORITHMS: Final[Mapping[str, int]] = {"sha256": 32, "sha384": 48, "sha512": 64}  # name -> length in bytes
CHUNK_BYTES: Final = 1 << 20
HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {  # the library's objects
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_hashlib: Any = sys.modules.get("hashlib")


class ByteStream(Protocol):
    """What is hashed: anything with `read`. Returns b"" at the end, and only there; None if it will not wait."""

    def read(self, count: int, /) -> bytes | None: ...


def digest_of(name: str, message: bytes) -> bytes:
    """The digest of a message in memory.

    Raises: UsageError: `name` is not one of `ALGORITHMS`.
    """
    if name not in ALGORITHMS:
        raise UsageError(f"unknown digest algorithm: {name}")
    if name == "sha256":
        return sha256(message)
    if _hashlib is not None:
        raw: bytes = _hashlib.new(name, message).digest()
        return raw
    return _by_library(name, message)


def sha256(message: bytes) -> bytes:
    """The SHA-256 digest of a message in memory."""
    if _hashlib is not None:
        raw: bytes = _hashlib.sha256(message).digest()
        return raw
    return _by_library("sha256", message)


def _by_library(name: str, message: bytes) -> bytes:
    state = hashes.Hash(HASHES[name])
    state.update(message)
    return state.finalize()


def digest_file(stream: ByteStream, names: Collection[str]) -> dict[str, bytes]:
    """Read a stream once, to its end, and return its digest under each name.

    Memory is one chunk, whatever the file's size.

    Raises: UsageError: a name is not one of `ALGORITHMS`. OSError: as the stream raises it; it does not wait for more.
    """
    unknown = [name for name in names if name not in ALGORITHMS]
    if unknown:
        raise UsageError(f"unknown digest algorithm: {unknown[0]}")
    states = {name: hashes.Hash(HASHES[name]) for name in names}
    while chunk := stream.read(CHUNK_BYTES):
        for state in states.values():
            state.update(chunk)
    check_end(chunk)
    return {name: state.finalize() for name, state in states.items()}


def check_end(chunk: bytes | None) -> None:
    """Refuse None where a stream ended: a pipe that does not block has nothing yet, and its beginning is not it all.

    Raises: OSError.
    """
    if chunk is None:
        raise OSError("it does not wait for what is still to come (O_NONBLOCK)")
