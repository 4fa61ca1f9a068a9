"""The moments that the evidence proves. Only this module makes a `VerifiedTime`."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from pycosign.errors import MissingTimestampError, UsageError
from pycosign.verify.requirements import Requirements, SignerKey

if TYPE_CHECKING:
    from pycosign.verify.log import ProvedEntries
    from pycosign.verify.timestamps import CheckedTimestamps

__all__ = ["VerifiedTime", "establish"]

_PROOF: Final = object()


class VerifiedTime:
    """A moment at which the signature existed, and who vouches for it.

    source: "timestamp" (an authority signed it), "log" (a log promised it) or "now" (under Waiver.TLOG only).
    authority: the authority's or log's URL as the trust root names it; "" for "now" and for keys given alone.
    """

    __slots__ = ("at", "authority", "source")

    def __init__(self, proof: object, at: datetime, source: str, authority: str) -> None:
        if proof is not _PROOF:
            raise TypeError("only pycosign.verify.times makes a VerifiedTime")
        self.at = at
        self.source = source
        self.authority = authority

    def __repr__(self) -> str:
        return f"VerifiedTime({self.at.isoformat()}, {self.source}, {self.authority})"


def establish(
    stamps: "CheckedTimestamps",
    logged: "ProvedEntries",
    requirements: Requirements,
    now: datetime,
) -> tuple[VerifiedTime, ...]:
    """Gather every proved moment; the certificate will have to be valid at each of them.

    Args:   stamps: what the signed timestamps proved; logged: the log entries that count; now: aware, UTC.
    Raises: MissingTimestampError: a signed timestamp is demanded and none counts; or an identity is demanded, and
            neither a log that signed its time (v1) nor an authority proves when the signature was made.
    """
    if now.tzinfo is None:
        raise UsageError("`now` must say its time zone")
    if requirements.use_signed_timestamps and not stamps.valid:
        raise MissingTimestampError(f"a signed timestamp is demanded, and {_none_counts(stamps)}")
    times = [VerifiedTime(_PROOF, stamp.at, "timestamp", stamp.authority) for stamp in stamps.valid]
    times += [
        VerifiedTime(_PROOF, entry.integrated_at, "log", entry.log_url)
        for entry in logged.entries
        if entry.integrated_at is not None
    ]
    if not times and logged.waived:
        times.append(VerifiedTime(_PROOF, now, "now", ""))
    if not times and not isinstance(requirements.signer, SignerKey):
        raise MissingTimestampError(
            f"nothing proves when the signature was made: no log signed its time, and {_none_counts(stamps)}"
        )
    return tuple(times)


def _none_counts(stamps: "CheckedTimestamps") -> str:
    if not stamps.ignored:
        return "the evidence holds no signed timestamp"
    return f"no signed timestamp counts: {'; '.join(stamps.ignored)}"
