"""The moments that the evidence proves. Only this module makes a `VerifiedTime`."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from pycosign.errors import KeyOutsideWindowError, MissingTimestampError, TimestampThresholdError, UsageError
from pycosign.verify.requirements import Requirements, SignerKey

if TYPE_CHECKING:
    from pycosign.verify.log import ProvedEntries
    from pycosign.verify.timestamps import CheckedTimestamps
    from pycosign.verify.trust import TrustRoot

__all__ = ["VerifiedTime", "establish"]

_PROOF: Final = object()


class VerifiedTime:
    """A moment at which the signature existed, and who vouches for it.

    at: aware, in UTC.
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
    trust: "TrustRoot | None",
) -> tuple[VerifiedTime, ...]:
    """Gather every proved moment; the certificate will have to be valid at each of them, and the key's window is.

    Args:   stamps: what the signed timestamps proved; logged: the log entries that count; now: aware, UTC.
    Raises: MissingTimestampError: a signed timestamp is demanded and none counts; or an identity or a key with a window
            is demanded, and neither a log that signed its time (v1) nor an authority proves when the signature was
            made. TimestampThresholdError. KeyOutsideWindowError: the demanded key does not count for such a moment.
    """
    if now.tzinfo is None:
        raise UsageError("`now` must say its time zone")
    demanded = requirements.min_timestamp_authorities
    if (requirements.use_signed_timestamps or demanded > 0) and not stamps.valid:
        raise MissingTimestampError(f"a signed timestamp is demanded, and {_none_counts(stamps)}")
    if demanded > 1:
        _check_threshold(stamps, trust, demanded)
    times = [VerifiedTime(_PROOF, stamp.at, "timestamp", stamp.authority) for stamp in stamps.valid]
    times += [
        VerifiedTime(_PROOF, entry.integrated_at, "log", entry.log_url)
        for entry in logged.entries
        if entry.integrated_at is not None
    ]
    signer = requirements.signer
    if isinstance(signer, SignerKey) and signer.has_window:
        _check_window(signer, times, stamps)
    if not times and logged.waived:
        times.append(VerifiedTime(_PROOF, now, "now", ""))
    if not times and not isinstance(signer, SignerKey):
        raise MissingTimestampError(
            f"nothing proves when the signature was made: no log signed its time, and {_none_counts(stamps)}"
        )
    return tuple(times)


def _check_window(signer: SignerKey, times: list[VerifiedTime], stamps: "CheckedTimestamps") -> None:
    """Every moment, not any: whoever holds a retired key chooses which timestamps to present."""
    if not times:
        raise MissingTimestampError(
            "the demanded key counts for a span of time only, and nothing proves when the signature was made: "
            f"no log signed its time, and {_none_counts(stamps)}"
        )
    if any(end is not None and end.tzinfo is None for end in (signer.valid_from, signer.valid_until)):
        raise UsageError("the span of time for which a key counts must say its time zone")
    for time in times:
        too_early = signer.valid_from is not None and time.at < signer.valid_from
        if too_early or (signer.valid_until is not None and time.at > signer.valid_until):
            raise KeyOutsideWindowError(
                f"the signature was made at {time.at.isoformat()} ({time.source}), but the demanded key counts "
                f"from {_moment(signer.valid_from)} until {_moment(signer.valid_until)}"
            )


def _moment(at: datetime | None) -> str:
    return "any time" if at is None else at.isoformat()


def _check_threshold(stamps: "CheckedTimestamps", trust: "TrustRoot | None", demanded: int) -> None:
    from pycosign.verify.distinct import distinct_authorities  # few demands need it

    known = () if trust is None else trust.timestamp_authorities
    count = distinct_authorities(((stamp.trusted, stamp.path) for stamp in stamps.valid), known)
    if count < demanded:
        names = ", ".join(sorted({stamp.authority for stamp in stamps.valid}))
        raise TimestampThresholdError(
            "; ".join((f"{count} distinct timestamp authority(ies) of {demanded} demanded: {names}", *stamps.ignored))
        )


def _none_counts(stamps: "CheckedTimestamps") -> str:
    if not stamps.ignored:
        return "the evidence holds no signed timestamp"
    return f"no signed timestamp counts: {'; '.join(stamps.ignored)}"
