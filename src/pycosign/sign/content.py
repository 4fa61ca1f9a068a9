"""The signatures themselves: over a file's digest, over an envelope, over a legacy payload."""

from collections.abc import Mapping

from pycosign.crypto.digests import digest_of
from pycosign.crypto.keys import PublicKey
from pycosign.crypto.signers import Signer
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope, EnvelopeSignature, pae
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE

__all__ = ["legacy_hash", "sign_digest", "sign_legacy_payload", "sign_statement"]


def sign_digest(signer: Signer, digests: Mapping[str, bytes], *, hash_name: str | None = None) -> MessageSignature:
    """Sign an artifact by its digest; Ed25519 keys make Ed25519ph.

    Args: digests: holds at least the key's own hash, or `hash_name`.
    """
    name = hash_name or signer.public_key.default_hash
    return MessageSignature(name, digests[name], signer.sign_digest(digests[name], name))


def sign_statement(signer: Signer, statement: bytes, *, log_version: int | None = None) -> Envelope:
    """Sign an in-toto statement in a DSSE envelope, over its exact bytes.

    Args: log_version: of the Rekor log that the envelope goes to; None: to none. Each accepts one way of signing only:
          v1 SHA-256 whatever the curve, and pure Ed25519; v2 the key's own hash, and Ed25519 prehashed. Without a log,
          the key's own hash and pure Ed25519, which everyone expects of an envelope.
    """
    message = pae(IN_TOTO_PAYLOAD_TYPE, statement)
    key = signer.public_key
    if key.kind == "ed25519" and log_version != 2:
        signature = signer.sign(message)
    else:
        name = "sha256" if log_version == 1 else key.default_hash
        signature = signer.sign_digest(digest_of(name, message), name)
    return Envelope(statement, IN_TOTO_PAYLOAD_TYPE, (EnvelopeSignature(signature, ""),))


def sign_legacy_payload(signer: Signer, payload: bytes, *, logged: bool) -> MessageSignature:
    """Sign the payload of a legacy signature, in the way that `legacy_hash` explains.

    Args: logged: whether it goes to a log.
    """
    name = legacy_hash(signer.public_key, logged=logged)
    raw = digest_of(name, payload)
    if signer.public_key.kind == "ed25519" and not logged:
        return MessageSignature(name, raw, signer.sign(payload))
    return MessageSignature(name, raw, signer.sign_digest(raw, name))


def legacy_hash(public_key: PublicKey, *, logged: bool) -> str:
    """The hash under a legacy signature, which its formats do not name.

    Cosign's verifiers assume SHA-256 and pure Ed25519, so that is written without a log. A log takes a curve's own
    hash and Ed25519ph only; Cosign signs so too, and then cannot verify it without `--signature-digest-algorithm`.
    """
    if logged or public_key.kind == "ed25519":
        return public_key.default_hash
    return "sha256"
