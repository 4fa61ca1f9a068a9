"""Which words fit a signature that does not verify.

The evidence itself may say that it was made with another key, or for another artifact. Such words are nobody's, so they
choose the error and nothing else: the signature is refused in any case.
"""

from pycosign.codec.b64 import decode_b64
from pycosign.crypto.digests import sha256
from pycosign.crypto.keys import PublicKey
from pycosign.errors import ArtifactDigestMismatchError, KeyMismatchError, MalformedError, RefusedError
from pycosign.verify.artifact import Artifact
from pycosign.verify.binding import names_signer
from pycosign.verify.claim import ClaimedSigner
from pycosign.verify.evidence import Evidence
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.rekor_body import LogBody, parse_rekor_body

__all__ = ["explain_bad_signature"]


def explain_bad_signature(
    refusal: RefusedError, evidence: Evidence, artifact: Artifact | None, claimed: ClaimedSigner
) -> RefusedError:
    """The refusal as it is, or a more telling one: another key (`key.mismatch`), another artifact."""
    bodies = _readable_bodies(evidence)
    if claimed.is_demanded:
        if evidence.key_hint and _hints_at_another_key(evidence.key_hint, claimed.key):
            return KeyMismatchError(f"the {evidence.source} was made with another key: its hint says so")
        if any(_names_another(body, claimed) for body in bodies):
            return KeyMismatchError(f"the {evidence.source} was made with another key: its log entry says so")
    if isinstance(evidence.content, MessageSignature) and artifact is not None:
        for body in bodies:
            actual = artifact.digests.get(body.digest_algorithm)
            if body.signatures == (evidence.signature,) and actual is not None and actual != body.digest:
                return ArtifactDigestMismatchError(
                    f"the {evidence.source} is for {body.digest_algorithm}:{body.digest.hex()}, "
                    f"but the artifact is {body.digest_algorithm}:{actual.hex()}"
                )
    return refusal


def _readable_bodies(evidence: Evidence) -> list[LogBody]:
    bodies = []
    for entry in evidence.entries:
        try:
            bodies.append(parse_rekor_body(entry.body))
        except MalformedError:
            continue
    return bodies


def _names_another(body: LogBody, claimed: ClaimedSigner) -> bool:
    try:
        return not names_signer(body, claimed.key, claimed.logged_certificate)
    except MalformedError:
        return False


def _hints_at_another_key(hint: str, key: PublicKey) -> bool:
    """Cosign's hint is base64 of the SHA-256 of the SPKI DER; other writers' hints say nothing."""
    try:
        raw = decode_b64(hint, what="public key hint")
    except MalformedError:
        return False
    return len(raw) == 32 and raw != sha256(key.spki_der)
