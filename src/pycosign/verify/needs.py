"""What the verification of an evidence will look at, so that a file is read once and streaming."""

from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.keys import PublicKey
from pycosign.errors import MalformedError
from pycosign.verify.artifact import DIGEST_SIZES
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, SignerKey
from pycosign.verify.signature import hash_candidates
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope
from pycosign.wire.rekor_body import parse_rekor_body

__all__ = ["digests_needed", "message_needed"]


def digests_needed(evidence: Evidence, requirements: Requirements) -> frozenset[str]:
    """Which digests of the artifact (`sha256` ...) the verification of this evidence will look at; at least one.

    Those by which a revocation list names artifacts are among them.
    What cannot be parsed needs nothing here: verification itself will refuse it with its reason.
    """
    names = {name for revocations in requirements.revocations for name in revocations.digest_algorithms}
    if isinstance(evidence.content, Envelope):
        from pycosign.wire.intoto import parse_statement

        try:
            statement = parse_statement(evidence.content.payload)
        except MalformedError:
            return frozenset(("sha256", *names))
        for subject in statement.subjects:
            names.update(subject.digests)
    elif isinstance(evidence.content, MessageSignature):
        names.update(_message_digests(evidence, evidence.content, requirements))
    return frozenset(names & DIGEST_SIZES.keys()) or frozenset(("sha256",))


def message_needed(evidence: Evidence, requirements: Requirements) -> bool:
    """True if the signature may be over the artifact's bytes and not over a digest: pure Ed25519, ML-DSA.

    A log that is given a digest takes the prehashed form of Ed25519; one that wrote a rekord was given the bytes.
    """
    if not isinstance(evidence.content, MessageSignature):
        return False
    key = _key_of(evidence, requirements)
    if key is None or not key.signs_messages:
        return False
    return not (key.signs_digests and evidence.entries) or any(entry.kind == "rekord" for entry in evidence.entries)


def _message_digests(evidence: Evidence, content: MessageSignature, requirements: Requirements) -> set[str]:
    names: set[str] = set()
    if content.digest_algorithm is not None:
        names.add(content.digest_algorithm)
    for entry in evidence.entries:
        try:
            names.add(parse_rekor_body(entry.body).digest_algorithm)
        except MalformedError:
            continue
    key = _key_of(evidence, requirements)
    if key is not None:
        override = requirements.signer.hash_name if isinstance(requirements.signer, SignerKey) else None
        names.update(hash_candidates(key, override) if content.digest_algorithm is None else ())
        if key.kind == "ed25519":
            names.add("sha512")
    return names


def _key_of(evidence: Evidence, requirements: Requirements) -> PublicKey | None:
    if isinstance(requirements.signer, SignerKey):
        return requirements.signer.key
    if not evidence.chain_der:
        return None
    try:
        return parse_certificate(evidence.chain_der[0]).public_key
    except MalformedError:
        return None
