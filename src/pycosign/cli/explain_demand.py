"""What `explain` is asked for: by flags, by a policy file, or nobody yet; and under which trust."""

from typing import TYPE_CHECKING, NamedTuple

from pycosign.ambient import utc_now
from pycosign.cli.next_step import DEMANDING
from pycosign.cli.verifying import (
    check_bundle_flags,
    check_signer_flags,
    load_trust_for,
    read_requirements,
    warn_of_waivers,
)
from pycosign.errors import SigningError, UnavailableError
from pycosign.policy.decide import VerificationPolicy, requirements_of
from pycosign.verify.requirements import Requirements
from pycosign.verify.trust import TrustRoot

if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.journal import Journal
    from pycosign.cli.parser import Values

__all__ = ["Demand", "read_demand"]


class Demand(NamedTuple):
    """Arguments of `flows.explain.explain_evidence`.

    trust: the trust root, or why it could not be had: what is claimed can be told all the same.
    """

    requirements: Requirements
    is_demanded: bool
    trust: TrustRoot | SigningError | None
    policy: VerificationPolicy | None = None


def read_demand(args: "Values", context: "Context", journal: "Journal", *, is_image: bool) -> Demand:
    """What the flags or the policy file demand. Without a demanded signer its place is taken by whom the evidence
    claims.

    Raises: UsageError: flags or a policy that make no sense, or a revocation list that nobody can believe.
    """
    if args.text("policy-file"):
        return _by_policy(args, context, journal, is_image=is_image)
    is_demanded = any(args.text(name) for name in args.flags if name.startswith(DEMANDING))
    warn_of_waivers(args, context, "signature")
    if is_demanded:
        check_signer_flags(args)
    requirements = read_requirements(args, context, is_signer_open=not is_demanded)
    trust: TrustRoot | SigningError | None
    try:
        trust = load_trust_for(args, context, requirements, journal)
    except UnavailableError as exc:
        trust = exc
    return Demand(requirements, is_demanded, trust)


def _by_policy(args: "Values", context: "Context", journal: "Journal", *, is_image: bool) -> Demand:
    from pycosign.cli.policy import read_policy
    from pycosign.flows.policy_file import complete_policy, demand_of_trust

    opened = read_policy(args, context)
    if not is_image:
        check_bundle_flags(args)
    policy = opened.policy
    trust: TrustRoot | SigningError | None
    try:
        trust = load_trust_for(args, context, demand_of_trust(opened), journal)
        policy = complete_policy(opened, trust=trust, now=utc_now())
    except UnavailableError as exc:  # then nothing is judged, also not without the revocation lists
        trust = exc
    return Demand(requirements_of(policy)[0], True, trust, policy)
