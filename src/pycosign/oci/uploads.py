"""Getting a blob into a registry: mounted, in one request, streamed, or in chunks.

Source: distribution specification 1.1, "Pushing Blobs". Small blobs take POST and PUT; large ones, like
go-containerregistry's, one PATCH without Content-Range between them; chunks only on request, as some registries want
them larger, some smaller, and some not at all.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from pycosign.errors import UnavailableError
from pycosign.net.http import Response
from pycosign.oci.problems import registry_problem
from pycosign.oci.registry import BlobSource, DigestMismatchError, RegistryUnavailableError
from pycosign.oci.transport import RegistryTransport

__all__ = ["Blob", "may_succeed_later", "upload"]

_ONE_REQUEST_BYTES = 4 << 20
_PIECE_BYTES = 1 << 20
_OCTETS = "application/octet-stream"
_LASTING = ("registry.unauthorized", "registry.denied", "net.timeout", "net.unknown-host", "net.certificate")


class Blob(NamedTuple):
    """What is to be uploaded. `chunk_bytes`: at most so many per request; None leaves it to the size."""

    content: bytes | BlobSource
    digest: str
    size: int  # bytes
    chunk_bytes: int | None

    def pieces(self) -> Iterator[bytes]:
        """All the bytes, from the start, checked to be as many as announced."""
        source: Iterable[bytes] = (self.content,) if isinstance(self.content, bytes) else self.content()
        left = self.size
        for piece in source:
            left -= len(piece)
            if left < 0:
                break
            yield piece
        if left != 0:
            raise DigestMismatchError(f"blob {self.digest}", f"is not {self.size} bytes long: it changed meanwhile")


def upload(transport: RegistryTransport, repository: str, blob: Blob, mount_from: str | None) -> None:
    """One try. Raises UnavailableError; DigestMismatchError: the registry received something else."""
    url = transport.url(repository, "blobs/uploads/")
    if mount_from is not None:
        url += f"?mount={quote(blob.digest, safe=':')}&from={quote(mount_from.partition('/')[2], safe='/')}"
    # The answer is an open upload, or (mounted) the blob: either may be asked for twice.
    begun = transport.request(
        "POST",
        repository,
        url,
        push=True,
        mount_from=mount_from,
        expect=(201, 202),
        headers={"Content-Length": "0"},
        retry=True,
    )
    if begun.status == 201:
        return
    location = transport.follow(begun)
    if blob.chunk_bytes is not None:
        minimum = begun.headers.get("OCI-Chunk-Min-Length", "0")
        smallest = int(minimum) if minimum.isascii() and minimum.isdigit() and len(minimum) < 12 else 0
        location = _send_chunks(transport, repository, location, blob, max(blob.chunk_bytes, smallest))
    elif blob.size > _ONE_REQUEST_BYTES:
        headers = {"Content-Type": _OCTETS, "Content-Length": str(blob.size)}
        sent = transport.request(
            "PATCH", repository, location, push=True, expect=(202,), headers=headers, body=blob.pieces, retry=False
        )
        location = transport.follow(sent)
    else:
        _finish(transport, repository, location, blob, b"".join(blob.pieces()))
        return
    _finish(transport, repository, location, blob, b"")


def may_succeed_later(problem: UnavailableError) -> bool:
    """Whether a whole upload may be begun again after this; HTTP's own retries have been used up already."""
    return problem.code not in _LASTING


def _send_chunks(transport: RegistryTransport, repository: str, location: str, blob: Blob, chunk_bytes: int) -> str:
    first = 0
    for chunk in _regroup(blob.pieces(), chunk_bytes):
        last = first + len(chunk) - 1
        headers = {
            "Content-Type": _OCTETS,
            "Content-Length": str(len(chunk)),
            "Content-Range": f"{first}-{last}",
        }
        sent = transport.request(
            "PATCH", repository, location, push=True, expect=(202,), headers=headers, body=chunk, retry=False
        )
        _check_progress(sent, last)
        location = transport.follow(sent)
        first = last + 1
    return location


def _check_progress(sent: Response, last: int) -> None:
    stored = sent.headers.get("Range", "").removeprefix("bytes=").partition("-")[2]
    if stored and stored != str(last):
        message = f"the registry has stored bytes 0-{stored[:30]} of the blob, not 0-{last}"
        raise RegistryUnavailableError(message)


def _finish(transport: RegistryTransport, repository: str, location: str, blob: Blob, body: bytes) -> None:
    url = f"{location}{'&' if '?' in location else '?'}digest={quote(blob.digest, safe='')}"
    headers = {"Content-Length": str(len(body))}
    if body:
        headers["Content-Type"] = _OCTETS
    done = transport.request(
        "PUT", repository, url, push=True, expect=(201, 204, 400), headers=headers, body=body, retry=False
    )
    if done.status == 400:
        if b"DIGEST_INVALID" in done.body:
            raise DigestMismatchError(f"blob {blob.digest}", "did not arrive as it was sent, says the registry")
        raise registry_problem("PUT", done)


def _regroup(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of `size`, the last one shorter."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
