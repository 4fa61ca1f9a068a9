"""A file that holds several signatures or attestations, each judged by the one pipeline.

One verified is enough; else anything that could not be found out makes the answer "unavailable"; else refused,
with the reason of each.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pycosign.errors import (
    MalformedError,
    NoCandidateAcceptedError,
    PredicateTypeMismatchError,
    RefusedError,
    SigningError,
    UsageError,
)
from pycosign.flows.blob_source import BlobSource
from pycosign.flows.verify_blob import (
    DIGEST_IS_NOT_ENOUGH,
    LegacyPieces,
    is_legacy_bundle,
    legacy_evidence,
    read_bundle_evidence,
    verify_known,
)
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import (
    Evidence,
    evidence_from_bundle,
    evidence_from_envelope,
    evidence_from_pypi,
    with_envelope_as_content,
)
from pycosign.verify.pipeline import digests_needed, message_needed
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot
from pycosign.wire.bundle import Bundle, may_hold_several
from pycosign.wire.dsse import Envelope

if TYPE_CHECKING:
    from pycosign.wire.bundle_file import BundleFileContent

__all__ = [
    "Candidate",
    "JudgedCandidate",
    "artifact_for",
    "conclude",
    "judge_candidates",
    "read_candidates",
    "verify_candidates",
]


class Candidate(NamedTuple):
    """One thing in a file that wants to be evidence."""

    place: str  # where in the file: "line 3", "attestations[0].bundle"; "" if the file is just that
    evidence: Evidence | MalformedError  # or why it cannot be read
    note: str = ""  # what the file says of it, for people: never trusted


class JudgedCandidate(NamedTuple):
    """A candidate, and what came of it."""

    place: str
    note: str
    outcome: Verified | SigningError


def read_candidates(data: bytes, *, is_attestation: bool = False) -> tuple[Candidate, ...]:
    """Everything in a bundle file that wants to be evidence, one or more, in the file's order.

    A Sigstore bundle, Cosign's own JSON, bundles one a line, and the lists of npm, GitHub and PyPI.

    Args:   is_attestation: what stands in Cosign's own JSON is an envelope.
    Raises: MalformedError: the file as a whole cannot be read; see `parse_bundle_file`.
    """
    if is_legacy_bundle(data):
        evidence = legacy_evidence(LegacyPieces(), bundle=data)
        return (Candidate("", with_envelope_as_content(evidence) if is_attestation else evidence),)
    if not may_hold_several(data):
        return (Candidate("", read_bundle_evidence(data)),)
    from pycosign.wire.bundle_file import parse_bundle_file  # few files hold several

    return tuple(Candidate(item.place, _evidence(item.content), item.note) for item in parse_bundle_file(data))


def artifact_for(
    source: BlobSource, evidences: Iterable[Evidence | SigningError], demands: Iterable[Requirements]
) -> Artifact:
    """The file, read once, with every digest that any of the evidence needs under any of the demands.

    Raises: UnavailableError: it cannot be read; UsageError: it is too large to be held where that is needed.
    """
    demands = tuple(demands)
    digests: set[str] = set()
    whole = False
    for evidence in evidences:
        if isinstance(evidence, Evidence):
            for requirements in _telling(evidence, demands):
                digests |= digests_needed(evidence, requirements)
                whole = whole or message_needed(evidence, requirements)
    return source.read(digests or {"sha256"}, whole=whole and not source.is_digest)


def _telling(evidence: Evidence, demands: tuple[Requirements, ...]) -> tuple[Requirements, ...]:
    """The demands whose needs may differ. Of an envelope the statement says what is needed, whoever must have signed.

    So it is parsed once, and not for each of a policy's signers: nobody has signed it yet, and it may be large.
    """
    if not isinstance(evidence.content, Envelope):
        return demands
    return tuple(
        item for at, item in enumerate(demands) if all(item.revocations is not its.revocations for its in demands[:at])
    )


def judge_candidates(
    source: BlobSource | None,
    candidates: Iterable[Candidate],
    *,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
    predicate_type: str | None = None,
) -> Iterator[JudgedCandidate]:
    """Judge each in turn, when it is asked for. The file is read once, before the first.

    Args:   source: None only under Waiver.CLAIMS and with a predicate type. predicate_type: each must be an attestation
            of this type (a URI); None: a signature.
    Raises: UnavailableError: the file cannot be read; UsageError: none is given, or it is too large to be held where a
            pure Ed25519 signature needs it. What is wrong with a candidate is its outcome.
    """
    candidates = tuple(candidates)
    if predicate_type is not None:
        requirements = requirements._replace(predicate_type=predicate_type)
    artifact = _read(source, candidates, requirements)
    for candidate in candidates:
        outcome: Verified | SigningError
        try:
            outcome = _judge(candidate, source, artifact, trust, requirements, now)
        except SigningError as exc:
            outcome = exc
        yield JudgedCandidate(candidate.place, candidate.note, outcome)


def conclude(judged: Iterable[JudgedCandidate]) -> Verified:
    """The answer over all candidates: the first that verified.

    Raises: with one candidate, its own error. Else an error that leaves the question open, if any candidate has one
            (UnavailableError before UsageError); else NoCandidateAcceptedError, with every candidate's reason.
    """
    refused: list[tuple[str, SigningError]] = []
    for item in judged:
        if isinstance(item.outcome, Verified):
            return item.outcome
        refused.append((item.place, item.outcome))
    causes = tuple(error for _, error in refused)
    undecided = [error for error in causes if not isinstance(error, RefusedError | MalformedError)]
    if undecided:
        raise min(undecided, key=lambda error: isinstance(error, UsageError))
    if len(causes) == 1:
        raise causes[0]
    reasons = "\n ".join(f"{place}: {error} [{error.code}]" for place, error in refused)
    raise NoCandidateAcceptedError(f"none of the {len(causes)} in the file was accepted:\n {reasons}", causes)


def verify_candidates(
    source: BlobSource | None,
    candidates: Iterable[Candidate],
    *,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
    predicate_type: str | None = None,
) -> Verified:
    """Verify one file by the first candidate that holds. Arguments and errors: `judge_candidates`, `conclude`."""
    return conclude(
        judge_candidates(
            source, candidates, trust=trust, requirements=requirements, now=now, predicate_type=predicate_type
        )
    )


def _evidence(content: "BundleFileContent | MalformedError") -> Evidence | MalformedError:
    from pycosign.wire.pep740 import PypiAttestation

    try:
        if isinstance(content, MalformedError):
            return content
        if isinstance(content, Bundle):
            return evidence_from_bundle(content)
        if isinstance(content, PypiAttestation):
            return evidence_from_pypi(content)
        return evidence_from_envelope(content)
    except MalformedError as exc:
        return exc


def _read(source: BlobSource | None, candidates: tuple[Candidate, ...], requirements: Requirements) -> Artifact | None:
    """The artifact with every digest that any candidate needs; None if nothing is compared with it."""
    if requirements.predicate_type is not None and Waiver.CLAIMS in requirements.waivers:
        return None
    if source is None:
        raise UsageError("a file or its digest is needed, unless the comparison of claims is turned off")
    return artifact_for(source, [candidate.evidence for candidate in candidates], (requirements,))


def _judge(
    candidate: Candidate,
    source: BlobSource | None,
    artifact: Artifact | None,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
) -> Verified:
    evidence = candidate.evidence
    if isinstance(evidence, MalformedError):
        raise evidence
    if requirements.predicate_type is not None and not isinstance(evidence.content, Envelope):
        refusal = PredicateTypeMismatchError(
            f"the {evidence.source} holds a bare signature, not a statement of type {requirements.predicate_type}"
        )
        refusal.check = "content"
        raise refusal
    if source is not None and source.is_digest and message_needed(evidence, requirements):
        raise UsageError(DIGEST_IS_NOT_ENOUGH)
    return verify_known(source, evidence, artifact, trust=trust, requirements=requirements, now=now)
