"""Times as RFC 3339 text, the form of trusted roots, signing configs and annotations."""

import re
from datetime import UTC, datetime, timedelta, timezone

from pycosign.errors import MalformedError

__all__ = ["format_rfc3339", "parse_rfc3339"]

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))",
    re.ASCII,
)


def parse_rfc3339(text: str, *, what: str) -> datetime:
    """Parse `YYYY-MM-DDThh:mm:ss[.fraction]` with `Z` or an offset.

    Returns: aware, in UTC; nanoseconds are cut to microseconds.
    Raises:  MalformedError(what): another form (lower-case letters too), or a moment that does not exist,
             leap seconds included.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise MalformedError(what, "is not a time as in RFC 3339")
    micros = int((match[7] or "").ljust(6, "0")[:6])
    try:
        at = datetime(*(int(part) for part in match.groups()[:6]), micros, tzinfo=UTC)  # type: ignore[misc,arg-type]
        if match[8] is not None:
            if int(match[10]) > 59:
                raise ValueError("minutes of the offset")
            offset = timezone((1 if match[8] == "+" else -1) * timedelta(hours=int(match[9]), minutes=int(match[10])))
            at = at.replace(tzinfo=offset).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise MalformedError(what, "is not a moment that exists") from exc
    return at


def format_rfc3339(at: datetime) -> str:
    """Write an aware moment in UTC with `Z`, and 0, 3 or 6 digits of fraction, as protobuf JSON does."""
    at = at.astimezone(UTC)
    if at.microsecond == 0:
        unit = "seconds"
    else:
        unit = "microseconds" if at.microsecond % 1000 else "milliseconds"
    return at.replace(tzinfo=None).isoformat(timespec=unit) + "Z"
