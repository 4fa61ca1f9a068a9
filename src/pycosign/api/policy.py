"""Several signers: any one of them, or so many distinct ones; in the program, or from a policy file."""

import os
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from pycosign.api.paths import path_text
from pycosign.api.signers import Signer
from pycosign.errors import UsageError
from pycosign.verify.requirements import Requirements, Waiver

if TYPE_CHECKING:
    from datetime import datetime

    from pycosign.flows.policy_file import OpenedPolicy
    from pycosign.policy.decide import VerificationPolicy
    from pycosign.verify.trust import TrustRoot

__all__ = ["Policy", "demand_of"]


class Policy:
    """Who may sign, how many of them must, and what is demanded of each signature.

    Distinct signers are counted: a key, or an identity of an issuer. One that signs twice is one; so are two names that
    one key signed for.

    Args:   signers: each an Identity or a Key; any of them may be the one of a signature. threshold: so many distinct
            ones must have signed. waive: checks to leave out, by name; each shows in the results' `waivers`. min_logs:
            so many distinct logs must hold each signature, at least 1. min_timestamp_authorities: so many distinct
            ones must have stamped it (RFC 3161), whatever the log says; those that share an operator, a URL or a key
            are one.
    Raises: UsageError: what was given is something else, demands nothing, or can never be met.
    """

    __slots__ = ("_opened", "_policy")

    def __init__(
        self,
        signers: Iterable[Signer],
        *,
        threshold: int = 1,
        waive: Waiver | Collection[Waiver] = (),
        min_logs: int = 1,
        min_timestamp_authorities: int = 0,
    ) -> None:
        from pycosign.policy.decide import VerificationPolicy, check_policy

        _check_number("threshold", threshold, 1, ": then nobody would have to sign")
        if not isinstance(signers, Iterable):
            raise UsageError(f"signers are asked for in a list, not as {signers!r:.80}")
        demands = [
            demand_of(signer, waive, min_logs=min_logs, min_timestamp_authorities=min_timestamp_authorities)
            for signer in signers
        ]
        self._policy = VerificationPolicy(
            tuple(demand.signer for demand in demands),
            threshold=threshold,
            waivers=_waivers_of(waive),
            min_logs=min_logs,
            min_timestamp_authorities=min_timestamp_authorities,
        )
        self._opened: OpenedPolicy | None = None
        check_policy(self._policy)

    def __repr__(self) -> str:
        return f"<Policy: {self._policy.threshold} of {len(self._policy.signers)}>"

    @classmethod
    def load(cls, path: "str | os.PathLike[str]") -> "Policy":
        """Read a policy file, with the keys and revocation lists that it names: once, so load it anew for newer lists.

        Args:    path: of the YAML file; what it names is relative to its directory, or "env://NAME", a variable.
        Returns: the policy; its revocation lists are verified by the trust root of whoever uses it.
        Raises:  UsageError: there is no such file, or it is not a policy (`policy.malformed`); UnavailableError.
        Source:  docs/policy.schema.json.
        """
        from pycosign.ambient import environment
        from pycosign.flows.policy_file import open_policy

        made = cls.__new__(cls)
        made._opened = open_policy(path_text(path), environ=environment())
        made._policy = made._opened.policy
        return made

    def _complete(self, trust: "TrustRoot | None", now: "datetime") -> "VerificationPolicy":
        """The policy with its revocation lists, verified. Raises: UsageError, UnavailableError: one is not good."""
        if self._opened is None:
            return self._policy
        from pycosign.flows.policy_file import complete_policy

        return complete_policy(self._opened, trust=trust, now=now)


def demand_of(
    signer: Signer, waive: Waiver | Collection[Waiver], *, min_logs: int, min_timestamp_authorities: int
) -> Requirements:
    """What is demanded of a signature by one signer. Raises: UsageError: as `Policy`."""
    if not isinstance(signer, Signer):
        raise UsageError(f"an Identity or a Key must be demanded, not {signer!r:.80}")
    waivers = _waivers_of(waive)
    _check_number("min_logs", min_logs, 1, "; Waiver.TLOG turns the log off")
    _check_number("min_timestamp_authorities", min_timestamp_authorities, 0)
    if min_logs > 1 and Waiver.TLOG in waivers:
        raise UsageError("several logs are demanded, and Waiver.TLOG turns the log off")
    return Requirements(
        signer._demand, waivers=waivers, min_logs=min_logs, min_timestamp_authorities=min_timestamp_authorities
    )


def _check_number(name: str, value: object, least: int, way_out: str = "") -> None:
    """Raises: UsageError: less, or no whole number: no comparison with NaN holds, so that nothing would be demanded."""
    if type(value) is not int or value < least:
        raise UsageError(f"{name} is a whole number of at least {least}, not {value!r:.80}{way_out}")


def _waivers_of(waive: Waiver | Collection[Waiver]) -> frozenset[Waiver]:
    """The checks to leave out. Raises: UsageError: one is no Waiver, or is Cosign's alone."""
    several: object = (waive,) if isinstance(waive, Waiver) else waive
    if isinstance(several, str | bytes) or not isinstance(several, Collection):
        raise UsageError(f"a check is waived by a Waiver, not by {waive!r:.80}")
    for waiver in several:
        if not isinstance(waiver, Waiver):
            raise UsageError(f"a check is waived by a Waiver, not by {waiver!r:.80}")
    waivers = frozenset(several)
    if Waiver.CLAIMS in waivers:
        raise UsageError("what a signature says of the artifact is always compared here; Waiver.CLAIMS is Cosign's")
    return waivers
