"""What is sent to a transparency log for a signature."""

from pycosign.crypto.digests import digest_of
from pycosign.crypto.keys import PublicKey, key_details
from pycosign.errors import UsageError
from pycosign.sign.assemble import Testimony
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope, format_envelope, pae
from pycosign.wire.rekor_request import dsse_v1_request, hashedrekord_v1_request, hashedrekord_v2_request

__all__ = ["log_request", "v2_key_details"]


def log_request(content: MessageSignature | Envelope, testimony: Testimony, *, api_version: int) -> bytes:
    """The request body that logs this signature.

    Rekor v1: hashedrekord 0.0.1 for a digest, dsse 0.0.1 for an envelope. Rekor v2: hashedrekord 0.0.2 for both; for
    an envelope the digest is that of its PAE.

    Raises: UsageError: a pure Ed25519 signature of a digest, or a key that the log cannot name.
    """
    if api_version == 2:
        return _v2_request(content, testimony)
    if isinstance(content, Envelope):
        return dsse_v1_request(format_envelope(content), testimony.verifier_pem)
    algorithm, raw = _stated_digest(content)
    return hashedrekord_v1_request(algorithm, raw, content.signature, testimony.verifier_pem)


def _v2_request(content: MessageSignature | Envelope, testimony: Testimony) -> bytes:
    key = testimony.public_key
    if isinstance(content, Envelope):
        raw = digest_of(key.default_hash, pae(content.payload_type, content.payload))
        signature = content.signatures[0].signature
    else:
        _, raw = _stated_digest(content)
        signature = content.signature
    details = v2_key_details(key)
    if testimony.chain_der:
        return hashedrekord_v2_request(raw, signature, details, certificate_der=testimony.chain_der[0])
    return hashedrekord_v2_request(raw, signature, details, key_der=key.spki_der)


def v2_key_details(key: PublicKey) -> str:
    """The log's name for the key and its hash: Ed25519 is prehashed there."""
    details = "PKIX_ED25519_PH" if key.kind == "ed25519" else key_details(key)
    if details is None:
        raise UsageError(f"a key of kind {key.kind} cannot be written to a Rekor v2 log")
    return details


def _stated_digest(content: MessageSignature) -> tuple[str, bytes]:
    if content.digest_algorithm is None or content.digest is None:
        raise UsageError("a signature without a digest cannot be logged")
    return content.digest_algorithm, content.digest
