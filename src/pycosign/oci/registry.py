"""What a place that holds images can do. `RegistryClient` asks a registry over HTTP, `LayoutRegistry` a directory.

A repository is named by its full name, "HOST[:PORT]/PATH", as `Reference.context` gives it. Every answer is checked
against its digest before it is returned. "It is not there" and "it could not be asked" are different answers:
`ImageNotFoundError` (or None, or False) against `UnavailableError`; no method ever turns the second into the first.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from pycosign.errors import MalformedError, UnavailableError
from pycosign.wire.oci_manifest import Descriptor
from pycosign.wire.reference import Reference

__all__ = [
    "BlobSource",
    "DigestMismatchError",
    "FetchedManifest",
    "Registry",
    "RegistryUnavailableError",
]


class DigestMismatchError(MalformedError):
    """What was stored under a digest, or sent with it, has another digest or another size."""

    code = "registry.digest-mismatch"


class RegistryUnavailableError(UnavailableError):
    """The registry did not give an answer that counts.

    Codes: `registry.unauthorized` (401), `registry.denied` (403), `registry.rate-limited` (429),
    `registry.unavailable` (everything else).
    """

    code = "registry.unavailable"


class FetchedManifest(NamedTuple):
    """A manifest's exact bytes, the media type it was served as, and its digest ("sha256:HEX"), computed here."""

    raw: bytes
    media_type: str
    digest: str


class BlobSource(Protocol):
    """The bytes of a blob to upload, that can be read from the start more than once."""

    def __call__(self) -> Iterable[bytes]:
        """A fresh iterable over all the bytes."""


class Registry(Protocol):
    """Where images, signatures and attestations are kept. Implementations are safe to share between threads."""

    def resolve(self, reference: Reference) -> Descriptor:
        """What a tag or digest stands for now.

        Raises: ImageNotFoundError: the tag, digest or repository does not exist. UnavailableError.
        """

    def get_manifest(self, repository: str, reference: str) -> FetchedManifest:
        """The manifest under a tag or a digest. Raises: ImageNotFoundError, DigestMismatchError, UnavailableError."""

    def find_manifest(self, repository: str, reference: str) -> FetchedManifest | None:
        """As `get_manifest`; None when the registry says that there is none."""

    def get_blob(self, repository: str, descriptor: Descriptor, *, max_bytes: int) -> bytes:
        """A whole blob. Raises: MalformedError if the descriptor says it is larger; else as `open_blob`."""

    def open_blob(self, repository: str, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """A blob in pieces. The last piece is followed by DigestMismatchError if the whole was not what was asked for.

        Raises: ImageNotFoundError: there is no such blob. UnavailableError.
        """

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the blob is there."""

    def push_blob(
        self,
        repository: str,
        content: bytes | BlobSource,
        *,
        digest: str | None = None,
        size: int | None = None,
        mount_from: str | None = None,
    ) -> Descriptor:
        """Store a blob, unless it is there. Returns its digest and size (media type application/octet-stream).

        Args: digest, size: required when `content` is a source. mount_from: another repository of the same
              registry that may hold it: then nothing is sent.
        """

    def push_manifest(self, repository: str, raw: bytes, media_type: str, *, tag: str | None = None) -> Descriptor:
        """Store a manifest as it is, by digest, or under a tag too. Its blobs must be there already."""

    def referrers(self, repository: str, digest: str) -> tuple[Descriptor, ...]:
        """Every manifest whose subject is `digest`: from the API, or from the fallback tag where there is none.

        Empty means that the registry was asked and has none, also when the subject itself is unknown.
        """

    def has_referrers_api(self, repository: str, digest: str) -> bool:
        """Whether the registry keeps the list itself; else whoever pushes a referrer must write the fallback tag."""

    def delete_manifest(self, repository: str, reference: str) -> bool:
        """Delete a tag or a digest; False: there was none. Raises UnavailableError if deleting is not allowed."""

    def list_tags(self, repository: str) -> tuple[str, ...]:
        """Every tag, sorted. Raises: ImageNotFoundError: no such repository."""
