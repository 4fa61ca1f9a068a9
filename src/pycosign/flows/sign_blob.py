"""Sign a file. The file is read once, in pieces: memory does not grow with it."""

from collections.abc import Iterator
from typing import NamedTuple

from pycosign import limits
from pycosign.crypto.stream_digests import ByteStream, check_end, digest_file
from pycosign.errors import UnavailableError, UsageError
from pycosign.flows.signing import Signing, SigningContext, begin_signing, check_own_evidence, collect_testimony
from pycosign.sign.assemble import Testimony, assemble_bundle, assemble_legacy_bundle
from pycosign.sign.content import legacy_hash, sign_digest
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import evidence_from_bundle, evidence_from_legacy_bundle
from pycosign.wire.bundle import MessageSignature, format_bundle, parse_bundle
from pycosign.wire.legacy import format_legacy_bundle, format_rfc3161, parse_legacy_bundle
from pycosign.wire.log_entry import LogEntry

__all__ = ["SignedBlob", "sign_blob"]


class SignedBlob(NamedTuple):
    """A signed file: everything that `sign-blob` may write."""

    bundle: bytes  # bundle v0.3, or Cosign's legacy JSON
    signature: bytes  # raw
    public_key_pem: bytes
    certificate_pem: bytes | None  # the leaf
    timestamp_file: bytes | None  # the first timestamp as `--rfc3161-timestamp` has it
    digest: tuple[str, bytes]  # what was signed: ("sha256", raw)
    log_entries: tuple[LogEntry, ...]


def sign_blob(stream: ByteStream, *, context: SigningContext, legacy: bool = False, name: str = "") -> SignedBlob:
    """Sign the bytes of a stream, have the services testify, and check the result.

    Args:   stream: read once, to its end. legacy: write Cosign 2's JSON (`--new-bundle-format=false`), signed in the
            way that Cosign 2 verifies. name: of the file, for messages.
    Raises: UsageError; ServiceRejectedError; UnavailableError, also when the stream cannot be read; MalformedError;
            RefusedError: our own result does not verify.
    """
    signing = begin_signing(context)
    if legacy:
        return _sign_legacy(stream, signing, name)
    hash_name = signing.public_key.default_hash
    artifact = _digested(stream, hash_name, name)
    content = sign_digest(signing.signer, artifact.digests)
    testimony = collect_testimony(signing, content)
    bundle = format_bundle(assemble_bundle(content, testimony))
    check_own_evidence(signing, evidence_from_bundle(parse_bundle(bundle)), artifact)
    return _result(bundle, content, testimony)


def _sign_legacy(stream: ByteStream, signing: Signing, name: str) -> SignedBlob:
    if len(signing.context.services.logs) > 1 or signing.log_version == 2:
        raise UsageError("the legacy format holds one entry of a Rekor v1 log", hint="use the bundle format")
    hash_name = legacy_hash(signing.public_key, logged=signing.is_logged)
    if signing.public_key.kind == "ed25519" and not signing.is_logged:
        artifact = _whole(stream, name)
        content = MessageSignature(None, None, signing.signer.sign(artifact.message or b""))
    else:
        artifact = _digested(stream, hash_name, name)
        content = sign_digest(signing.signer, artifact.digests, hash_name=hash_name)
    testimony = collect_testimony(signing, content)
    bundle = format_legacy_bundle(assemble_legacy_bundle(content.signature, testimony))
    evidence = evidence_from_legacy_bundle(
        parse_legacy_bundle(bundle), chain_der=testimony.chain_der[1:], timestamps=testimony.timestamps
    )
    check_own_evidence(signing, evidence, artifact)
    return _result(bundle, content._replace(digest_algorithm=hash_name, digest=artifact.digests[hash_name]), testimony)


def _digested(stream: ByteStream, hash_name: str, name: str) -> Artifact:
    try:
        return Artifact(digest_file(stream, (hash_name,)), None, name)
    except OSError as exc:
        raise _unreadable(name, exc) from exc


def _unreadable(name: str, problem: OSError) -> UnavailableError:
    return UnavailableError(f"cannot read {name}: {problem.strerror or problem}", code="artifact.unreadable")


def _pieces(stream: ByteStream, name: str) -> Iterator[bytes]:
    try:
        while piece := stream.read(1 << 20):
            yield piece
        check_end(piece)
    except OSError as exc:
        raise _unreadable(name, exc) from exc


def _whole(stream: ByteStream, name: str) -> Artifact:
    """The whole message, which pure Ed25519 needs."""
    from pycosign.verify.artifact import artifact_from_bytes

    pieces, size = [], 0
    for piece in _pieces(stream, name):
        size += len(piece)
        if size > limits.PURE_ED25519_MESSAGE_BYTES:
            raise UsageError(
                f"pure Ed25519 needs the whole file in memory: at most {limits.PURE_ED25519_MESSAGE_BYTES} bytes",
                hint="sign in the bundle format, or use a key of another kind",
            )
        pieces.append(piece)
    return artifact_from_bytes(b"".join(pieces), name=name)


def _result(bundle: bytes, content: MessageSignature, testimony: Testimony) -> SignedBlob:
    assert content.digest_algorithm is not None
    assert content.digest is not None
    return SignedBlob(
        bundle=bundle,
        signature=content.signature,
        public_key_pem=testimony.public_key.pem(),
        certificate_pem=testimony.certificate_pem,
        timestamp_file=format_rfc3161(testimony.timestamps[0]) if testimony.timestamps else None,
        digest=(content.digest_algorithm, content.digest),
        log_entries=testimony.entries,
    )
