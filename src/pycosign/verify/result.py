"""What a successful verification proved, and the three-valued verdict over several candidates."""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from pycosign.crypto.certificate import Certificate
from pycosign.crypto.keys import PublicKey
from pycosign.errors import SigningError, UnavailableError
from pycosign.record import Record
from pycosign.verify.log import LoggedEntry
from pycosign.verify.requirements import Waiver
from pycosign.verify.times import VerifiedTime

if TYPE_CHECKING:
    from pycosign.wire.intoto import Statement

__all__ = ["Verdict", "Verified", "verdict_of"]


class Verified(Record):
    """What was proved about one signature. Only `pipeline.verify` makes one.

    source: the kind of file that it was in. key: that made the signature. sct_logs: URLs of the certificate logs that
    know the certificate. log_entries: those that count. statement: of an envelope, parsed. annotations: the signed ones
    of an image. waivers: checks that the caller turned off. signature: raw. chain_der: as presented, leaf first.
    certificate, identity and issuer are None for a key; issuer is "" where the certificate names none. extensions:
    Fulcio's, by number (1 to 24). times: every proved moment. ignored: what was in the evidence and did not count, with
    the reason. payload: the signed bytes of an envelope or of a simple signing layer. digest: ("sha256", raw) of the
    artifact that was bound, if one was.
    trust_source, trust_age: where the trust root came from and how old it is, as its loader knows; set by the library.
    """

    source: str
    key: PublicKey
    certificate: Certificate | None
    identity: str | None
    issuer: str | None
    extensions: Mapping[int, str]
    times: tuple[VerifiedTime, ...]
    log_entries: tuple[LoggedEntry, ...]
    sct_logs: tuple[str, ...]
    digest: tuple[str, bytes] | None
    statement: "Statement | None"
    payload: bytes | None
    annotations: Mapping[str, str]
    waivers: frozenset[Waiver]
    ignored: tuple[str, ...]
    signature: bytes
    chain_der: tuple[bytes, ...] = ()
    revocation_lists: int = 0  # how many were given; none of them names any of this
    trust_source: str | None = None
    trust_age: timedelta | None = None


class Verdict(Enum):
    """Three-valued: "could not find out" is neither yes nor no."""

    VERIFIED = "verified"  # proved
    REFUSED = "refused"  # proved not to be good, malformed, or not there
    UNAVAILABLE = "unavailable"  # could not be found out

    def __bool__(self) -> bool:
        """True only for VERIFIED: `if verdict:` must not mean "there is an answer"."""
        return self is Verdict.VERIFIED


def verdict_of(outcomes: "list[Verified | SigningError]") -> Verdict:
    """The verdict over several candidates: one verified is enough; else one unavailable makes it unavailable."""
    if any(isinstance(outcome, Verified) for outcome in outcomes):
        return Verdict.VERIFIED
    if any(isinstance(outcome, UnavailableError) for outcome in outcomes):
        return Verdict.UNAVAILABLE
    return Verdict.REFUSED
