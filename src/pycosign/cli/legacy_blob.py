"""What `verify-blob` needs beyond a bundle and a file: 2.x's loose files, the search in the log, URLs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pycosign import limits
from pycosign.codec.b64 import decode_b64
from pycosign.errors import ArtifactDigestMismatchError, MalformedError, UsageError
from pycosign.flows.blob_source import BlobSource
from pycosign.flows.verify_blob import LegacyPieces, legacy_evidence
from pycosign.keys.reference import read_key_reference
from pycosign.verify.claim import claimed_signer
from pycosign.verify.pipeline import digests_needed, message_needed
from pycosign.verify.requirements import Waiver
from pycosign.verify.signature import check_signature

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.crypto.stream_digests import ByteStream
    from pycosign.verify.evidence import Evidence
    from pycosign.verify.requirements import Requirements

__all__ = ["completed_by_log", "legacy_pieces", "loose_file", "loose_signature", "open_url"]


def legacy_pieces(args: "Values", context: "Context", bundle: bytes | None) -> "Evidence":
    """The evidence of an old JSON bundle, of loose files, or of both."""
    pieces = LegacyPieces(
        signature=loose_signature(args, context),
        certificate=loose_file("certificate", args, context),
        chain=loose_file("certificate-chain", args, context),
        timestamp=loose_file("rfc3161-timestamp", args, context),
        sct=loose_file("sct", args, context),
    )
    return legacy_evidence(pieces, bundle=bundle)


def loose_file(
    flag: str, args: "Values", context: "Context", *, max_bytes: int = limits.KEY_FILE_BYTES
) -> bytes | None:
    """What a flag names: a file, a URL or env://NAME; None if it is not given. Raises: as `read_key_reference`."""
    reference = args.text(flag)
    if not reference:
        return None
    http = None if args.switch("offline") else context.http
    return read_key_reference(reference, http=http, environ=context.environ, max_bytes=max_bytes)


def loose_signature(args: "Values", context: "Context") -> bytes | None:
    """What --signature names, or, when there is no such file, the base64 itself; an attestation is a whole envelope.

    Raises: as `loose_file`; UsageError: it is no file and cannot be base64 either.
    """
    try:
        return loose_file("signature", args, context, max_bytes=limits.BUNDLE_BYTES)
    except FileNotFoundError as exc:
        text = "".join(args.text("signature").split())
        try:
            decode_b64(text, what="--signature")
        except MalformedError:
            raise UsageError(
                f"--signature: {text[:200]}: no such file, and no base64",
                hint="--signature takes a file, a URL, env://NAME, or the signature itself as base64",
            ) from exc
        return text.encode()


def completed_by_log(
    args: "Values", context: "Context", source: BlobSource, evidence: "Evidence", requirements: "Requirements"
) -> "tuple[BlobSource, Evidence]":
    """Ask the log for the entry that an old signature does not carry, unless the log is waived or the network is.

    Only about a signature that holds: nobody is told of one that is refused anyway.

    Returns: the file, which may have been read (it is read once), and the evidence.
    Raises:  RefusedError, MalformedError: the signature does not hold; errors of `search_log`.
    """
    if Waiver.TLOG in requirements.waivers or args.switch("offline"):
        return source, evidence
    from pycosign.cli.instance_choice import log_to_search
    from pycosign.flows.log_search import search_log

    log_url = log_to_search(args, context)
    if log_url is None:
        return source, evidence
    whole = message_needed(evidence, requirements)
    artifact = source.read({"sha256", *digests_needed(evidence, requirements)}, whole=whole)
    try:
        check_signature(evidence, artifact, claimed_signer(evidence, requirements))
    except ArtifactDigestMismatchError as exc:
        from pycosign.flows.lacking import reraise_if_open

        reraise_if_open(exc, source, evidence, requirements)
        raise
    found = search_log(
        evidence,
        http=context.http(),
        rekor_url=log_url,
        requirements=requirements,
        artifact_sha256=artifact.digests.get("sha256"),
    )
    return BlobSource(source.name, known=artifact, is_digest=source.is_digest), found


def open_url(url: str, args: "Values", context: "Context") -> "AbstractContextManager[ByteStream]":
    """The file at a URL, read in pieces. Raises: UsageError: --offline."""
    if args.switch("offline"):
        raise UsageError(f"{url}: --offline forbids the network")
    return stream_url(url, context)


@contextmanager
def stream_url(url: str, context: "Context") -> "Iterator[ByteStream]":
    """The file at a URL, read in pieces."""
    with context.http().stream("GET", url, max_bytes=limits.DOWNLOAD_BYTES, expect=(200,)) as response:
        yield _Chunks(response.chunks)


class _Chunks:
    """Pieces of whatever size, as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        if not self._left:
            self._left = next(self._chunks, b"")
        piece, self._left = self._left[:size], self._left[size:]
        return piece
