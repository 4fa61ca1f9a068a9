"""Verify a file by a policy: every signature that is presented is judged, and distinct signers are counted."""

from collections.abc import Sequence
from datetime import datetime

from pycosign.errors import PredicateTypeMismatchError, RefusedError, SigningError, UsageError
from pycosign.flows.blob_source import BlobSource
from pycosign.flows.candidates import artifact_for
from pycosign.flows.lacking import artifact_needed, reraise_if_open
from pycosign.flows.verify_blob import DIGEST_IS_NOT_ENOUGH
from pycosign.policy.decide import (
    PolicyVerdict,
    VerificationPolicy,
    check_policy,
    fold,
    judge,
    promising_rules,
    requirements_of,
)
from pycosign.record import Record
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import Evidence
from pycosign.verify.needs import message_needed
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot
from pycosign.wire.dsse import Envelope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycosign.flows.verify_image import ImageVerdict, JudgedImage

__all__ = [
    "JudgedFile",
    "conclude_image_by_policy",
    "count_image_signers",
    "form_refusal",
    "verify_file_by_policy",
]


class JudgedFile(Record):
    """A file's signatures, judged one by one in their order, and the answer over all of them."""

    outcomes: tuple[Verified | SigningError, ...]
    verdict: PolicyVerdict


def verify_file_by_policy(
    source: BlobSource | None,
    candidates: Sequence[Evidence | SigningError],
    *,
    policy: VerificationPolicy,
    trust: TrustRoot | None,
    now: datetime,
) -> JudgedFile:
    """Judge a file's signatures or attestations. It is read once, for all of them.

    Args:   source: None: the statements are compared with no file (Waiver.CLAIMS).
    Raises: UsageError: as `check_policy`, or the file itself is needed; UnavailableError: it cannot be read. What is
            wrong with a candidate is its outcome.
    """
    check_policy(policy)
    artifact = None if source is None else artifact_for(source, candidates, requirements_of(policy))
    outcomes: list[Verified | SigningError] = []
    for candidate in candidates:
        try:
            if isinstance(candidate, SigningError):
                raise candidate
            _check_form(candidate, source, policy)
            outcomes.append(_judged(candidate, source, artifact, policy, trust, now))
        except SigningError as exc:
            outcomes.append(exc)
    return JudgedFile(tuple(outcomes), fold(outcomes, policy))


def _judged(
    evidence: Evidence,
    source: BlobSource | None,
    artifact: Artifact | None,
    policy: VerificationPolicy,
    trust: TrustRoot | None,
    now: datetime,
) -> Verified:
    """Where only a digest is known, a refusal says nothing of rules whose keys sign another one, or the file itself."""
    try:
        return judge(evidence, artifact, policy, trust, now)
    except RefusedError as exc:
        rules = promising_rules(evidence, requirements_of(policy))
        is_short = source is not None and source.is_digest
        if is_short and exc.check == "signature" and any(message_needed(evidence, rule) for rule in rules):
            needed = artifact_needed(DIGEST_IS_NOT_ENOUGH)
            needed.check, needed.proved = exc.check, exc.proved
            raise needed from exc
        reraise_if_open(exc, source, evidence, *rules)
        raise


def _check_form(evidence: Evidence, source: BlobSource | None, policy: VerificationPolicy) -> None:
    refusal = form_refusal(evidence, policy)
    if refusal is not None:
        raise refusal
    if source is None or not source.is_digest:
        return
    if all(message_needed(evidence, requirements) for requirements in requirements_of(policy)):
        raise UsageError(DIGEST_IS_NOT_ENOUGH)


def form_refusal(evidence: Evidence, policy: VerificationPolicy) -> PredicateTypeMismatchError | None:
    """A signature approves a file; a statement says something about it, good or bad. Neither stands for the other."""
    is_statement = isinstance(evidence.content, Envelope)
    if is_statement == (policy.predicate_type is not None):
        return None
    refusal = PredicateTypeMismatchError(
        f"the {evidence.source} holds a statement, and the policy demands a signature: its predicate_type would "
        "say which statements count"
        if is_statement
        else f"the {evidence.source} holds a bare signature, not a statement of type {policy.predicate_type}"
    )
    refusal.check = "content"
    return refusal


def count_image_signers(judged: "JudgedImage", policy: VerificationPolicy) -> PolicyVerdict:
    """The answer over everything beside an image; a place that could not be looked at may hold any number of them."""
    outcomes = [candidate.outcome for candidate in judged.candidates]
    return fold(
        [item if isinstance(item, SigningError) else item.verified for item in outcomes if item is not None],
        policy,
        unasked=judged.unasked,
    )


def conclude_image_by_policy(judged: "JudgedImage", policy: VerificationPolicy) -> "ImageVerdict":
    """As `verify_image.conclude`, which also words the refusals that Cosign has.

    Raises: as that; ThresholdError or SignersUnavailableError: signatures were accepted, or several are demanded.
    """
    from pycosign.flows.verify_image import conclude

    verdict = count_image_signers(judged, policy)
    is_bare = not judged.candidates and not judged.unasked
    if verdict.error is not None and policy.threshold > 1 and not is_bare:
        raise verdict.error
    return conclude(judged)
