"""The signature itself, over the artifact's digest, an envelope or a payload."""

from collections.abc import Mapping
from typing import Final

from pycosign.crypto.algorithms import algorithm_of_details
from pycosign.crypto.certificate import Certificate
from pycosign.crypto.digests import digest_of
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
from pycosign.wire.rekor_body import parse_rekor_body

__all__ = ["SignedContent", "check_signature", "hash_candidates"]

_PROOF: Final = object()


class SignedContent:
    """Content whose signature verified under `key`. Whether that key may be believed is not said here.

    hash_name: the hash under the signature ("sha256" ...); "" for pure Ed25519 and ML-DSA. is_pss: RSASSA-PSS. payload:
    the envelope's or the layer's bytes, None for a signature over the artifact itself. names_file: as in `Evidence`.
    certificate: the one that log entries must name; None: the key itself.
    """

    __slots__ = (
        "_digests",
        "_message",
        "certificate",
        "content",
        "hash_name",
        "is_pss",
        "key",
        "names_file",
        "payload",
        "signature",
    )

    def __init__(
        self,
        proof: object,
        evidence: Evidence,
        claimed: ClaimedSigner,
        hash_name: str,
        *,
        is_pss: bool,
        digests: Mapping[str, bytes] | None,
        message: bytes | None,
    ) -> None:
        if proof is not _PROOF:
            raise TypeError("only pycosign.verify.signature makes a SignedContent")
        self.content = evidence.content
        self.names_file = evidence.names_file
        self.signature = evidence.signature
        self.key: PublicKey = claimed.key
        self.certificate: Certificate | None = claimed.logged_certificate
        self.hash_name = hash_name
        self.is_pss = is_pss
        self.payload = None if isinstance(evidence.content, MessageSignature) else evidence.content.payload
        self._digests: Mapping[str, bytes] = {} if digests is None else digests
        self._message = message

    def digest(self, algorithm: str) -> bytes | None:
        """What was signed, hashed; None if the artifact was not hashed with that algorithm."""
        known = self._digests.get(algorithm)
        if known is None and self._message is not None:
            return digest_of(algorithm, self._message)
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
    is_pss = _is_pss(evidence, claimed.key)
    hash_name = _verify_message(evidence, claimed, message, is_pss=is_pss)
    return SignedContent(_PROOF, evidence, claimed, hash_name, is_pss=is_pss, digests=None, message=message)


def hash_candidates(key: PublicKey, override: str | None) -> tuple[str, ...]:
    """The hashes that may be under a signature of this key: its own; for P-384 and P-521 also SHA-256.

    Old writers (Cosign's legacy formats, some KMS) always hashed with SHA-256. Ed25519 has "sha512" for Ed25519ph;
    ML-DSA has none.
    """
    if not key.signs_digests:
        return ()
    if override is not None and key.kind != "ed25519":
        return (override,)
    if key.kind in ("ecdsa-p384", "ecdsa-p521"):
        return (key.default_hash, "sha256")
    return (key.default_hash,)


def _is_pss(evidence: Evidence, key: PublicKey) -> bool:
    """Whether an RSA signature is RSASSA-PSS: where a log entry names it so (Rekor v2's key details), and nowhere else.

    `verify.binding` compares the same words with what verified, so an entry that misleads here is refused there.
    """
    if not key.kind.startswith("rsa"):
        return False
    for entry in evidence.entries:
        try:
            details = parse_rekor_body(entry.body).key_details
        except MalformedError:
            continue
        named = [algorithm_of_details(item) for item in details]
        if any(algorithm is not None and algorithm.is_pss for algorithm in named):
            return True
    return False


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
        if not claimed.key.signs_messages:
            if content.digest_algorithm not in candidates:
                raise InvalidSignatureError(
                    f"the signature is over {content.digest_algorithm}, which {claimed.key.kind} keys do not sign"
                )
            candidates = (content.digest_algorithm,)
    is_pss = _is_pss(evidence, claimed.key)
    hash_name = _verify_artifact(evidence, claimed, artifact, candidates, is_pss=is_pss)
    return SignedContent(
        _PROOF, evidence, claimed, hash_name, is_pss=is_pss, digests=artifact.digests, message=artifact.message
    )


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
    evidence: Evidence, claimed: ClaimedSigner, artifact: Artifact, candidates: tuple[str, ...], *, is_pss: bool
) -> str:
    key, signature = claimed.key, evidence.signature
    known = [name for name in candidates if name in artifact.digests]
    for name in known:
        if _holds_for_digest(key, signature, artifact.digests[name], name, is_pss=is_pss):
            return name
    if key.signs_messages and artifact.message is not None:
        if _holds_for_message(key, signature, artifact.message, None):
            return ""
        known.append("")
    if not known:
        names = candidates or ("its bytes",)
        raise ArtifactDigestMismatchError(
            f"the signature is over {' or '.join(names)}, but the artifact is known by {_names(artifact)} only"
        )
    raise _refusal(evidence, claimed)


def _verify_message(evidence: Evidence, claimed: ClaimedSigner, message: bytes, *, is_pss: bool) -> str:
    key, signature = claimed.key, evidence.signature
    if key.signs_messages:
        if _holds_for_message(key, signature, message, None):
            return ""
        # Rekor v2 takes an envelope as the digest of its PAE, so its Ed25519 signature is the prehashed one.
        if key.signs_digests and _holds_for_message(key, signature, message, "sha512"):
            return "sha512"
        raise _refusal(evidence, claimed)
    for name in hash_candidates(key, claimed.hash_name):
        if _holds_for_message(key, signature, message, name, is_pss=is_pss):
            return name
    raise _refusal(evidence, claimed)


def _holds_for_digest(key: PublicKey, signature: bytes, digest: bytes, hash_name: str, *, is_pss: bool) -> bool:
    try:
        if is_pss:
            key.verify_pss(signature, digest, hash_name=hash_name, is_digest=True, any_salt=True)
        else:
            key.verify_digest(signature, digest, hash_name)
    except InvalidSignatureError:
        return False
    return True


def _holds_for_message(
    key: PublicKey, signature: bytes, message: bytes, hash_name: str | None, *, is_pss: bool = False
) -> bool:
    try:
        if is_pss:
            key.verify_pss(signature, message, hash_name=hash_name or key.default_hash, any_salt=True)
        else:
            key.verify(signature, message, hash_name=hash_name)
    except InvalidSignatureError:
        return False
    return True


def _refusal(evidence: Evidence, claimed: ClaimedSigner) -> InvalidSignatureError:
    subject = "the demanded key" if claimed.is_demanded else "its certificate's key"
    return InvalidSignatureError(f"the signature of the {evidence.source} does not verify under {subject}")


def _names(artifact: Artifact) -> str:
    return ", ".join(sorted(artifact.digests)) or "no digest"
