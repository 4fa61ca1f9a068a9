"""Tell of every signature in a bundle file."""

from datetime import datetime

from pycosign.errors import MalformedError, SigningError
from pycosign.flows.blob_source import BlobSource
from pycosign.flows.candidates import read_candidates
from pycosign.flows.explain import REFUSED, Story, explain_evidence, unread, with_content_refused
from pycosign.flows.verify_blob import LegacyPieces, is_legacy_bundle, legacy_evidence
from pycosign.flows.verify_by_policy import form_refusal
from pycosign.policy.decide import VerificationPolicy
from pycosign.verify.evidence import Evidence, with_envelope_as_content
from pycosign.verify.requirements import Requirements
from pycosign.verify.trust import TrustRoot

__all__ = ["explain_file"]


def explain_file(
    name: str,
    data: bytes,
    *,
    trust: TrustRoot | SigningError | None,
    requirements: Requirements,
    is_demanded: bool,
    now: datetime,
    artifact: BlobSource | None = None,
    policy: VerificationPolicy | None = None,
) -> tuple[Story, ...]:
    """One story for each signature in the file, in its order: one or more. Arguments as `explain_evidence`.

    Args:   name: how people call the file. data: of whatever form.
    Raises: UsageError, UnavailableError: the artifact cannot be read. Never for the bundle: that is a story.
    """
    stories = []
    for place, found in _candidates(data):
        source = f"{name}, {place}" if place else name
        if isinstance(found, SigningError):
            stories.append(unread(source, found))
            continue
        story = explain_evidence(
            source,
            found,
            trust=trust,
            requirements=requirements,
            is_demanded=is_demanded,
            now=now,
            artifact=artifact,
            policy=policy,
        )
        refusal = None if policy is None or isinstance(trust, SigningError) else form_refusal(found, policy)
        stories.append(story if refusal is None or story.verdict == REFUSED else with_content_refused(story, refusal))
    return tuple(stories)


def _candidates(data: bytes) -> list[tuple[str, Evidence | MalformedError]]:
    """(where in the file, what); where is "" if the file is just that."""
    try:
        if is_legacy_bundle(data):
            return [("", _legacy(data))]
        return [(item.place, item.evidence) for item in read_candidates(data)]
    except MalformedError as exc:
        return [("", exc)]


def _legacy(data: bytes) -> Evidence:
    """Cosign's own JSON: of a signature, or of an attestation, whose envelope stands where a signature belongs."""
    evidence = legacy_evidence(LegacyPieces(), bundle=data)
    try:
        return with_envelope_as_content(evidence)
    except MalformedError:
        return evidence
