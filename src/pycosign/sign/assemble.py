"""Packing: a signature and what the services said of it, as a bundle, a legacy bundle, or a legacy layer."""

import hashlib
from typing import NamedTuple

from pycosign.codec.b64 import encode_b64
from pycosign.codec.pem import format_pem
from pycosign.crypto.keys import PublicKey
from pycosign.wire.bundle import Bundle, MessageSignature
from pycosign.wire.dsse import Envelope
from pycosign.wire.legacy import (
    BUNDLE_ANNOTATION,
    CERTIFICATE_ANNOTATION,
    CHAIN_ANNOTATION,
    SIGNATURE_ANNOTATION,
    TIMESTAMP_ANNOTATION,
    LegacyBundle,
    format_rekor_bundle,
    format_rfc3161,
)
from pycosign.wire.log_entry import LogEntry

__all__ = ["Testimony", "assemble_bundle", "assemble_legacy_bundle", "chain_pem", "key_hint", "layer_annotations"]


class Testimony(NamedTuple):
    """What goes with a signature: who signed, and what logs and authorities said."""

    public_key: PublicKey
    chain_der: tuple[bytes, ...] = ()  # leaf first; () for a bare key
    entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()  # whole TimeStampResp DER

    @property
    def certificate_pem(self) -> bytes | None:
        """The leaf, as PEM."""
        return format_pem("CERTIFICATE", self.chain_der[0]) if self.chain_der else None

    @property
    def verifier_pem(self) -> bytes:
        """The leaf or the bare key, as PEM: what a Rekor v1 entry names."""
        return self.certificate_pem or self.public_key.pem()


def key_hint(public_key: PublicKey) -> str:
    """Cosign's hint of a key in a bundle: base64 of the SHA-256 of its SPKI DER."""
    return encode_b64(hashlib.sha256(public_key.spki_der).digest())


def chain_pem(chain_der: tuple[bytes, ...]) -> bytes:
    """Certificates as PEM, one after the other."""
    return b"".join(format_pem("CERTIFICATE", der) for der in chain_der)


def assemble_bundle(content: MessageSignature | Envelope, testimony: Testimony) -> Bundle:
    """A bundle v0.3: the leaf alone, or the key's hint."""
    return Bundle(
        version="0.3",
        chain_der=testimony.chain_der[:1],
        key_hint=None if testimony.chain_der else key_hint(testimony.public_key),
        entries=testimony.entries,
        timestamps=testimony.timestamps,
        content=content,
    )


def assemble_legacy_bundle(signature: bytes, testimony: Testimony) -> LegacyBundle:
    """Cosign's own JSON bundle. For a key `cert` is left out: no reader may take a key from there
    (GHSA-fx35-mq7g-6g98; Cosign 3.1.2 still writes it)."""
    entry = testimony.entries[0] if testimony.entries else None
    return LegacyBundle(signature=signature, cert=testimony.certificate_pem, entry=entry)


def layer_annotations(signature: bytes, testimony: Testimony) -> dict[str, str]:
    """The annotations of a legacy `.sig` layer's descriptor. Source: sigstore/cosign, pkg/oci/static."""
    annotations = {SIGNATURE_ANNOTATION: encode_b64(signature)}
    certificate = testimony.certificate_pem
    if certificate is not None:
        annotations[CERTIFICATE_ANNOTATION] = certificate.decode("ascii")
        annotations[CHAIN_ANNOTATION] = chain_pem(testimony.chain_der[1:]).decode("ascii")
    if testimony.entries:
        annotations[BUNDLE_ANNOTATION] = format_rekor_bundle(testimony.entries[0]).decode()
    if testimony.timestamps:
        annotations[TIMESTAMP_ANNOTATION] = format_rfc3161(testimony.timestamps[0]).decode()
    return annotations
