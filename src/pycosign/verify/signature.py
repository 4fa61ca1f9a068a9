"""The signature itself, over the artifact's digest, an envelope or a payload."""

import hashlib
from collections.abc import Mapping
from typing import Final

from pycosign.crypto.certificate import Certificate
from pycosign.crypto.keys import PublicKey
from pycosign.errors import (
    ArtifactDigestMismatchError,
    InvalidSignatureError,
    MalformedError,
    UsageError,
)
from pycosign.verify.artifact import Artifact
from pycosign.verify.claim import ClaimedSigner
from pycosign.verify.evidence import Evidence, SimpleSigningPayload
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope, pae

__all__ = ["SignedContent", "check_signature", "hash_candidates"]

_PROOF: Final = object()


class SignedContent:
    """Content whose signature verified under `key`. Whether that key may be believed is not said here.

    hash_name: the hash under the signature ("sha256" ...); "" for pure Ed25519. payload: the envelope's or the layer's
    bytes, None for a signature over the artifact itself.
    """

    __slots__ = ("_digests", "_message", "certificate", "content", "hash_name", "key", "payload", "signature")

    def __init__(
        self,
        proof: object,
        evidence: Evidence,
        claimed: ClaimedSigner,
        hash_name: str,
        *,
        digests: Mapping[str, bytes] | None,
        message: bytes | None,
    ) -> None:
        if proof is not _PROOF:
            raise TypeError("only pycosign.verify.signature makes a SignedContent")
        self.content = evidence.content
        self.signature = evidence.signature
        self.key: PublicKey = claimed.key
        self.certificate: Certificate | None = claimed.certificate
        self.hash_name = hash_name
        self.payload = None if isinstance(evidence.content, MessageSignature) else evidence.content.payload
        self._digests: Mapping[str, bytes] = {} if digests is None else digests
        self._message = message

    def digest(self, algorithm: str) -> bytes | None:
        """What was signed, hashed; None if the artifact was not hashed with that algorithm."""
        known = self._digests.get(algorithm)
        if known is None and self._message is not None:
            return hashlib.new(algorithm, self._message).digest()
        return known


def check_signature(evidence: Evidence, artifact: Artifact | None, claimed: ClaimedSigner) -> SignedContent:
    """Check the one signature under the claimed key.

    Raises: ArtifactDigestMismatchError: the evidence states another digest than the artifact's.
            InvalidSignatureError: it does not verify. UsageError: the artifact is needed and not there.
    """
    content = evidence.content
    if isinstance(content, Envelope):
        if [item.signature for item in content.signatures] != [evidence.signature]:
            raise MalformedError("envelope signatures", "are not the one that is to be verified")
        message = pae(content.payload_type, content.payload)
    elif isinstance(content, SimpleSigningPayload):
        message = content.payload
    else:
        return _check_over_artifact(evidence, content, _required(artifact), claimed)
    hash_name = _verify_message(evidence, claimed, message)
    return SignedContent(_PROOF, evidence, claimed, hash_name, digests=None, message=message)


def hash_candidates(key: PublicKey, override: str | None) -> tuple[str, ...]:
    """The hashes that may be under a signature of this key: its own; for P-384 and P-521 also SHA-256.

    Old writers (Cosign's legacy formats, some KMS) always hashed with SHA-256. Ed25519 has "sha512" for Ed25519ph.
    """
    if override is not None and key.kind != "ed25519":
        return (override,)
    if key.kind in ("ecdsa-p384", "ecdsa-p521"):
        return (key.default_hash, "sha256")
    return (key.default_hash,)


def _required(artifact: Artifact | None) -> Artifact:
    if artifact is None:
        raise UsageError("this signature is over the artifact itself: the artifact is needed")
    return artifact


def _check_over_artifact(
    evidence: Evidence, content: MessageSignature, artifact: Artifact, claimed: ClaimedSigner
) -> SignedContent:
    candidates = hash_candidates(claimed.key, claimed.hash_name)
    if content.digest_algorithm is not None:
        _check_stated_digest(content.digest_algorithm, content.digest, artifact)
        if claimed.key.kind != "ed25519":
            if content.digest_algorithm not in candidates:
                raise InvalidSignatureError(
                    f"the signature is over {content.digest_algorithm}, which {claimed.key.kind} keys do not sign"
                )
            candidates = (content.digest_algorithm,)
    hash_name = _verify_artifact(evidence, claimed, artifact, candidates)
    return SignedContent(_PROOF, evidence, claimed, hash_name, digests=artifact.digests, message=artifact.message)


def _check_stated_digest(algorithm: str, stated: bytes | None, artifact: Artifact) -> None:
    actual = artifact.digests.get(algorithm)
    if stated is None:
        raise MalformedError("message digest", f"names {algorithm} without a digest")
    if actual is None:
        raise ArtifactDigestMismatchError(
            f"the evidence states the {algorithm} digest, but the artifact is known by {_names(artifact)} only"
        )
    if stated != actual:
        raise ArtifactDigestMismatchError(
            f"the evidence is for {algorithm}:{stated.hex()}, but the artifact is {algorithm}:{actual.hex()}"
        )


def _verify_artifact(
    evidence: Evidence, claimed: ClaimedSigner, artifact: Artifact, candidates: tuple[str, ...]
) -> str:
    known = [name for name in candidates if name in artifact.digests]
    for name in known:
        if _holds_for_digest(claimed.key, evidence.signature, artifact.digests[name], name):
            return name
    if claimed.key.kind == "ed25519" and artifact.message is not None:
        if _holds_for_message(claimed.key, evidence.signature, artifact.message, None):
            return ""
        known.append("")
    if not known:
        raise ArtifactDigestMismatchError(
            f"the signature is over {' or '.join(candidates)}, but the artifact is known by {_names(artifact)} only"
        )
    raise _refusal(evidence, claimed)


def _verify_message(evidence: Evidence, claimed: ClaimedSigner, message: bytes) -> str:
    key = claimed.key
    if key.kind == "ed25519":
        if _holds_for_message(key, evidence.signature, message, None):
            return ""
        # Rekor v2 takes an envelope as the digest of its PAE, so its Ed25519 signature is the prehashed one.
        if _holds_for_digest(key, evidence.signature, hashlib.sha512(message).digest(), "sha512"):
            return "sha512"
        raise _refusal(evidence, claimed)
    for name in hash_candidates(key, claimed.hash_name):
        if _holds_for_message(key, evidence.signature, message, name):
            return name
    raise _refusal(evidence, claimed)


def _holds_for_digest(key: PublicKey, signature: bytes, digest: bytes, hash_name: str) -> bool:
    try:
        key.verify_digest(signature, digest, hash_name)
    except InvalidSignatureError:
        return False
    return True


def _holds_for_message(key: PublicKey, signature: bytes, message: bytes, hash_name: str | None) -> bool:
    try:
        key.verify(signature, message, hash_name=hash_name)
    except InvalidSignatureError:
        return False
    return True


def _refusal(evidence: Evidence, claimed: ClaimedSigner) -> InvalidSignatureError:
    subject = "the demanded key" if claimed.is_demanded else "its certificate's key"
    return InvalidSignatureError(f"the signature of the {evidence.source} does not verify under {subject}")


def _names(artifact: Artifact) -> str:
    return ", ".join(sorted(artifact.digests)) or "no digest"
