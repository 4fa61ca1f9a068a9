"""Digests of files of any size, in constant memory.

Never compiled (hatch_build.py): machine code that reads for minutes would not stop at Ctrl-C.
"""

from collections.abc import Collection
from typing import Final, Protocol

from cryptography.hazmat.primitives import hashes

from pycosign.crypto.digests import ALGORITHMS, HASHES
from pycosign.errors import UsageError

__all__ = ["CHUNK_BYTES", "ByteStream", "check_end", "digest_file"]

CHUNK_BYTES: Final = 1 << 20


class ByteStream(Protocol):
    """What is hashed: anything with `read`. Returns b"" at the end, and only there; None if it will not wait."""

    def read(self, count: int, /) -> bytes | None: ...


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
