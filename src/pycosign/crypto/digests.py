"""Digests of messages and of files of any size, in constant memory."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Final, Protocol

from pycosign.errors import UsageError

__all__ = ["ALGORITHMS", "CHUNK_BYTES", "ByteStream", "digest", "digest_file"]

ALGORITHMS: Final[Mapping[str, int]] = {"sha256": 32, "sha384": 48, "sha512": 64}  # name -> length in bytes
CHUNK_BYTES: Final = 1 << 20


class ByteStream(Protocol):
    """What is hashed: anything with `read`. Returns b"" at the end, and only there."""

    def read(self, count: int, /) -> bytes: ...


def digest(name: str, message: bytes) -> bytes:
    """The digest of a message in memory.

    Raises: UsageError: `name` is not one of `ALGORITHMS`.
    """
    if name not in ALGORITHMS:
        raise UsageError(f"unknown digest algorithm: {name}")
    return hashlib.new(name, message).digest()


def digest_file(stream: ByteStream, names: Collection[str]) -> dict[str, bytes]:
    """Read a stream once, to its end, and return its digest under each name.

    Memory is one chunk, whatever the file's size.

    Raises: UsageError: a name is not one of `ALGORITHMS`. OSError: as the stream raises it.
    """
    unknown = [name for name in names if name not in ALGORITHMS]
    if unknown:
        raise UsageError(f"unknown digest algorithm: {unknown[0]}")
    hashers = {name: hashlib.new(name) for name in names}
    while chunk := stream.read(CHUNK_BYTES):
        for hasher in hashers.values():
            hasher.update(chunk)
    return {name: hasher.digest() for name, hasher in hashers.items()}
