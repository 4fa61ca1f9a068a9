"""What a signature claims, and whether it fits together, for somebody who has not yet said who must have signed.

Nobody is believed here. Where no signer is demanded, exactly the one that the evidence itself claims is demanded in its
place, and the one pipeline judges: the answer is then at most CONSISTENT, which a stranger's signature is as well.
VERIFIED takes a demanded signer and an artifact, as everywhere.
"""

from datetime import datetime
from typing import Final, NamedTuple

from pycosign.errors import RefusedError, SigningError, UnavailableError, UsageError
from pycosign.flows.blob_source import BlobSource
from pycosign.flows.candidates import artifact_for
from pycosign.flows.claimed import (
    ClaimedContent,
    WhoClaims,
    claimed_content,
    claimed_signer,
    stated_artifact,
    who_claims,
)
from pycosign.flows.lacking import artifact_needed, other_digest_needed
from pycosign.flows.verify_blob import DIGEST_IS_NOT_ENOUGH
from pycosign.policy.decide import VerificationPolicy, judge_under, promising_rules, requirements_of
from pycosign.verify.artifact import Artifact
from pycosign.verify.checks import NOT_NEEDED, PASSED, WAIVED, CheckResult, checks_of
from pycosign.verify.checks import REFUSED as FAILED
from pycosign.verify.evidence import Evidence
from pycosign.verify.pipeline import message_needed
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot
from pycosign.wire.bundle import MessageSignature

__all__ = [
    "CONSISTENT",
    "REFUSED",
    "UNAVAILABLE",
    "VERIFIED",
    "Story",
    "explain_evidence",
    "unread",
    "verdict_over",
    "with_content_refused",
]

VERIFIED: Final = "verified"  # the demanded signer, and an artifact that was compared
CONSISTENT: Final = "consistent"  # all of it fits together; whether its signer may be believed is not said
REFUSED: Final = "refused"
UNAVAILABLE: Final = "unavailable"

_ARTIFACT_NEEDED: Final = "artifact.needed"

Rules = tuple[Requirements, ...]


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
    is_demanded: bool = False  # by the caller, or by a policy
    by_policy: bool = False  # judged under a policy's rules
    counts: bool = True  # its signer is one of those that the answer needs
    is_place: bool = False  # a place that could not be looked at, with any number of signatures
    is_enough: bool = True  # with the other signatures: False until a policy's threshold is met

    @property
    def failure(self) -> SigningError | None:
        """Why the answer is not a good one."""
        return self.problem or self.mismatch

    @property
    def verdict(self) -> str:
        """VERIFIED, CONSISTENT, REFUSED or UNAVAILABLE."""
        if self.failure is not None:
            return UNAVAILABLE if isinstance(self.failure, UnavailableError | UsageError) else REFUSED
        return VERIFIED if self.is_demanded and self.compared and self.is_enough else CONSISTENT


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
    policy: VerificationPolicy | None = None,
) -> Story:
    """Judge one signature, and keep all that there is to tell.

    Args:   trust: an error where it could not be had: then only the claims are told. requirements: what the caller
            waives and demands; its signer counts only if `is_demanded`. artifact: the image, or the caller's file.
            policy: demands in place of the requirements, which then only say whether any predicate may be. The story
            is not `is_enough` yet: that takes all of them (`explain_by_policy`).
    Raises: UsageError, UnavailableError: the caller's file cannot be read.
    """
    who, content = who_claims(evidence), claimed_content(evidence)
    by_policy = policy is not None
    story = Story(source, evidence.source, who, content, None, (), None)
    story = story._replace(is_demanded=is_demanded or by_policy, by_policy=by_policy, is_enough=not by_policy)
    if isinstance(trust, SigningError):
        return story._replace(problem=trust, checks=checks_of(trust))
    try:
        if policy is not None:
            rules = _rules_of(policy, evidence, allow_any_predicate=requirements.allow_any_predicate)
        else:
            rules = (requirements if is_demanded else requirements._replace(signer=claimed_signer(who)),)
    except SigningError as exc:
        return story._replace(problem=exc, checks=checks_of(exc))
    if isinstance(artifact, BlobSource):
        artifact = artifact_for(artifact, [evidence], rules)
    story = _judged(story, evidence, artifact, trust, rules, now)
    return story if story.is_demanded else story._replace(checks=tuple(_of_nobody(item, who) for item in story.checks))


def _rules_of(policy: VerificationPolicy, evidence: Evidence, *, allow_any_predicate: bool) -> Rules:
    return tuple(
        rule._replace(allow_any_predicate=allow_any_predicate)
        for rule in promising_rules(evidence, requirements_of(policy))
    )


def _judged(
    story: Story,
    evidence: Evidence,
    artifact: Artifact | None,
    trust: TrustRoot | None,
    rules: Rules,
    now: datetime,
) -> Story:
    """First what it says of itself, then whether that is about the artifact, so that an edited file is told as such."""
    stated = stated_artifact(evidence, rules)
    has_own_word = stated is not None or not isinstance(evidence.content, MessageSignature)
    needed = None if has_own_word else _more_needed(evidence, artifact, rules)
    if needed is not None:
        return story._replace(problem=needed, checks=checks_of(needed))
    if has_own_word and (artifact is None or not artifact.is_image):
        alone = rules
        if stated is None:
            alone = tuple(rule._replace(waivers=rule.waivers | {Waiver.CLAIMS}) for rule in rules)
        outcome = _outcome(evidence, stated, trust, alone, now)
        story = _with(story, outcome, checks=_not_compared(checks_of(outcome)))
        if artifact is None or (story.problem is not None and story.problem.code != _ARTIFACT_NEEDED):
            return story
        outcome = _outcome(evidence, artifact, trust, rules, now)
        if isinstance(outcome, SigningError) and story.problem is None:
            if outcome.code == _ARTIFACT_NEEDED:
                return story._replace(mismatch=outcome)
            return story._replace(mismatch=outcome, compared=True, checks=_other_artifact(story.checks, outcome))
    else:
        outcome = _outcome(evidence, artifact, trust, rules, now)
    is_compared = not isinstance(outcome, SigningError) or outcome.code != _ARTIFACT_NEEDED
    return _with(story, outcome, checks=checks_of(outcome))._replace(compared=is_compared)


def _more_needed(evidence: Evidence, artifact: Artifact | None, rules: Rules) -> UnavailableError | None:
    """Why a signature that does not say what it is of cannot be judged with what is given; None if it can."""
    if artifact is None:
        message = f"the {evidence.source} does not state what it is a signature of: the file itself is needed"
        return artifact_needed(message)
    if artifact.message is None and not artifact.is_image and all(message_needed(evidence, rule) for rule in rules):
        return artifact_needed(DIGEST_IS_NOT_ENOUGH)
    return None


def _outcome(
    evidence: Evidence, artifact: Artifact | None, trust: TrustRoot | None, rules: Rules, now: datetime
) -> Verified | SigningError:
    try:
        return judge_under(evidence, artifact, rules, trust, now)
    except SigningError as exc:
        return _lacking(exc, evidence, artifact, rules) or exc


def _lacking(
    error: SigningError, evidence: Evidence, artifact: Artifact | None, rules: Rules
) -> UnavailableError | None:
    """In place of a refusal that only says how little is known of an artifact of which there is no more than a digest.

    The pipeline has no other words for it, and to its callers it is as good a no; a story would tell people that the
    signature is of another file.
    """
    if artifact is None or artifact.is_image or artifact.message is not None or not isinstance(error, RefusedError):
        return None
    if error.check != "signature" or not any(message_needed(evidence, rule) for rule in rules):
        return other_digest_needed(error, artifact, evidence, rules)
    needed = artifact_needed(DIGEST_IS_NOT_ENOUGH)
    needed.check, needed.proved = error.check, error.proved
    return needed


def _with(story: Story, outcome: Verified | SigningError, *, checks: tuple[CheckResult, ...]) -> Story:
    if isinstance(outcome, SigningError):
        return story._replace(problem=outcome, checks=checks)
    return story._replace(problem=None, verified=outcome, checks=checks)


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
    return _content_failed(checks, outcome) if outcome.code == "artifact.digest-mismatch" else checks_of(outcome)


def with_content_refused(story: Story, refusal: RefusedError) -> Story:
    """The story of what is otherwise in order, or may be, and is refused for what kind of content it has."""
    return story._replace(problem=refusal, mismatch=None, checks=_content_failed(story.checks, refusal))


def _content_failed(checks: tuple[CheckResult, ...], error: SigningError) -> tuple[CheckResult, ...]:
    failed = CheckResult("content", FAILED, error.code, str(error))
    return tuple(failed if item.check == "content" else item for item in checks)


def _of_nobody(item: CheckResult, who: WhoClaims) -> CheckResult:
    """A check in the words for a signer whom only the evidence names."""
    if item.check == "signer" and item.result == PASSED and who.certificate is None and who.key is not None:
        return item._replace(detail=f"the {who.key.kind} key that the evidence itself names, so far a claim")
    if item.check == "identity" and item.result == PASSED:
        names = ", ".join(who.names)
        return item._replace(result=NOT_NEEDED, detail=f"nobody is demanded; the certificate names {names}")
    return item
