"""Content against the digest that named it."""

import hashlib
from collections.abc import Iterator

from pycosign.errors import MalformedError
from pycosign.oci.registry import DigestMismatchError
from pycosign.wire.oci_manifest import Descriptor

__all__ = ["check_content", "check_size", "verified"]


def check_content(content: bytes, digest: str, what: str) -> None:
    """Raise DigestMismatchError unless `content` has this digest (sha256, sha384 or sha512)."""
    algorithm, _, value = digest.partition(":")
    computed = hashlib.new(algorithm, content).hexdigest()
    if computed != value:
        raise DigestMismatchError(what, f"has the digest {algorithm}:{computed}, not {digest}")


def check_size(descriptor: Descriptor, max_bytes: int) -> None:
    """Raise MalformedError `registry.too-large` for a blob that is larger than it may be, before it is fetched."""
    if descriptor.size > max_bytes:
        problem = f"has {descriptor.size} bytes; the limit is {max_bytes}"
        raise MalformedError(f"blob {descriptor.digest}", problem, code="registry.too-large")


def verified(chunks: Iterator[bytes], descriptor: Descriptor, what: str) -> Iterator[bytes]:
    """The chunks, and after the last one DigestMismatchError unless all of them are what the descriptor says.

    Never gives out more bytes than the descriptor's size.
    """
    algorithm, _, value = descriptor.digest.partition(":")
    state = hashlib.new(algorithm)
    size = 0
    try:
        for chunk in chunks:
            size += len(chunk)
            if size > descriptor.size:
                raise DigestMismatchError(what, f"is longer than {descriptor.size} bytes")
            state.update(chunk)
            yield chunk
    except MalformedError as exc:
        if isinstance(exc, DigestMismatchError):
            raise
        raise DigestMismatchError(what, f"is longer than {descriptor.size} bytes") from exc
    if size != descriptor.size:
        raise DigestMismatchError(what, f"has {size} bytes, not {descriptor.size}")
    if state.hexdigest() != value:
        raise DigestMismatchError(what, f"has the digest {algorithm}:{state.hexdigest()}, not {descriptor.digest}")
