"""What a signature says of itself: by whom it is, and of what. Nobody's word, until the pipeline has judged it."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from pycosign.codec.pem import parse_pem
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.extensions import text_names
from pycosign.crypto.keys import PublicKey, load_public_key
from pycosign.errors import MalformedError, UnavailableError
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import Evidence, SimpleSigningPayload
from pycosign.verify.pipeline import message_needed
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE, IN_TOTO_PAYLOAD_TYPE, parse_statement
from pycosign.wire.rekor_body import LogBody, parse_rekor_body
from pycosign.wire.simplesigning import parse_simple_signing

__all__ = ["ClaimedContent", "WhoClaims", "claimed_content", "claimed_signer", "stated_artifact", "who_claims"]

_SUBJECTS_TOLD: Final = 5


class WhoClaims(NamedTuple):
    """Who is said to have signed, by the evidence alone.

    identity, issuer: of the certificate; "" where it has none, or several names: `names` are all of them. key: of the
    certificate, or the one that the log entry or the legacy bundle names; None: only the signer's public key itself can
    say. key_hint: as it stands.
    """

    certificate: Certificate | None = None
    identity: str = ""
    issuer: str = ""
    key: PublicKey | None = None
    key_hint: str | None = None
    names: tuple[str, ...] = ()


class ClaimedContent(NamedTuple):
    """What is said to be signed. kind: "file", "statement", "image" or "envelope" (of something that is no statement).

    digests: "ALG:HEX" of what it speaks of, the first ones; more: how many there are besides.
    """

    kind: str
    digests: tuple[str, ...] = ()
    more: int = 0
    predicate_type: str | None = None

    @property
    def is_image_signature(self) -> bool:
        """Whether it claims to be what `pycosign verify` looks for beside an image."""
        return self.kind == "image" or self.predicate_type == COSIGN_SIGN_PREDICATE


# ---- who -----------------------------------------------------------------------------------------------------------
def who_claims(evidence: Evidence) -> WhoClaims:
    """Read who is said to have signed. What cannot be read is left out: the pipeline refuses it with its reason."""
    try:
        if evidence.chain_der:
            return _of_certificate(parse_certificate(evidence.chain_der[0]))
        if evidence.claimed_key_der is not None:
            return WhoClaims(key=load_public_key(evidence.claimed_key_der))
        return WhoClaims(key=_key_of_log(evidence), key_hint=evidence.key_hint)
    except MalformedError:
        return WhoClaims(key_hint=evidence.key_hint)


def _of_certificate(certificate: Certificate) -> WhoClaims:
    names: tuple[str, ...] = ()
    identity, issuer = "", ""
    try:
        names = text_names(certificate.san)
        identity = names[0] if len(names) == len(certificate.san) == 1 else ""
        extensions = certificate.fulcio_extensions
        issuer = extensions.get(8, extensions.get(1, ""))
    except MalformedError:
        pass  # the certificate's own check says what is wrong with it
    return WhoClaims(certificate, identity, issuer, certificate.public_key, names=names)


def _key_of_log(evidence: Evidence) -> PublicKey | None:
    """The key that a log entry names. Anybody may log a signature: it is as much a claim as the rest."""
    for body in _bodies(evidence):
        if body.verifier_kind == "key-der":
            return load_public_key(body.verifiers[0])
        if body.verifier_kind == "pem" and parse_pem(body.verifiers[0], what="log entry verifier")[0].label != (
            "CERTIFICATE"
        ):
            return load_public_key(body.verifiers[0])
    return None


def claimed_signer(who: WhoClaims) -> SignerIdentity | SignerKey:
    """Exactly the signer that the evidence claims. Raises: UnavailableError: it names none that could be tried."""
    if who.certificate is not None:
        return SignerIdentity(TextRule(who.names[0] if who.names else ""), TextRule(who.issuer))
    if who.key is not None:
        return SignerKey(who.key)
    raise UnavailableError(
        "the signature was made with a key that is not part of it: without the public key it cannot be checked",
        code="key.needed",
    )


# ---- what ----------------------------------------------------------------------------------------------------------
def claimed_content(evidence: Evidence) -> ClaimedContent | None:
    content = evidence.content
    try:
        if isinstance(content, SimpleSigningPayload):
            return ClaimedContent("image", (parse_simple_signing(content.payload).digest,))
        if isinstance(content, Envelope):
            return _of_envelope(content)
    except MalformedError:
        return None
    stated = _stated_digests(evidence, content)
    return ClaimedContent("file", tuple(f"{algorithm}:{digest.hex()}" for algorithm, digest in stated.items()))


def _of_envelope(envelope: Envelope) -> ClaimedContent:
    if envelope.payload_type != IN_TOTO_PAYLOAD_TYPE:
        return ClaimedContent("envelope", predicate_type=envelope.payload_type)
    statement = parse_statement(envelope.payload)
    digests = tuple(
        f"{algorithm}:{digest}" + (f" ({subject.name})" if subject.name else "")
        for subject in statement.subjects[:_SUBJECTS_TOLD]
        for algorithm, digest in list(subject.digests.items())[:1]
    )
    return ClaimedContent("statement", digests, len(statement.subjects) - len(digests), statement.predicate_type)


def stated_artifact(evidence: Evidence, rules: Iterable[Requirements]) -> Artifact | None:
    """The artifact of a bare signature by its own word; None: it does not say, or more than a digest is needed."""
    content = evidence.content
    if not isinstance(content, MessageSignature) or all(message_needed(evidence, rule) for rule in rules):
        return None
    stated = _stated_digests(evidence, content)
    return Artifact(stated) if stated else None


def _stated_digests(evidence: Evidence, content: MessageSignature) -> dict[str, bytes]:
    """By algorithm: the bundle's own, and those of log entries in other algorithms."""
    stated = {}
    if content.digest_algorithm is not None and content.digest is not None:
        stated[content.digest_algorithm] = content.digest
    for body in _bodies(evidence):
        if body.kind == "hashedrekord":
            stated.setdefault(body.digest_algorithm, body.digest)
    return stated


def _bodies(evidence: Evidence) -> list[LogBody]:
    bodies = []
    for entry in evidence.entries:
        try:
            body = parse_rekor_body(entry.body)
        except MalformedError:
            continue
        if body.verifiers:
            bodies.append(body)
    return bodies
