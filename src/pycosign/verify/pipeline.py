"""The one pipeline. Every format becomes the same `Evidence` and is judged here, in this order.

Each step takes what an earlier one proved, so the order cannot be changed by accident: a certificate is believed only
at a `VerifiedTime`, an identity only in a `VerifiedLeaf`. Nothing counts before the last line: an early step that
succeeded under a key that a later one refuses has proved nothing.
"""

from datetime import datetime
from typing import Final

from pycosign.errors import InvalidSignatureError, SigningError
from pycosign.verify.artifact import Artifact
from pycosign.verify.claim import ClaimedSigner, claimed_signer
from pycosign.verify.claims import check_claims
from pycosign.verify.evidence import Evidence
from pycosign.verify.identity import check_identity
from pycosign.verify.leaf import check_companion, check_leaf
from pycosign.verify.log import check_log
from pycosign.verify.needs import digests_needed, message_needed
from pycosign.verify.requirements import Requirements, SignerIdentity
from pycosign.verify.result import Verified
from pycosign.verify.sct import check_scts
from pycosign.verify.signature import SignedContent, check_signature
from pycosign.verify.times import establish
from pycosign.verify.timestamps import check_timestamps
from pycosign.verify.trust import TrustRoot

__all__ = ["CHECKS", "digests_needed", "message_needed", "verify"]

# The checks in their order, by the names that reports give them.
CHECKS: Final = (
    "signer",
    "signature",
    "timestamps",
    "log",
    "time",
    "certificate",
    "certificate-log",
    "identity",
    "content",
    "revocation",
)


def verify(
    evidence: Evidence,
    artifact: Artifact | None,
    *,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
) -> Verified:
    """Decide one signature. Pure: no network, no file, no clock.

    Args:    artifact: None only under Waiver.CLAIMS, and only for an envelope or a legacy image signature;
             trust: None only for a demanded key with Waiver.TLOG and no timestamp demanded;
             now: aware; a moment under Waiver.TLOG alone.
    Returns: what was proved.
    Raises:  RefusedError (with the check's own code) or MalformedError: the evidence is not good;
             UnavailableError: only of a demanded revocation list, which has expired;
             UsageError: no evidence could meet the requirements as they are (no trust root, no artifact).
             Each says in `check` which of CHECKS it is, and in `proved` what those before it gave: words for a report.
    """
    step = "signer"
    proved: dict[str, object] = {}
    try:
        claimed = proved[step] = claimed_signer(evidence, requirements)  # the demanded key, or a mere certificate
        step = "signature"
        signed = proved[step] = _check_signature(evidence, artifact, claimed)  # these bytes, this key
        step = "timestamps"
        stamps = proved[step] = check_timestamps(evidence, trust)  # authorities saw this signature
        step = "log"
        logged = proved[step] = check_log(evidence, signed, stamps.valid, trust, requirements)  # logs hold it
        step = "time"
        times = proved[step] = establish(stamps, logged, requirements, now, trust)
        if claimed.companion is not None:
            check_companion(claimed.companion, times)  # who let it expire did not mean to sign any more
        leaf, who, scts = None, None, None  # a demanded key needs neither certificate nor identity
        if claimed.certificate is not None:
            step = "certificate"
            leaf = proved[step] = check_leaf(claimed.certificate, evidence, times, trust)  # good at every moment
            step = "certificate-log"
            scts = proved[step] = check_scts(leaf, evidence, trust, requirements)  # and publicly known
            step = "identity"
            who = proved[step] = check_identity(leaf, _identity(requirements))
        step = "content"
        claims = check_claims(signed, artifact, requirements)  # the content speaks of this artifact
        if requirements.revocations:
            from pycosign.verify.revocation import check_revocations  # few demands have any

            proved[step], step = claims, "revocation"
            check_revocations(artifact, claimed, leaf, who, claims, times, requirements, now)  # nobody took it back
    except SigningError as exc:
        exc.check, exc.proved = exc.check or step, proved
        raise
    return Verified(
        source=evidence.source,
        key=claimed.key,
        certificate=claimed.certificate,
        identity=None if who is None else who.identity,
        issuer=None if who is None else who.issuer,
        extensions={} if who is None else who.extensions,
        times=times,
        log_entries=logged.entries,
        sct_logs=() if scts is None else scts.logs,
        digest=claims.digest,
        statement=claims.statement,
        payload=signed.payload,
        annotations=claims.annotations,
        waivers=requirements.waivers,
        ignored=(*stamps.ignored, *logged.ignored, *(() if scts is None else scts.ignored)),
        signature=evidence.signature,
        chain_der=evidence.chain_der,
        revocation_lists=len(requirements.revocations),
    )


def _identity(requirements: Requirements) -> SignerIdentity:
    assert isinstance(requirements.signer, SignerIdentity)  # only then is a certificate claimed
    return requirements.signer


def _check_signature(evidence: Evidence, artifact: Artifact | None, claimed: ClaimedSigner) -> SignedContent:
    try:
        return check_signature(evidence, artifact, claimed)
    except InvalidSignatureError as exc:
        from pycosign.verify.explain import explain_bad_signature

        raise explain_bad_signature(exc, evidence, artifact, claimed) from exc
