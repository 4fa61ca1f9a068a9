"""What the caller demands. Who must have signed is a required argument; a check is turned off by its name."""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from pycosign.crypto.keys import PublicKey
from pycosign.record import Record
from pycosign.verify.text_rule import AnyText, TextRule

if TYPE_CHECKING:
    from datetime import datetime

    from pycosign.verify.revocation_list import RevocationList

__all__ = ["AnyText", "GithubWorkflow", "Requirements", "SignerIdentity", "SignerKey", "TextRule", "Waiver"]


class Waiver(Enum):
    """A check that the caller turned off. It shows in the result."""

    TLOG = "tlog"  # no log entry is looked at; without a signed timestamp, `now` is the only moment
    SCT = "sct"  # the certificate need not have been logged
    CLAIMS = "claims"  # a payload's own words about the artifact (and annotations) are not compared


class GithubWorkflow(Record):
    """Claims of a GitHub workflow's certificate, compared exactly; None is not asked. Extensions .1.2 to .1.6.

    trigger: the event, "push". sha: of the commit. name: of the workflow. repository: "OWNER/NAME".
    ref: "refs/heads/main".
    """

    trigger: str | None = None
    sha: str | None = None
    name: str | None = None
    repository: str | None = None
    ref: str | None = None


class SignerIdentity(Record):
    """A certificate identity (its one subject alternative name) and the OIDC issuer that vouched for it.

    claims: rules for Fulcio's extensions by number (1 to 24; names: `fulcio_claims`); one that is missing is refused.
    """

    identity: TextRule
    issuer: TextRule
    workflow: GithubWorkflow = GithubWorkflow()
    claims: Mapping[int, TextRule] = {}


class SignerKey(Record):
    """The one public key that must have signed.

    hash_name: the signature's hash ("sha256" ...) where the caller overrides the key's own; None is the key's own.
    valid_from, valid_until: aware, both ends inclusive. With either, the signature must have a proved moment, and
    every one of them must lie inside: a key that was retired must not vouch for what was signed later.
    """

    key: PublicKey
    hash_name: str | None = None
    valid_from: "datetime | None" = None
    valid_until: "datetime | None" = None

    @property
    def has_window(self) -> bool:
        """Whether the key counts for a span of time only."""
        return self.valid_from is not None or self.valid_until is not None


class Requirements(Record):
    """Everything that the caller demands.

    predicate_type: the statement's predicate type; None means "sign/v1" for images (unless allow_any_predicate) and
    any for files. annotations: each must be among the signed ones. use_signed_timestamps: one must be there and count.
    min_logs, min_timestamp_authorities: so many distinct ones must hold or have seen the signature; two that share an
    operator, a URL or a key are one (`distinct`). min_logs below 1 counts as 1: only Waiver.TLOG turns the log off.
    revocations: lists that must not name what was proved; they were verified before (`flows.policy_file`).
    """

    signer: SignerKey | SignerIdentity
    waivers: frozenset[Waiver] = frozenset()
    use_signed_timestamps: bool = False
    predicate_type: str | None = None
    allow_any_predicate: bool = False
    annotations: Mapping[str, str] = {}
    min_logs: int = 1
    min_timestamp_authorities: int = 0
    revocations: "tuple[RevocationList, ...]" = ()
