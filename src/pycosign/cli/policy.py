"""`--policy-file`: who must have signed, and how many, as a file says it in place of flags."""

from pycosign.ambient import utc_now
from pycosign.cli.journal import Journal
from pycosign.cli.report import candidate, full_report, one_line, policy_member, row_by_policy, verdict_of_error
from pycosign.cli.reporting import put_report
from pycosign.cli.verifying import check_bundle_flags, load_trust_for, wants_timestamps
from pycosign.errors import SigningError, UsageError
from pycosign.flows.policy_file import complete_policy, demand_of_trust, open_policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.flows.blob_source import BlobSource
    from pycosign.flows.policy_file import OpenedPolicy
    from pycosign.flows.verify_by_policy import JudgedFile
    from pycosign.policy.decide import VerificationPolicy
    from pycosign.verify.trust import TrustRoot

__all__ = ["load_policy", "read_policy", "run_file_by_policy"]

# What the policy says itself: who signs, and which checks are turned off.
_SAID_BY_THE_POLICY = (
    "key",
    "certificate",
    "certificate-identity",
    "certificate-identity-regexp",
    "certificate-oidc-issuer",
    "certificate-oidc-issuer-regexp",
    "certificate-github-workflow-name",
    "certificate-github-workflow-ref",
    "certificate-github-workflow-repository",
    "certificate-github-workflow-sha",
    "certificate-github-workflow-trigger",
    "signature",
    "signature-digest-algorithm",
    "payload",
    "sct",
    "rfc3161-timestamp",
    "insecure-ignore-tlog",
    "insecure-ignore-sct",
    "private-infrastructure",
    "allow-any-predicate",
    "check-claims",
)


def load_policy(
    args: "Values",
    context: "Context",
    journal: Journal,
    *,
    annotations: "Mapping[str, str] | None" = None,
    is_attestation: bool = False,
) -> "tuple[VerificationPolicy, TrustRoot | None]":
    """The policy of `--policy-file` with its revocation lists, and the trust root.

    Args and raises: as `read_policy`; and as `complete_policy` and `load_trust_for`.
    """
    opened = read_policy(args, context, annotations=annotations, is_attestation=is_attestation)
    trust = load_trust_for(args, context, demand_of_trust(opened), journal)
    return complete_policy(opened, trust=trust, now=utc_now()), trust


def read_policy(
    args: "Values",
    context: "Context",
    *,
    annotations: "Mapping[str, str] | None" = None,
    is_attestation: bool = False,
) -> "OpenedPolicy":
    """The policy of `--policy-file`; nobody believes its revocation lists yet. Flags may only add to its demands.

    Args:   annotations: of flags; is_attestation: `--type` says a predicate type where the policy says none.
    Raises: UsageError: a flag that the policy leaves no room for; and as `open_policy`.
    """
    for name in _SAID_BY_THE_POLICY:
        if name in args.flags and not args.is_default(name):
            raise UsageError(f"--{name} cannot be used together with --policy-file, which says that itself")
    opened = open_policy(args.text("policy-file"), environ=context.environ)
    policy = opened.policy._replace(annotations=_joined(opened.policy.annotations, annotations or {}))
    if policy.waivers:
        names = ", ".join(sorted(waiver.value for waiver in policy.waivers))
        context.warn(f"The policy file turns checks off: {names}.")
    if wants_timestamps(args):
        policy = policy._replace(min_timestamp_authorities=max(1, policy.min_timestamp_authorities))
    if is_attestation:
        policy = policy._replace(predicate_type=_predicate_type(args, policy.predicate_type))
    return opened._replace(policy=policy)


def _joined(of_policy: "Mapping[str, str]", of_flags: "Mapping[str, str]") -> "dict[str, str]":
    for name in of_policy.keys() & of_flags.keys():
        if of_policy[name] != of_flags[name]:
            raise UsageError(f"the policy and the flags demand different values of the annotation {name!r}")
    return {**of_policy, **of_flags}


def _predicate_type(args: "Values", of_policy: str | None) -> str:
    from pycosign.attest.predicate_types import predicate_type_uri

    of_flag = predicate_type_uri(args.text("type"))
    if of_policy is not None and args.given("type") and of_flag != of_policy:
        raise UsageError(f"the policy demands the predicate type {of_policy}, and --type {of_flag}")
    return of_policy or of_flag


def run_file_by_policy(
    args: "Values", context: "Context", artifact: str, source: "Callable[[], BlobSource]", *, is_attestation: bool
) -> int:
    """Verify a file by the policy and say so; with `--output json` or `--report` in data too, also of a refusal.

    Args: artifact: what reports call the file; source: opens it, when everything else has been read.
    """
    form, journal = args.text("report"), Journal()
    in_data = form or args.text("output") == "json"
    places: list[str] = []
    judged: JudgedFile | None = None
    error: SigningError | None = None
    try:
        judged = _judge(args, context, source, journal, places, is_attestation=is_attestation)
        error = judged.verdict.error
    except SigningError as exc:
        error = exc
    if in_data and (error is None or verdict_of_error(error)):
        member = None if judged is None else policy_member(judged.verdict)
        if form:
            outcomes = () if judged is None else judged.outcomes
            candidates = [candidate(place, outcome) for place, outcome in zip(places, outcomes, strict=True)]
            put_report(full_report(artifact, error, candidates, journal, policy=member), form, context)
        else:
            first = judged.verdict.counted[0].verified if judged is not None and error is None else None
            context.put(f"{one_line(row_by_policy(artifact, error, first, member, journal))}\n")
    if error is not None:
        raise error
    context.say("Verified OK")
    return 0


def _judge(
    args: "Values",
    context: "Context",
    source: "Callable[[], BlobSource]",
    journal: Journal,
    places: list[str],
    *,
    is_attestation: bool,
) -> "JudgedFile":
    """Fills `places`: what reports call each signature."""
    from pycosign.flows.candidates import read_candidates
    from pycosign.flows.verify_blob import read_bundle_file
    from pycosign.flows.verify_by_policy import verify_file_by_policy

    if not args.text("bundle"):
        raise UsageError("a policy is for the signatures in a bundle file: give it with --bundle")
    check_bundle_flags(args)
    policy, trust = load_policy(args, context, journal, is_attestation=is_attestation)
    candidates = read_candidates(read_bundle_file(args.text("bundle")), is_attestation=is_attestation)
    judged = verify_file_by_policy(
        source(), [item.evidence for item in candidates], policy=policy, trust=trust, now=utc_now()
    )
    places += [", ".join(filter(None, (args.text("bundle"), item.place))) for item in candidates]
    return judged
