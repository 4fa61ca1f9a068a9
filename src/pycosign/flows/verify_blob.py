"""Verify a file's signature. On the shortest path to an answer: only what a bundle needs is imported here."""

from datetime import datetime
from typing import Final

from pycosign import limits
from pycosign.codec.b64 import decode_b64
from pycosign.errors import (
    ArtifactDigestMismatchError,
    KeyMismatchError,
    MalformedError,
    UnavailableError,
    UsageError,
)
from pycosign.flows.blob_source import BlobSource
from pycosign.record import Record
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import (
    Evidence,
    evidence_from_bundle,
    evidence_from_legacy_bundle,
    evidence_from_signature,
)
from pycosign.verify.pipeline import digests_needed, message_needed, verify
from pycosign.verify.requirements import Requirements
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot
from pycosign.wire.bundle import MessageSignature, parse_bundle

__all__ = [
    "DIGEST_IS_NOT_ENOUGH",
    "LegacyPieces",
    "is_legacy_bundle",
    "legacy_evidence",
    "read_bundle_evidence",
    "read_bundle_file",
    "read_certificate",
    "read_certificates",
    "read_signature",
    "verify_blob",
    "verify_known",
    "with_sct",
]


DIGEST_IS_NOT_ENOUGH: Final = "a pure Ed25519 or ML-DSA signature is over the file itself; its digest is not enough"


class LegacyPieces(Record):
    """What Cosign 2's flags bring beside a file; each the content of what the flag names."""

    signature: bytes | None = None  # --signature: base64, or raw
    certificate: bytes | None = None  # --certificate: PEM, base64 of PEM, or DER
    chain: bytes | None = None  # --certificate-chain: PEM
    timestamp: bytes | None = None  # --rfc3161-timestamp: {"SignedRFC3161Timestamp"}
    sct: bytes | None = None  # --sct: a certificate log's answer


def verify_blob(
    source: BlobSource,
    *,
    evidence: Evidence,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
) -> Verified:
    """Verify one file. It is read once; memory does not grow with it.

    Raises: RefusedError, MalformedError, UnavailableError (the file cannot be read, or only a digest is known that was
            not signed), UsageError: see `pipeline.verify`.
    """
    whole = message_needed(evidence, requirements)
    if whole and source.is_digest:
        raise UsageError(DIGEST_IS_NOT_ENOUGH)
    artifact = source.read(digests_needed(evidence, requirements), whole=whole)
    return verify_known(source, evidence, artifact, trust=trust, requirements=requirements, now=now)


def verify_known(
    source: BlobSource | None,
    evidence: Evidence,
    artifact: Artifact | None,
    *,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
) -> Verified:
    """`pipeline.verify` with what is known of a file; None: nothing is compared with it.

    Raises: as `pipeline.verify`; UnavailableError (`artifact.needed`): only a digest is known, of another algorithm.
    """
    try:
        return verify(evidence, artifact, trust=trust, requirements=requirements, now=now)
    except ArtifactDigestMismatchError as exc:
        from pycosign.flows.lacking import reraise_if_open

        reraise_if_open(exc, source, evidence, requirements)
        raise


def read_bundle_file(path: str) -> bytes:
    """The bytes of `--bundle`. Raises: UsageError: no file is there; UnavailableError: unreadable; MalformedError."""
    try:
        with open(path, "rb") as file:
            data = file.read(limits.BUNDLE_BYTES + 1)
    except FileNotFoundError as exc:
        raise UsageError(f"{path}: no such file") from exc
    except IsADirectoryError as exc:
        raise UsageError(f"{path}: is a directory") from exc
    except OSError as exc:
        raise UnavailableError(f"cannot read {path}: {exc.strerror or exc}", code="bundle.unreadable") from exc
    if len(data) > limits.BUNDLE_BYTES:
        raise MalformedError("bundle", f"is larger than {limits.BUNDLE_BYTES} bytes")
    return data


def is_legacy_bundle(data: bytes) -> bool:
    """Whether a bundle file is Cosign's own JSON. The parser of either format refuses the other's members."""
    return b'"base64Signature"' in data and b'"mediaType"' not in data and b'"media_type"' not in data


def read_bundle_evidence(data: bytes) -> Evidence:
    """A Sigstore bundle v0.1 to v0.3 as evidence. Raises: MalformedError."""
    return evidence_from_bundle(parse_bundle(data))


def legacy_evidence(pieces: LegacyPieces, *, bundle: bytes | None = None) -> Evidence:
    """Evidence from Cosign's own JSON bundle, from loose files, or from both.

    Raises: UsageError: no signature anywhere; KeyMismatchError: `--certificate` is not the bundle's; MalformedError.
    """
    from pycosign.wire.legacy import parse_legacy_bundle, parse_rfc3161

    chain = (read_certificate(pieces.certificate),) if pieces.certificate is not None else ()
    intermediates = read_certificates(pieces.chain, "certificate chain") if pieces.chain is not None else ()
    timestamps = () if pieces.timestamp is None else (parse_rfc3161(pieces.timestamp),)
    if bundle is not None:
        evidence = evidence_from_legacy_bundle(
            parse_legacy_bundle(bundle), chain_der=intermediates, timestamps=timestamps
        )
        if chain and evidence.chain_der[:1] not in ((), chain):
            raise KeyMismatchError("the cert passed in does not match the cert in the provided bundle")
        if chain and not evidence.chain_der:
            evidence = evidence._replace(chain_der=(*chain, *intermediates))
        if pieces.signature is not None:  # the bundle then only brings what speaks of this signature
            given = read_signature(pieces.signature)
            evidence = evidence._replace(signature=given, content=MessageSignature(None, None, given))
        return with_sct(evidence, pieces.sct)
    if pieces.signature is None:
        raise UsageError("missing flag '--signature'")
    evidence = evidence_from_signature(
        read_signature(pieces.signature), chain_der=(*chain, *(intermediates if chain else ())), timestamps=timestamps
    )
    return with_sct(evidence, pieces.sct)


def with_sct(evidence: Evidence, sct: bytes | None) -> Evidence:
    """The evidence with a certificate log's answer (the content of `--sct`) beside its certificate.

    Raises: UsageError: there is no certificate. MalformedError: no such answer.
    """
    if sct is None:
        return evidence
    if not evidence.chain_der:
        raise UsageError("--sct speaks of a certificate, and there is none")
    from pycosign.wire.sct_response import parse_sct_response

    return evidence._replace(detached_sct=parse_sct_response(sct))


def read_signature(data: bytes) -> bytes:
    """A signature file: base64, as `sign-blob` writes it, or raw bytes.

    White space around the base64 is let pass, and breaks in it: the command `base64` writes lines of 76 characters.
    """
    if len(data) > limits.PAYLOAD_BYTES:
        raise MalformedError("signature", "is too large")
    try:
        return decode_b64(_unbroken(data), what="signature")
    except (UnicodeDecodeError, MalformedError):
        return data


def _unbroken(data: bytes) -> str:
    """Base64 without the white space that Go reads over. Raises: UnicodeDecodeError: it is something else."""
    return data.translate(None, b"\r\n").strip().decode("ascii")


def read_certificate(data: bytes, what: str = "certificate") -> bytes:
    """The signer's certificate as DER: the first one of the file, as Cosign has it; its chain may follow.

    Raises: as `read_certificates`.
    """
    return read_certificates(data, what)[0]


def read_certificates(data: bytes, what: str) -> tuple[bytes, ...]:
    """Certificates as DER from PEM, from base64 of PEM (`sign-blob --output-certificate` writes that), or from DER.

    Raises: MalformedError: none of these.
    """
    from pycosign.codec.pem import parse_pem

    if data[:1] == b"\x30":
        return (data,)
    if b"-----BEGIN" not in data:
        try:
            data = decode_b64(_unbroken(data), what=what)
        except UnicodeDecodeError as exc:
            raise MalformedError(what, "is neither PEM nor DER") from exc
    blocks = parse_pem(data, what=what)
    for block in blocks:
        if block.label != "CERTIFICATE":
            raise MalformedError(what, f"holds a {block.label}, not a certificate")
    return tuple(block.der for block in blocks)
