"""Verify an image's signatures: bundles and legacy tags, both, judged by the one pipeline.

Three-valued: one accepted signature is enough; else a source that could not be asked makes the answer "unavailable";
only when everything was asked is it "refused". "None" is not "could not ask".
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from pycosign.errors import (
    MalformedError,
    MissingEntryError,
    NoMatchingSignaturesError,
    NoSignaturesError,
    SigningError,
    UnavailableError,
)
from pycosign.flows.presented import Presented, evidence_of_layer, presented_layer
from pycosign.oci.attach import FoundBundle, FoundLayer, find_bundles, find_layers
from pycosign.oci.registry import Registry
from pycosign.verify.artifact import Artifact, image_artifact
from pycosign.verify.evidence import Evidence, evidence_from_bundle
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements
from pycosign.verify.result import Verdict, Verified, verdict_of
from pycosign.verify.trust import TrustRoot
from pycosign.wire.bundle import parse_bundle
from pycosign.wire.dsse import Envelope
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE, parse_statement
from pycosign.wire.reference import Reference, parse_reference

__all__ = [
    "AcceptedSignature",
    "ImageVerdict",
    "JudgedCandidate",
    "JudgedImage",
    "SignaturePlace",
    "SignaturesUnavailableError",
    "claims_to_be_signature",
    "conclude",
    "judge_image",
    "verify_image",
]

BUNDLE: Final = "bundle"
LEGACY: Final = "legacy"

# Judges one signature in place of the pipeline under one demand: a policy's, under each of its own.
EvidenceJudge = Callable[[Evidence, Artifact], Verified]
# Completes evidence that has no log entry by asking the log (`log_search`); absent offline.
LogSearch = Callable[[Evidence], Evidence]


class SignaturePlace(NamedTuple):
    """Where signatures are looked for."""

    repository: str | None = None  # COSIGN_REPOSITORY; None: the image's own
    tag_prefix: str = ""  # --attachment-tag-prefix
    bundles: bool = True
    legacy: bool = True


class AcceptedSignature(NamedTuple):
    """A signature that was accepted, as it was stored."""

    verified: Verified
    evidence: Evidence
    kind: str  # BUNDLE or LEGACY
    document: bytes  # the bundle's JSON, or the layer's payload
    annotations: Mapping[str, str]  # of the layer's or manifest's descriptor; nobody's statement
    source: str  # its digest


class ImageVerdict(NamedTuple):
    """An image of which at least one signature was accepted."""

    reference: Reference  # as the user gave it, completed
    digest: str  # that was verified
    accepted: tuple[AcceptedSignature, ...]
    refused: tuple[SigningError, ...]
    warnings: tuple[str, ...]


class JudgedCandidate(NamedTuple):
    """Something beside the image, and what came of it."""

    kind: str  # BUNDLE or LEGACY
    source: str  # its digest
    outcome: AcceptedSignature | SigningError | None  # None: an attestation, which does not claim to be a signature


class JudgedImage(NamedTuple):
    """Everything that was found beside an image, judged one by one. `conclude` makes the answer of it."""

    reference: Reference  # as the user gave it, completed
    digest: str
    unasked: tuple[SigningError, ...]  # why a place could not be looked at
    candidates: tuple[JudgedCandidate, ...]


class SignaturesUnavailableError(UnavailableError):
    """No signature was accepted, and not all of them could be looked at."""

    code = "image.unavailable"

    def __init__(self, message: str, causes: tuple[SigningError, ...]) -> None:
        self.causes = causes
        super().__init__(message)


class _Candidate(NamedTuple):
    """Something that was found beside the image, read or not."""

    kind: str
    source: str
    document: bytes | None
    annotations: Mapping[str, str]
    problem: SigningError | None


def verify_image(
    text: str,
    *,
    registry: Registry,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
    place: SignaturePlace | None = None,
    search: LogSearch | None = None,
    presented: Presented | None = None,
) -> ImageVerdict:
    """Verify an image: resolve a tag once, find the signatures, judge each.

    Args:   text: the reference as the user wrote it. search: for legacy signatures without a log entry. presented:
            what the caller has of the signature in files; with a signature among it nothing else is looked at.
    Raises: ImageNotFoundError: no such tag; NoSignaturesError; NoMatchingSignaturesError: `causes` says why (exit
            status 12 as Cosign gives it when only legacy signatures were there, else 1); UnavailableError.
    """
    return conclude(
        judge_image(
            text,
            registry=registry,
            trust=trust,
            requirements=requirements,
            now=now,
            place=place,
            search=search,
            presented=presented,
        )
    )


def judge_image(
    text: str,
    *,
    registry: Registry,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
    place: SignaturePlace | None = None,
    search: LogSearch | None = None,
    presented: Presented | None = None,
    judge: EvidenceJudge | None = None,
) -> JudgedImage:
    """Judge every signature of an image, as `verify_image`, without an answer yet.

    Args:   judge: decides each signature in place of `requirements`, which then only say what a signature is.
    Raises: ImageNotFoundError: no such tag; UnavailableError: the tag could not be asked for.
    """
    reference = parse_reference(text)
    place = place or SignaturePlace()
    # A digest is what it stands for: its image may be gone, or in a registry that cannot be reached from here.
    digest = reference.digest or registry.resolve(reference).digest
    if presented is not None and presented.signature is not None:
        payload, annotations = presented_layer(presented, reference.context, digest)
        candidates = [_Candidate(LEGACY, "the given signature", payload, annotations, None)]
        unasked: list[SigningError] = []
    else:
        candidates, unasked = _find(registry, place.repository or reference.context, digest, place)
    artifact = image_artifact(digest, name=reference.name)

    def by_requirements(evidence: Evidence, artifact: Artifact) -> Verified:
        return verify(evidence, artifact, trust=trust, requirements=requirements, now=now)

    judged = []
    for candidate in candidates:
        outcome: AcceptedSignature | SigningError | None
        try:
            evidence = _read(candidate, presented)
            outcome = _judge(candidate, evidence, artifact, requirements, judge or by_requirements, search)
        except SigningError as exc:
            outcome = exc
        judged.append(JudgedCandidate(candidate.kind, candidate.source, outcome))
    return JudgedImage(reference, digest, tuple(unasked), tuple(judged))


def conclude(judged: JudgedImage) -> ImageVerdict:
    """The answer over all candidates. Raises: as `verify_image`."""
    name = judged.reference.name
    accepted = tuple(c.outcome for c in judged.candidates if isinstance(c.outcome, AcceptedSignature))
    refused = [c for c in judged.candidates if isinstance(c.outcome, SigningError)]
    causes = [*judged.unasked, *(c.outcome for c in refused if isinstance(c.outcome, SigningError))]
    warnings = [f"{c.source}: {c.outcome}" for c in refused if isinstance(c.outcome, MalformedError)]
    others = sum(c.outcome is None for c in judged.candidates)
    if others:
        warnings.append(f"{others} attestation(s) of {name} are not signatures (--allow-any-predicate accepts them)")
    if not accepted:
        has_bundles = any(c.kind == BUNDLE for c in refused)
        raise _refusal(judged.reference, causes, has_bundles=has_bundles, has_any=bool(judged.candidates))
    return ImageVerdict(judged.reference, judged.digest, accepted, tuple(causes), tuple(warnings))


def _find(
    registry: Registry, repository: str, digest: str, place: SignaturePlace
) -> tuple[list[_Candidate], list[SigningError]]:
    """Everything beside the image, and why a source could not be asked."""
    found: list[_Candidate] = []
    unasked: list[SigningError] = []
    if place.bundles:
        try:
            found += [_from_bundle(item) for item in find_bundles(registry, repository, digest)]
        except (UnavailableError, MalformedError) as exc:
            unasked.append(exc)
    if place.legacy:
        try:
            layers = find_layers(registry, repository, digest, prefix=place.tag_prefix)
            found += [_from_layer(item, digest) for item in layers]
        except (UnavailableError, MalformedError) as exc:
            unasked.append(exc)
    return found, unasked


def _from_bundle(item: FoundBundle) -> _Candidate:
    return _Candidate(BUNDLE, item.descriptor.digest, item.bundle, item.descriptor.annotations, item.problem)


def _from_layer(item: FoundLayer, digest: str) -> _Candidate:
    if item.descriptor is None:
        return _Candidate(LEGACY, f"signature image of {digest}", None, {}, item.problem)
    return _Candidate(LEGACY, item.descriptor.digest, item.content, item.descriptor.annotations, item.problem)


def _read(candidate: _Candidate, presented: Presented | None) -> Evidence:
    if candidate.problem is not None:
        raise candidate.problem
    assert candidate.document is not None
    if candidate.kind == BUNDLE:
        return evidence_from_bundle(parse_bundle(candidate.document))
    return evidence_of_layer(candidate.document, candidate.annotations, presented)


def _judge(
    candidate: _Candidate,
    evidence: Evidence,
    artifact: Artifact,
    requirements: Requirements,
    judge: EvidenceJudge,
    search: LogSearch | None,
) -> AcceptedSignature | None:
    """One candidate: accepted, or None for a bundle that does not claim to be a signature. Raises SigningError."""
    assert candidate.document is not None
    if candidate.kind == BUNDLE and not claims_to_be_signature(evidence, requirements):
        return None
    try:
        verified = judge(evidence, artifact)
    except MissingEntryError as missing:
        # the signature itself is good: only then is the log asked
        if candidate.kind != LEGACY or evidence.entries or search is None:
            raise
        try:
            evidence = search(evidence)
        except SigningError as exc:
            exc.proved = missing.proved
            raise
        verified = judge(evidence, artifact)
    return AcceptedSignature(
        verified, evidence, candidate.kind, candidate.document, candidate.annotations, candidate.source
    )


def claims_to_be_signature(evidence: Evidence, requirements: Requirements) -> bool:
    """Whether a bundle claims to be what is asked for. A claim only: the pipeline checks it after the signature."""
    if requirements.allow_any_predicate or not isinstance(evidence.content, Envelope):
        return True
    wanted = requirements.predicate_type or COSIGN_SIGN_PREDICATE
    try:
        return parse_statement(evidence.content.payload).predicate_type == wanted
    except MalformedError:
        return True  # refused by the pipeline, with its reason


def _refusal(reference: Reference, causes: list[SigningError], *, has_bundles: bool, has_any: bool) -> SigningError:
    """The error of an image without an accepted signature. Texts and statuses are Cosign's."""
    if not causes:
        return NoSignaturesError("no signatures found")
    reasons = "\n ".join(str(cause) for cause in causes)
    if verdict_of(list(causes)) is Verdict.UNAVAILABLE:
        return SignaturesUnavailableError(
            f"could not check the signatures of {reference.name}: {reasons}", tuple(causes)
        )
    if not has_any:
        return causes[0]  # a malformed list of signatures: it does not say that there are any
    error = NoMatchingSignaturesError(f"no matching signatures: {reasons}", tuple(causes))
    if has_bundles:
        error.exit_status = 1
    return error
