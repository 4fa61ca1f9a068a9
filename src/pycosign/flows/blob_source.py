"""The file to verify, wherever it is: it is read once, in pieces, and hashed only as the evidence needs."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from pycosign import limits
from pycosign.crypto.stream_digests import ByteStream, check_end, digest_file
from pycosign.errors import UnavailableError, UsageError
from pycosign.record import Record
from pycosign.verify.artifact import DIGEST_SIZES, Artifact, artifact_from_bytes, artifact_from_digest

if TYPE_CHECKING:
    from pycosign.flows.hash_ahead import HashAhead

__all__ = [
    "BlobSource",
    "blob_from_argument",
    "blob_from_bytes",
    "blob_from_digest",
    "blob_from_path",
    "blob_from_path_or_digest",
    "blob_from_stream",
    "names_digest",
]

_PIECE_BYTES: Final = 1 << 20
_MOST: Final = limits.PURE_ED25519_MESSAGE_BYTES

Opener = Callable[[], AbstractContextManager[ByteStream]]


class BlobSource(Record):
    """A file that can be opened once, or just its digest.

    name: what messages call it; file_name: the file's own name where it has one, without directories.
    """

    name: str
    opener: Opener | None = None
    known: Artifact | None = None  # a digest, or bytes in memory
    is_digest: bool = False
    file_name: str = ""
    ahead: "HashAhead | None" = None  # its SHA-256, begun already

    def read(self, digests: Collection[str], *, whole: bool) -> Artifact:
        """Hash the file.

        Args:   digests: algorithm names. whole: keep the bytes too (pure Ed25519, ML-DSA).
        Raises: UnavailableError: it cannot be read; UsageError: `whole`, and it is larger than memory should hold.
        """
        if self.known is not None:
            return self.known
        assert self.opener is not None
        try:
            if self.ahead is not None and not whole and set(digests) == {"sha256"}:
                return Artifact({"sha256": self.ahead.sha256()}, None, self.name, file_name=self.file_name)
            with self.opener() as stream:
                if whole:
                    return artifact_from_bytes(_read_whole(stream), name=self.name)._replace(file_name=self.file_name)
                return Artifact(digest_file(stream, digests), None, self.name, file_name=self.file_name)
        except OSError as exc:
            raise UnavailableError(
                f"cannot read {self.name}: {exc.strerror or exc}", code="artifact.unreadable"
            ) from exc


def blob_from_path(path: str, *, ahead: "HashAhead | None" = None) -> BlobSource:
    """A local file; `ahead` hashes it already. Raises: UsageError: there is none, or it is a directory."""
    import os

    if os.path.isdir(path):
        raise UsageError(f"{path}: is a directory")
    if not os.path.exists(path):
        raise UsageError(f"{path}: no such file")
    return BlobSource(path, lambda: open(path, "rb"), file_name=os.path.basename(path), ahead=ahead)


def blob_from_digest(text: str) -> BlobSource:
    """ "ALG:HEX". Raises: UsageError: not that."""
    return BlobSource(text, known=artifact_from_digest(text), is_digest=True)


def blob_from_bytes(data: bytes, name: str) -> BlobSource:
    """Bytes in memory."""
    return BlobSource(name, known=artifact_from_bytes(data, name=name))


def blob_from_stream(stream: Any, name: str) -> BlobSource:
    """A binary stream that is open already (standard input), and stays open."""
    return BlobSource(name, lambda: _Open(stream))


def blob_from_argument(
    argument: str,
    *,
    stdin: Any,
    environ: Mapping[str, str],
    open_url: Callable[[str], AbstractContextManager[ByteStream]],
) -> BlobSource:
    """What an argument of `verify-blob` means, in Cosign's order: `-`, a file, a URL, `env://NAME`, `ALG:HEX`.

    Args:   open_url: streams a URL; called only for one.
    Raises: UsageError: none of these.
    """
    import os

    if argument == "-":
        return blob_from_stream(stdin, "standard input")
    if os.path.exists(argument):
        return blob_from_path(argument)
    if argument.startswith(("http://", "https://")):
        from urllib.parse import unquote  # the HTTP client needs it anyway

        file_name = unquote(argument.partition("?")[0].partition("#")[0].rpartition("/")[2])
        return BlobSource(argument, lambda: open_url(argument), file_name=file_name)
    if argument.startswith("env://"):
        value = environ.get(argument.removeprefix("env://"))
        if value is None:
            raise UsageError(f"loading URL: env var ${argument.removeprefix('env://')} not found")
        return blob_from_bytes(value.encode("utf-8", "surrogateescape"), argument)
    return blob_from_path_or_digest(argument)


def blob_from_path_or_digest(text: str) -> BlobSource:
    """A local file, or else what "ALG:HEX" names. Raises: UsageError: neither."""
    return blob_from_digest(text.lower()) if names_digest(text) else blob_from_path(text)


def names_digest(text: str) -> bool:
    """Whether a text is to be read as "ALG:HEX": an existing file wins."""
    import os

    algorithm, colon, _ = text.partition(":")
    return bool(colon) and algorithm.lower() in DIGEST_SIZES and not os.path.exists(text)


class _Open:
    """A stream that is not ours to close."""

    __slots__ = ("_stream",)

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __enter__(self) -> Any:
        return self._stream

    def __exit__(self, *unused: object) -> None:
        return None


def _read_whole(stream: ByteStream) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := stream.read(_PIECE_BYTES):
        size += len(piece)
        if size > _MOST:
            raise UsageError(f"pure Ed25519 and ML-DSA need the whole file in memory: at most {_MOST} bytes")
        pieces.append(piece)
    check_end(piece)
    return b"".join(pieces)
