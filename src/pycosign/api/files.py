"""What is signed and what proves it, as programs have them: paths, bytes, open files, digests, bundles."""

import io
import os
from typing import Any, Protocol

from pycosign import limits
from pycosign.api.paths import path_text
from pycosign.errors import MalformedError, UnavailableError, UsageError
from pycosign.files import read_given_file, write_atomically
from pycosign.flows.blob_source import (
    BlobSource,
    blob_from_bytes,
    blob_from_digest,
    blob_from_path,
    blob_from_stream,
)

__all__ = [
    "ArtifactSource",
    "Bundle",
    "BundleSource",
    "Digest",
    "FileSource",
    "ReadableFile",
    "artifact_name",
    "open_artifact",
    "read_bundle",
]


class ReadableFile(Protocol):
    """A file that is open for reading bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; b"" at the end."""
        ...


class Digest:
    """A file that is known by its digest alone. An image is named by its reference instead.

    Args:   text: "sha256:HEX", "sha384:HEX" or "sha512:HEX", lower case.
    Raises: UsageError: not that.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        blob_from_digest(text)
        self.text = text

    def __repr__(self) -> str:
        return f"Digest({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


class Bundle:
    """A Sigstore bundle: the signature of one file or statement, with all that is needed to verify it.

    It is what somebody wrote; nothing in it is believed, or looked at, before it is verified.

    Args:   content: the JSON document: a bundle v0.1 to v0.3, or Cosign's own of before; at most 88 MiB.
    Raises: MalformedError: it is larger.
    """

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        if len(content) > limits.BUNDLE_BYTES:
            raise MalformedError("bundle", f"is larger than {limits.BUNDLE_BYTES} bytes")
        self._content = bytes(content)

    def __repr__(self) -> str:
        return f"<Bundle of {len(self._content)} bytes>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bundle) and other._content == self._content

    def __hash__(self) -> int:
        return hash(self._content)

    @classmethod
    def load(cls, path: "str | os.PathLike[str]") -> "Bundle":
        """Read a bundle file.

        Args:    path: of the file.
        Returns: the bundle, not verified.
        Raises:  UsageError: there is no such file; UnavailableError: it cannot be read; MalformedError: too large.
        """
        return cls(read_given_file(path_text(path), limits.BUNDLE_BYTES))

    def to_json(self) -> bytes:
        """The document, as it is stored.

        Returns: JSON in UTF-8.
        Raises:  nothing.
        """
        return self._content

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Write the document into a file: whole, or not at all.

        Args:   path: of the file; one that exists is replaced.
        Raises: UnavailableError: it cannot be written.
        """
        name = path_text(path)
        try:
            write_atomically(name, self._content, mode=0o666)
        except OSError as exc:
            raise UnavailableError(f"cannot write {name}: {exc.strerror or exc}", code="unavailable.file") from exc


FileSource = str | os.PathLike[str] | bytes | bytearray | memoryview | ReadableFile
"""A file's content: its path, its bytes, or the file opened for reading bytes (read from where it stands)."""
ArtifactSource = FileSource | Digest
"""What was signed: the content of a file, or its digest. A `str` is always a path."""
BundleSource = Bundle | str | os.PathLike[str] | bytes
"""A bundle: as an object, as a file's path, or as the bytes of the JSON document. A `str` is always a path."""


def open_artifact(artifact: ArtifactSource) -> BlobSource:
    """The artifact as the flows read it. Raises: UsageError: no such file, or not one of `ArtifactSource`."""
    if isinstance(artifact, Digest):
        return blob_from_digest(artifact.text)
    if isinstance(artifact, bytes | bytearray | memoryview):
        return blob_from_bytes(bytes(artifact), artifact_name(artifact))
    if isinstance(artifact, str | os.PathLike):
        return blob_from_path(path_text(artifact))
    given: object = artifact
    if isinstance(given, io.TextIOBase) or not callable(getattr(given, "read", None)):
        raise UsageError(f"a path, bytes, a Digest or a file opened for reading bytes is needed, not {artifact!r:.80}")
    return blob_from_stream(artifact, artifact_name(artifact))


def artifact_name(artifact: ArtifactSource) -> str:
    """What to call it in messages."""
    if isinstance(artifact, bytes | bytearray | memoryview):
        return f"{len(artifact)} bytes in memory"
    if isinstance(artifact, str | os.PathLike | Digest):
        return str(artifact)
    name: Any = getattr(artifact, "name", None)
    return name if isinstance(name, str) else "an open file"


def read_bundle(bundle: BundleSource) -> bytes:
    """The bytes of a bundle. Raises: as `Bundle.load`; UsageError: not one of `BundleSource`."""
    if isinstance(bundle, Bundle):
        return bundle.to_json()
    if isinstance(bundle, bytes):
        return Bundle(bundle).to_json()
    if isinstance(bundle, str | os.PathLike):
        return Bundle.load(bundle).to_json()
    raise UsageError(f"a Bundle, a path or bytes of JSON are needed, not {bundle!r:.80}")
