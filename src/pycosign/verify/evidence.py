"""Evidence: everything presented for one signature, unverified, in one form whatever file it came from.

Nothing here is checked beyond form. A key or certificate found in evidence is a claim: it never replaces the one that
the caller demanded (GHSA-fx35-mq7g-6g98).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pycosign.codec.b64 import decode_b64
from pycosign.codec.pem import parse_pem
from pycosign.crypto.keys import load_public_key
from pycosign.errors import MalformedError
from pycosign.record import Record
from pycosign.wire.bundle import Bundle, MessageSignature
from pycosign.wire.dsse import Envelope, parse_envelope
from pycosign.wire.log_entry import LogEntry

if TYPE_CHECKING:
    from pycosign.wire.bundle_file import SignedEnvelope
    from pycosign.wire.legacy import LegacyBundle
    from pycosign.wire.pep740 import PypiAttestation
    from pycosign.wire.sct import Sct

__all__ = [
    "BARE_ENVELOPE",
    "DETACHED",
    "LEGACY_ATTESTATION",
    "LEGACY_BUNDLE",
    "LEGACY_SIGNATURE",
    "PYPI_ATTESTATION",
    "Content",
    "Evidence",
    "SimpleSigningPayload",
    "evidence_from_bundle",
    "evidence_from_envelope",
    "evidence_from_legacy_attestation",
    "evidence_from_legacy_bundle",
    "evidence_from_legacy_layer",
    "evidence_from_pypi",
    "evidence_from_signature",
    "with_envelope_as_content",
]

LEGACY_BUNDLE: Final = "legacy bundle"
LEGACY_SIGNATURE: Final = "legacy image signature"
LEGACY_ATTESTATION: Final = "legacy image attestation"
DETACHED: Final = "detached signature"
PYPI_ATTESTATION: Final = "PyPI attestation"
BARE_ENVELOPE: Final = "bare DSSE envelope"


class SimpleSigningPayload(Record):
    """The exact bytes of a legacy image signature's layer; the signature covers them as they are."""

    payload: bytes


Content = MessageSignature | Envelope | SimpleSigningPayload


class Evidence(Record):
    """Everything presented for one signature. Nothing in it is trusted.

    chain_der is leaf first and empty for a key; claimed_key_der is a key that a legacy bundle put where a certificate
    belongs; key_hint never selects trust; timestamps are whole TimeStampResp DER; envelope_bytes is the envelope as it
    was stored, where it is known (attestations in the old formats); proof_required: the format obliges each log entry
    to carry an inclusion proof with a checkpoint (bundles since v0.2); detached_sct: a certificate log's promise
    that is not inside the certificate; names_file: the format obliges the statement to name the file itself, and
    nothing but it (PyPI).
    """

    source: str
    signature: bytes
    content: Content
    chain_der: tuple[bytes, ...] = ()
    claimed_key_der: bytes | None = None
    key_hint: str | None = None
    entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()
    envelope_bytes: bytes | None = None
    proof_required: bool = False
    detached_sct: "Sct | None" = None
    names_file: bool = False


def evidence_from_bundle(bundle: Bundle) -> Evidence:
    """A Sigstore bundle v0.1 to v0.3 as evidence.

    Raises: MalformedError: the envelope does not have exactly one signature.
    """
    content = bundle.content
    signature = _only_signature(content) if isinstance(content, Envelope) else content.signature
    return Evidence(
        source=f"bundle v{bundle.version}",
        signature=signature,
        content=content,
        chain_der=bundle.chain_der,
        key_hint=bundle.key_hint,
        entries=bundle.entries,
        timestamps=bundle.timestamps,
        proof_required=bundle.version != "0.1",
    )


def evidence_from_pypi(attestation: "PypiAttestation") -> Evidence:
    """An attestation object of PyPI as evidence: held to what bundles v0.3 are, and to naming the file."""
    return Evidence(
        source=PYPI_ATTESTATION,
        signature=_only_signature(attestation.envelope),
        content=attestation.envelope,
        chain_der=(attestation.certificate_der,),
        entries=attestation.entries,
        proof_required=True,
        names_file=True,
    )


def evidence_from_envelope(signed: "SignedEnvelope") -> Evidence:
    """An envelope that stands by itself as evidence. It brings no log entry and no time: who demands them refuses it.

    Raises: MalformedError: the envelope does not have exactly one signature.
    """
    return Evidence(
        source=BARE_ENVELOPE,
        signature=_only_signature(signed.envelope),
        content=signed.envelope,
        chain_der=() if signed.certificate_der is None else (signed.certificate_der,),
    )


def evidence_from_legacy_bundle(
    legacy: "LegacyBundle", *, chain_der: tuple[bytes, ...] = (), timestamps: tuple[bytes, ...] = ()
) -> Evidence:
    """Cosign's own JSON bundle of `sign-blob` as evidence.

    Args:   chain_der: intermediates that the caller has besides (no leaf); timestamps: from `--rfc3161-timestamp`.
    Raises: MalformedError: `cert` is neither one certificate nor one public key.
    """
    leaf_der, claimed_key_der = _read_legacy_cert(legacy.cert)
    return Evidence(
        source=LEGACY_BUNDLE,
        signature=legacy.signature,
        content=MessageSignature(None, None, legacy.signature),
        chain_der=() if leaf_der is None else (leaf_der, *chain_der),
        claimed_key_der=claimed_key_der,
        entries=() if legacy.entry is None else (legacy.entry,),
        timestamps=timestamps,
    )


def evidence_from_signature(
    signature: bytes,
    *,
    chain_der: tuple[bytes, ...] = (),
    entries: tuple[LogEntry, ...] = (),
    timestamps: tuple[bytes, ...] = (),
) -> Evidence:
    """A bare signature over a file, with what the caller's own flags brought (`--signature`, `--certificate` ...)."""
    return Evidence(
        source=DETACHED,
        signature=signature,
        content=MessageSignature(None, None, signature),
        chain_der=chain_der,
        entries=entries,
        timestamps=timestamps,
    )


def with_envelope_as_content(evidence: Evidence) -> Evidence:
    """An old bundle or `--signature` file of `attest-blob`: a whole envelope stands where a signature belongs.

    Raises: MalformedError: it is no envelope, or one without exactly one signature.
    """
    envelope = parse_envelope(evidence.signature)
    return evidence._replace(signature=_only_signature(envelope), content=envelope, envelope_bytes=evidence.signature)


def evidence_from_legacy_layer(payload: bytes, annotations: Mapping[str, str]) -> Evidence:
    """One layer of a legacy `.sig` image: the simple signing payload and the annotations of its descriptor.

    Raises: MalformedError: an annotation is missing, blank or not what its name says.
    Source: sigstore/cosign, pkg/oci/static.
    """
    from pycosign.wire.legacy import SIGNATURE_ANNOTATION

    raw = annotations.get(SIGNATURE_ANNOTATION)
    if raw is None:
        raise MalformedError(f"annotation {SIGNATURE_ANNOTATION}", "is missing")
    text = raw.replace("\r", "").replace("\n", "")  # `base64` ends and wraps lines, and `attach signature` keeps that
    signature = decode_b64(text, what=f"annotation {SIGNATURE_ANNOTATION}")
    return _from_annotations(LEGACY_SIGNATURE, signature, SimpleSigningPayload(payload), annotations)


def evidence_from_legacy_attestation(layer: bytes, annotations: Mapping[str, str]) -> Evidence:
    """One layer of a legacy `.att` image: a DSSE envelope; its bytes are kept, for old timestamps stamp them."""
    envelope = parse_envelope(layer)
    evidence = _from_annotations(LEGACY_ATTESTATION, _only_signature(envelope), envelope, annotations)
    return evidence._replace(envelope_bytes=layer)


def _from_annotations(source: str, signature: bytes, content: Content, annotations: Mapping[str, str]) -> Evidence:
    from pycosign.wire.legacy import (
        BUNDLE_ANNOTATION,
        CERTIFICATE_ANNOTATION,
        CHAIN_ANNOTATION,
        TIMESTAMP_ANNOTATION,
        parse_rekor_bundle,
        parse_rfc3161,
    )

    certificate = annotations.get(CERTIFICATE_ANNOTATION)
    chain = annotations.get(CHAIN_ANNOTATION)
    rekor = annotations.get(BUNDLE_ANNOTATION)
    stamp = annotations.get(TIMESTAMP_ANNOTATION)
    chain_der: tuple[bytes, ...] = ()
    if certificate:  # Cosign writes the chain as an empty string when there is none, and reads all of them so
        # `attach signature --certificate` keeps the whole of a file that has the chain behind the certificate.
        chain_der = _certificates(certificate, f"annotation {CERTIFICATE_ANNOTATION}")
        chain_der += () if not chain else _certificates(chain, f"annotation {CHAIN_ANNOTATION}")
    return Evidence(
        source=source,
        signature=signature,
        content=content,
        chain_der=chain_der,
        entries=() if not rekor else (parse_rekor_bundle(rekor.encode()),),
        timestamps=() if not stamp else (parse_rfc3161(stamp.encode()),),
    )


def _only_signature(envelope: Envelope) -> bytes:
    if len(envelope.signatures) != 1:
        raise MalformedError("envelope signatures", f"are {len(envelope.signatures)}, not 1")
    return envelope.signatures[0].signature


def _certificates(text: str, what: str) -> tuple[bytes, ...]:
    blocks = parse_pem(text.encode(), what=what)
    for block in blocks:
        if block.label != "CERTIFICATE":
            raise MalformedError(what, f"holds a {block.label}, not a certificate")
    return tuple(block.der for block in blocks)


def _read_legacy_cert(cert: bytes | None) -> tuple[bytes | None, bytes | None]:
    """(leaf certificate DER, public key SPKI DER): at most one of them. Cosign 3 writes the signer's key there."""
    if cert is None or not cert:
        return None, None
    if not cert.startswith(b"-----BEGIN"):
        return cert, None
    blocks = parse_pem(cert, what="cert")
    if len(blocks) != 1:
        raise MalformedError("cert", f"holds {len(blocks)} PEM blocks, not 1")
    if blocks[0].label == "CERTIFICATE":
        return blocks[0].der, None
    return None, load_public_key(cert, what="cert").spki_der
