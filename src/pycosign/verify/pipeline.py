"""The one pipeline. Every format becomes the same `Evidence` and is judged here, in this order."""

from datetime import datetime

from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot

__all__ = ["digests_needed", "message_needed", "verify"]


def verify(
    evidence: Evidence,
    artifact: Artifact | None,
    *,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
) -> Verified:
    """Decide one signature. Pure: no network, no file, no clock.

    Args:    artifact: None only under Waiver.CLAIMS and only for an envelope; trust: None only for a demanded key
             with Waiver.TLOG and without timestamps; now: used as a moment under Waiver.TLOG alone.
    Returns: what was proved.
    Raises:  RefusedError (with the check's own code), MalformedError: the evidence is not good;
             UsageError: the requirements cannot be met by any evidence (no trust root, no artifact).
    """


def digests_needed(evidence: Evidence, requirements: Requirements) -> frozenset[str]:
    """Which digests of the artifact (`sha256` ...) the verification of this evidence will look at."""


def message_needed(evidence: Evidence, requirements: Requirements) -> bool:
    """True if the signature can only be checked over the artifact's bytes: pure Ed25519."""
