"""The decision over several signatures: enough distinct signers, of those that the policy names.

Each signature goes through the one pipeline, under each rule that could accept it; here the answers are only counted.
A signer is a key, or an identity of an issuer. One that signs twice is one, and so are two that one key signed for, and
two names that only capitals tell apart: mail and forges do not.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.extensions import text_names
from pycosign.crypto.keys import PublicKey
from pycosign.errors import MalformedError, RefusedError, SigningError, UnavailableError, UsageError
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import Evidence
from pycosign.verify.pipeline import CHECKS, verify
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, Waiver
from pycosign.verify.result import Verdict, Verified
from pycosign.verify.revocation_list import RevocationList
from pycosign.verify.trust import TrustRoot

__all__ = [
    "CountedSigner",
    "PolicyVerdict",
    "SignersUnavailableError",
    "ThresholdError",
    "VerificationPolicy",
    "check_policy",
    "decide",
    "fold",
    "judge",
    "judge_under",
    "promising_rules",
    "requirements_of",
]


class ThresholdError(RefusedError):
    """Fewer distinct signers than the policy demands were accepted. `causes` holds the reasons of the others."""

    code = "signers.threshold"

    def __init__(self, message: str, causes: tuple[SigningError, ...] = ()) -> None:
        self.causes = causes
        super().__init__(message)


class SignersUnavailableError(UnavailableError):
    """Fewer distinct signers than the policy demands were accepted, and what could not be read may have the rest."""

    code = "signers.unavailable"

    def __init__(self, message: str, causes: tuple[SigningError, ...] = ()) -> None:
        self.causes = causes
        super().__init__(message)


class VerificationPolicy(NamedTuple):
    """Who may sign, how many of them must, and what is demanded of each signature (as in `Requirements`).

    signers: any of them may be the one of a signature; names: what reports call them, in the same order, or ().
    """

    signers: tuple[SignerKey | SignerIdentity, ...]
    threshold: int = 1
    names: tuple[str, ...] = ()
    waivers: frozenset[Waiver] = frozenset()
    min_logs: int = 1
    min_timestamp_authorities: int = 0
    predicate_type: str | None = None
    annotations: Mapping[str, str] = {}
    revocations: tuple[RevocationList, ...] = ()


class CountedSigner(NamedTuple):
    """A signer that counts. rules: the names of the policy's rules that fit, where they have one."""

    signer: str  # "key sha256:HEX" or "IDENTITY (ISSUER)"
    rules: tuple[str, ...]
    verified: Verified  # its first signature


class PolicyVerdict(NamedTuple):
    """The answer over all signatures. error: None if it is "verified"."""

    threshold: int
    counted: tuple[CountedSigner, ...]
    error: SigningError | None

    @property
    def verdict(self) -> Verdict:
        if self.error is None:
            return Verdict.VERIFIED
        undecided = isinstance(self.error, UnavailableError | UsageError)
        return Verdict.UNAVAILABLE if undecided else Verdict.REFUSED


def check_policy(policy: VerificationPolicy) -> None:
    """Refuse a policy that does not mean what it seems to.

    Raises: UsageError: no signers, a threshold below 1 or one that can never be met, or a key twice.
    """
    if not policy.signers:
        raise UsageError("the policy names no signer")
    if policy.names and len(policy.names) != len(policy.signers):
        raise UsageError("the policy's names are not one for each signer")
    if policy.threshold < 1:
        raise UsageError("the policy's threshold is below 1: then nobody would have to sign")
    keys = [_key_mark(signer.key) for signer in policy.signers if isinstance(signer, SignerKey)]
    if len(set(keys)) != len(keys):
        raise UsageError("the policy names one key twice: it would still be one signer")
    identities = [signer for signer in policy.signers if isinstance(signer, SignerIdentity)]
    if any(signer.identity.exact is None or signer.issuer.exact is None for signer in identities):
        return  # one rule may stand for many signers
    exact = {_identity_mark(signer.identity.exact or "", signer.issuer.exact or "") for signer in identities}
    possible = len(keys) + len(exact)
    if policy.threshold > possible:
        raise UsageError(
            f"the policy's threshold of {policy.threshold} can never be met: it names {possible} signer(s)"
        )


def requirements_of(policy: VerificationPolicy) -> tuple[Requirements, ...]:
    """What is demanded of one signature, for each signer of the policy."""
    return tuple(
        Requirements(
            signer,
            waivers=policy.waivers,
            predicate_type=policy.predicate_type,
            annotations=policy.annotations,
            min_logs=policy.min_logs,
            min_timestamp_authorities=policy.min_timestamp_authorities,
            revocations=policy.revocations,
        )
        for signer in policy.signers
    )


def decide(
    candidates: Iterable[Evidence | SigningError],
    artifact: Artifact | None,
    policy: VerificationPolicy,
    trust: TrustRoot | None,
    now: datetime,
) -> PolicyVerdict:
    """Judge every signature, and count.

    Args:   candidates: evidence, or why one of them could not be read; artifact, trust, now: as `pipeline.verify`.
    Raises: UsageError: as `check_policy`.
    """
    check_policy(policy)
    outcomes: list[Verified | SigningError] = []
    for candidate in candidates:
        if isinstance(candidate, SigningError):
            outcomes.append(candidate)
            continue
        try:
            outcomes.append(judge(candidate, artifact, policy, trust, now))
        except SigningError as exc:
            outcomes.append(exc)
    return fold(outcomes, policy)


def judge(
    evidence: Evidence,
    artifact: Artifact | None,
    policy: VerificationPolicy,
    trust: TrustRoot | None,
    now: datetime,
) -> Verified:
    """One signature, under the rules of the policy that could accept it. Raises: as `judge_under`."""
    return judge_under(evidence, artifact, requirements_of(policy), trust, now)


def judge_under(
    evidence: Evidence,
    artifact: Artifact | None,
    rules: tuple[Requirements, ...],
    trust: TrustRoot | None,
    now: datetime,
) -> Verified:
    """One signature, under those of one or more rules that could accept it.

    Raises: SigningError: no rule does: the error of the one that came furthest, or an UnavailableError of any.
    """
    failures: list[SigningError] = []
    for requirements in promising_rules(evidence, rules):
        try:
            return verify(evidence, artifact, trust=trust, requirements=requirements, now=now)
        except SigningError as exc:
            failures.append(exc)
    raise max(failures, key=_progress)


def promising_rules(evidence: Evidence, rules: tuple[Requirements, ...]) -> tuple[Requirements, ...]:
    """The rules worth a run of the pipeline, by what the evidence claims of itself; at least one, for its refusal.

    Whatever is left out here, the pipeline would refuse. Identities come before keys: an old image signature, of a key
    and its certificate, may fit both, and only under the identity does it show that the two are one signer.
    """
    if not evidence.chain_der:
        return tuple(rule for rule in rules if isinstance(rule.signer, SignerKey)) or rules[:1]
    by_identity = tuple(rule for rule in rules if isinstance(rule.signer, SignerIdentity))
    fitting: tuple[Requirements, ...] = ()
    try:
        certificate = parse_certificate(evidence.chain_der[0])
        key, names = certificate.public_key, [value for _, value in certificate.san]
        fitting = tuple(rule for rule in rules if _may_accept(rule.signer, key, names))
        fitting = tuple(sorted(fitting, key=lambda rule: isinstance(rule.signer, SignerKey)))
    except MalformedError:
        pass  # for the pipeline to say
    return fitting or by_identity[:1] or rules[:1]


def _may_accept(signer: SignerKey | SignerIdentity, key: PublicKey, names: list[str]) -> bool:
    """Whether a rule could accept a certificate; a key's could where it stands beside an old image signature."""
    if isinstance(signer, SignerKey):
        return signer.key == key
    return any(signer.identity.accepts(name) for name in names)


def _progress(error: SigningError) -> tuple[bool, int]:
    """How much was in order: what could not be found out comes first, then the later check."""
    undecided = isinstance(error, UnavailableError)
    return undecided, CHECKS.index(error.check) if error.check in CHECKS else -1


def fold(
    outcomes: Iterable[Verified | SigningError],
    policy: VerificationPolicy,
    *,
    unasked: tuple[SigningError, ...] = (),
) -> PolicyVerdict:
    """Count distinct signers.

    Args: outcomes: of `judge`, one for each signature, or why it could not be read. One that is unavailable may be of
          one more signer, so it turns a refusal into "unavailable" only where it could make up for what is missing.
          unasked: why a place could not be looked at that may hold any number of signatures.
    """
    accepted: list[Verified] = []
    causes: list[SigningError] = []
    for outcome in outcomes:
        if isinstance(outcome, Verified):
            accepted.append(outcome)
        else:
            causes.append(outcome)
    counted = _distinct(accepted, policy)
    if len(counted) >= policy.threshold:
        return PolicyVerdict(policy.threshold, counted, None)
    open_ones = sum(isinstance(cause, UnavailableError | UsageError) for cause in causes)
    anything = any(isinstance(cause, UnavailableError) for cause in unasked)
    causes += unasked
    is_open = anything or len(counted) + open_ones >= policy.threshold
    if policy.threshold == 1 and len(causes) == 1:
        return PolicyVerdict(1, counted, causes[0])
    names = f": {', '.join(item.signer for item in counted)}" if counted else ""
    message = f"{len(counted)} distinct signer(s) of {policy.threshold} demanded{names}"
    message = "\n ".join((message, *(str(cause) for cause in causes)))
    error = SignersUnavailableError if is_open else ThresholdError
    return PolicyVerdict(policy.threshold, counted, error(message, tuple(causes)))


def _distinct(accepted: list[Verified], policy: VerificationPolicy) -> tuple[CountedSigner, ...]:
    """The signers, in the order of their first signatures; those that share a name or a key are one."""
    groups: list[tuple[set[tuple[str, ...]], CountedSigner]] = []
    for verified in accepted:
        marks: set[tuple[str, ...]] = {_key_mark(verified.key)}
        if verified.certificate is not None and verified.issuer is not None:
            marks.update(_identity_mark(name, verified.issuer) for name in text_names(verified.certificate.san))
        same = [group for group in groups if group[0] & marks]
        first = same[0][1] if same else _counted(verified, policy)
        groups = [group for group in groups if group not in same]
        groups.append((marks.union(*(group[0] for group in same)), first))
    order = {id(verified): position for position, verified in enumerate(accepted)}
    return tuple(sorted((first for _, first in groups), key=lambda item: order[id(item.verified)]))


def _counted(verified: Verified, policy: VerificationPolicy) -> CountedSigner:
    if verified.identity is None:
        name = f"key sha256:{hashlib.sha256(verified.key.spki_der).hexdigest()}"
    else:
        name = f"{verified.identity} ({verified.issuer})"
    rules = [
        label
        for label, signer in zip(policy.names, policy.signers, strict=bool(policy.names))
        if label and _fits(signer, verified)
    ]
    return CountedSigner(name, tuple(rules), verified)


def _fits(signer: SignerKey | SignerIdentity, verified: Verified) -> bool:
    """Whether a rule names this signer, who was accepted already."""
    if isinstance(signer, SignerKey):
        return verified.identity is None and signer.key == verified.key
    if verified.identity is None or verified.issuer is None:
        return False
    claims = verified.extensions
    return (
        signer.identity.accepts(verified.identity)
        and signer.issuer.accepts(verified.issuer)
        and all(number in claims and rule.accepts(claims[number]) for number, rule in signer.claims.items())
    )


def _identity_mark(identity: str, issuer: str) -> tuple[str, ...]:
    """What an identity is known by. Mail systems and forges often do not tell names apart by case alone."""
    return ("identity", identity.casefold(), issuer.rstrip("/").casefold())


def _key_mark(key: PublicKey) -> tuple[str, ...]:
    """What a key is known by, however its algorithm is written."""
    return ("key", key.kind, key.raw.hex())
