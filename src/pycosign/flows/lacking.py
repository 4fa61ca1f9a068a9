"""Where no more than a digest of the file is known: a refusal that only says so is none. Nothing was found out."""

from pycosign.errors import RefusedError, UnavailableError
from pycosign.flows.blob_source import BlobSource
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import Evidence
from pycosign.verify.pipeline import digests_needed
from pycosign.verify.requirements import Requirements
from pycosign.wire.bundle import MessageSignature

__all__ = ["artifact_needed", "other_digest_needed", "reraise_if_open"]


def artifact_needed(message: str) -> UnavailableError:
    """The answer where too little is known of the file."""
    return UnavailableError(message, code="artifact.needed")


def reraise_if_open(error: RefusedError, source: BlobSource | None, evidence: Evidence, *rules: Requirements) -> None:
    """Raise `artifact.needed` in place of a refusal that says no more than that another digest was signed."""
    if source is None or not source.is_digest or source.known is None:
        return
    needed = other_digest_needed(error, source.known, evidence, rules)
    if needed is not None:
        raise needed from error


def other_digest_needed(
    error: RefusedError, artifact: Artifact, evidence: Evidence, rules: tuple[Requirements, ...]
) -> UnavailableError | None:
    """What to say in place of `error` where none of the digests that are known is one that the evidence speaks of.

    The pipeline has no other words for it, and for an image it is as good a no; a file may well be what was signed.
    """
    if error.code != "artifact.digest-mismatch":
        return None
    stated = _algorithms(evidence, rules)
    if not stated.isdisjoint(artifact.digests):
        return None
    has, wants = " or ".join(sorted(artifact.digests)), " or ".join(sorted(stated))
    needed = artifact_needed(f"the {evidence.source} speaks of {wants}, and of the artifact only {has} is known")
    needed.check, needed.proved = error.check, error.proved
    return needed


def _algorithms(evidence: Evidence, rules: tuple[Requirements, ...]) -> frozenset[str]:
    """The digests by which the signed content knows its artifact."""
    content = evidence.content
    if isinstance(content, MessageSignature) and content.digest_algorithm is not None:
        return frozenset((content.digest_algorithm,))
    return frozenset().union(*(digests_needed(evidence, rule._replace(revocations=())) for rule in rules))
