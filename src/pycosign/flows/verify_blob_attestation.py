"""Verify an attestation about a file: it was signed, it speaks of this file, and it is of the type that was asked."""

from datetime import datetime

from pycosign.errors import PredicateTypeMismatchError, UsageError
from pycosign.flows.blob_source import BlobSource
from pycosign.flows.verify_blob import verify_known
from pycosign.verify.evidence import Evidence
from pycosign.verify.pipeline import digests_needed
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot
from pycosign.wire.dsse import Envelope

__all__ = ["verify_blob_attestation"]


def verify_blob_attestation(
    source: BlobSource | None,
    *,
    evidence: Evidence,
    predicate_type: str,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
) -> Verified:
    """Verify one attestation. The file is read once, and only if its digest is compared.

    Args:   source: None only under Waiver.CLAIMS. predicate_type: the URI that the statement must have; a required
            argument, because an attestation of another type proves something else (GHSA-w6c6-c85g-mmv6).
    Raises: PredicateTypeMismatchError: another type, or no statement at all; and as `pipeline.verify`:
            RefusedError, MalformedError, UnavailableError (the file cannot be read), UsageError.
    """
    if not isinstance(evidence.content, Envelope):
        refusal = PredicateTypeMismatchError(
            f"the {evidence.source} holds a bare signature, not a statement of type {predicate_type}"
        )
        refusal.check = "content"
        raise refusal
    demanded = requirements._replace(predicate_type=predicate_type)
    artifact = None
    if Waiver.CLAIMS not in requirements.waivers:
        if source is None:
            raise UsageError("a file or its digest is needed, unless the comparison of claims is turned off")
        artifact = source.read(digests_needed(evidence, demanded), whole=False)
    return verify_known(source, evidence, artifact, trust=trust, requirements=demanded, now=now)
