"""What a signature claims, and whether it fits together, for somebody who has not yet said who must have signed.

Nobody is believed here. Where no signer is demanded, exactly the one that the evidence itself claims is demanded in its
place, and the one pipeline judges: the answer is then at most CONSISTENT, which a stranger's signature is as well.
VERIFIED takes a demanded signer and an artifact, as everywhere.
"""

from datetime import datetime
from typing import Final, NamedTuple

from pycosign.codec.pem import parse_pem
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.keys import PublicKey, load_public_key
from pycosign.errors import MalformedError, SigningError, UnavailableError
from pycosign.flows.blob_source import BlobSource
from pycosign.verify.artifact import Artifact
from pycosign.verify.checks import NOT_NEEDED, PASSED, WAIVED, CheckResult, checks_of
from pycosign.verify.checks import REFUSED as FAILED
from pycosign.verify.evidence import Evidence, SimpleSigningPayload
from pycosign.verify.pipeline import digests_needed, message_needed, verify
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE, IN_TOTO_PAYLOAD_TYPE, parse_statement
from pycosign.wire.rekor_body import LogBody, parse_rekor_body
from pycosign.wire.simplesigning import parse_simple_signing

__all__ = [
    "CONSISTENT",
    "REFUSED",
    "UNAVAILABLE",
    "VERIFIED",
    "ClaimedContent",
    "Story",
    "WhoClaims",
    "explain_evidence",
    "unread",
    "verdict_over",
    "who_claims",
]

VERIFIED: Final = "verified"  # the demanded signer, and an artifact that was compared
CONSISTENT: Final = "consistent"  # all of it fits together; whether its signer may be believed is not said
REFUSED: Final = "refused"
UNAVAILABLE: Final = "unavailable"

_SUBJECTS_TOLD: Final = 5


class WhoClaims(NamedTuple):
    """Who is said to have signed, by the evidence alone.

    identity, issuer: of the certificate; "" where it has none that counts. key: of the certificate, or the one that the
    log entry or the legacy bundle names; None: only the signer's public key itself can say. key_hint: as it stands.
    """

    certificate: Certificate | None = None
    identity: str = ""
    issuer: str = ""
    key: PublicKey | None = None
    key_hint: str | None = None


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


class Story(NamedTuple):
    """One signature, told. who, content: None where it could not be read.

    problem: why it is not consistent (or verified); checks: each one, of the run without the artifact where there was
    one. mismatch: what the artifact that was given changed; None: it was given and fits, or was not given.
    """

    source: str
    form: str | None
    who: WhoClaims | None
    content: ClaimedContent | None
    problem: SigningError | None
    checks: tuple[CheckResult, ...]
    verified: Verified | None
    mismatch: SigningError | None = None
    compared: bool = False  # with an artifact that was given
    is_demanded: bool = False

    @property
    def failure(self) -> SigningError | None:
        """Why the answer is not a good one."""
        return self.problem or self.mismatch

    @property
    def verdict(self) -> str:
        """VERIFIED, CONSISTENT, REFUSED or UNAVAILABLE."""
        if self.failure is not None:
            return UNAVAILABLE if isinstance(self.failure, UnavailableError) else REFUSED
        return VERIFIED if self.is_demanded and self.compared else CONSISTENT


def verdict_over(stories: "list[Story] | tuple[Story, ...]") -> str:
    """Over several: a good one is enough; else one that could not be found out leaves it open; else refused."""
    verdicts = [story.verdict for story in stories]
    return next((word for word in (VERIFIED, CONSISTENT, UNAVAILABLE) if word in verdicts), REFUSED)


def unread(source: str, problem: SigningError) -> Story:
    """Something that could not be read, or not be asked for."""
    return Story(source, None, None, None, problem, checks_of(problem), None)


def explain_evidence(
    source: str,
    evidence: Evidence,
    *,
    trust: TrustRoot | SigningError | None,
    requirements: Requirements,
    is_demanded: bool,
    now: datetime,
    artifact: Artifact | BlobSource | None = None,
) -> Story:
    """Judge one signature, and keep all that there is to tell.

    Args:   trust: an error where it could not be had: then only the claims are told. requirements: what the caller
            waives and demands; its signer counts only if `is_demanded`. artifact: the image, or the caller's file.
    Raises: UsageError, UnavailableError: the caller's file cannot be read.
    """
    who, content = who_claims(evidence), _content(evidence)
    story = Story(source, evidence.source, who, content, None, (), None, is_demanded=is_demanded)
    if isinstance(trust, SigningError):
        return story._replace(problem=trust, checks=checks_of(trust))
    try:
        demanded = requirements if is_demanded else requirements._replace(signer=_claimed_signer(who))
    except SigningError as exc:
        return story._replace(problem=exc, checks=checks_of(exc))
    if isinstance(artifact, BlobSource):
        whole = message_needed(evidence, demanded) and not artifact.is_digest
        artifact = artifact.read(digests_needed(evidence, demanded), whole=whole)
    story = _judged(story, evidence, artifact, trust, demanded, now)
    return story if is_demanded else story._replace(checks=tuple(_of_nobody(item, who) for item in story.checks))


def _judged(
    story: Story,
    evidence: Evidence,
    artifact: Artifact | None,
    trust: TrustRoot | None,
    demanded: Requirements,
    now: datetime,
) -> Story:
    """First what it says of itself, then whether that is about the artifact, so that an edited file is told as such."""
    stated = _stated_artifact(evidence, demanded)
    has_own_word = stated is not None or not isinstance(evidence.content, MessageSignature)
    if not has_own_word and artifact is None:
        problem = UnavailableError(
            f"the {evidence.source} does not state what it is a signature of: the file itself is needed",
            code="artifact.needed",
        )
        return story._replace(problem=problem, checks=checks_of(problem))
    outcome: Verified | SigningError
    if has_own_word and (artifact is None or not artifact.is_image):
        alone = demanded if stated is not None else demanded._replace(waivers=demanded.waivers | {Waiver.CLAIMS})
        outcome = _outcome(evidence, stated, trust, alone, now)
        story = _with(story, outcome, checks=_not_compared(checks_of(outcome)))
        if artifact is None or story.problem is not None:
            return story
        outcome = _outcome(evidence, artifact, trust, demanded, now)
        if isinstance(outcome, SigningError):
            return story._replace(mismatch=outcome, compared=True, checks=_other_artifact(story.checks, outcome))
    else:
        outcome = _outcome(evidence, artifact, trust, demanded, now)
    return _with(story, outcome, checks=checks_of(outcome))._replace(compared=True)


def _outcome(
    evidence: Evidence, artifact: Artifact | None, trust: TrustRoot | None, demanded: Requirements, now: datetime
) -> Verified | SigningError:
    try:
        return verify(evidence, artifact, trust=trust, requirements=demanded, now=now)
    except SigningError as exc:
        return exc


def _with(story: Story, outcome: Verified | SigningError, *, checks: tuple[CheckResult, ...]) -> Story:
    if isinstance(outcome, SigningError):
        return story._replace(problem=outcome, checks=checks)
    return story._replace(verified=outcome, checks=checks)


def _not_compared(checks: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    """Without an artifact the content was only compared with its own word, which proves nothing."""
    return tuple(
        CheckResult("content", NOT_NEEDED, None, "no artifact was given to compare with")
        if item.check == "content" and item.result in (PASSED, WAIVED)
        else item
        for item in checks
    )


def _other_artifact(checks: tuple[CheckResult, ...], outcome: SigningError) -> tuple[CheckResult, ...]:
    """The artifact is another one. All else has just been checked, so only the comparison has failed."""
    if outcome.code != "artifact.digest-mismatch":
        return checks_of(outcome)
    failed = CheckResult("content", FAILED, outcome.code, str(outcome))
    return tuple(failed if item.check == "content" else item for item in checks)


def _of_nobody(item: CheckResult, who: WhoClaims) -> CheckResult:
    """A check in the words for a signer whom only the evidence names."""
    if item.check == "signer" and item.result == PASSED and who.certificate is None and who.key is not None:
        return item._replace(detail=f"the {who.key.kind} key that the evidence itself names, so far a claim")
    if item.check == "identity" and item.result == PASSED:
        return item._replace(result=NOT_NEEDED, detail=f"nobody is demanded; the certificate names {who.identity}")
    return item


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
    identity, issuer = "", ""
    try:
        names = certificate.san
        identity = names[0].value if len(names) == 1 else ""
        extensions = certificate.fulcio_extensions
        issuer = extensions.get(8, extensions.get(1, ""))
    except MalformedError:
        pass  # the certificate's own check says what is wrong with it
    return WhoClaims(certificate, identity, issuer, certificate.public_key)


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


def _claimed_signer(who: WhoClaims) -> SignerIdentity | SignerKey:
    """Exactly the signer that the evidence claims. Raises: UnavailableError: it names none that could be tried."""
    if who.certificate is not None:
        return SignerIdentity(TextRule(who.identity), TextRule(who.issuer))
    if who.key is not None:
        return SignerKey(who.key)
    raise UnavailableError(
        "the signature was made with a key that is not part of it: without the public key it cannot be checked",
        code="key.needed",
    )


# ---- what ----------------------------------------------------------------------------------------------------------
def _content(evidence: Evidence) -> ClaimedContent | None:
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


def _stated_artifact(evidence: Evidence, demanded: Requirements) -> Artifact | None:
    """The artifact of a bare signature by its own word; None: it does not say, or more than a digest is needed."""
    content = evidence.content
    if not isinstance(content, MessageSignature) or message_needed(evidence, demanded):
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
