"""Times as RFC 3339 text, the form of trusted roots, signing configs and annotations."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from pycosign.errors import MalformedError

__all__ = ["format_rfc3339", "parse_rfc3339"]

_TO_ZERO: Final = str.maketrans("123456789", "000000000")  # shows a form; `re` is paid on every run
_FORM, _OFFSETS = "0000-00-00T00:00:00", ("+00:00", "-00:00")
_NUMBERS: Final = tuple(slice(*ends) for ends in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)))
_MAX_FRACTION_DIGITS: Final = 9


def parse_rfc3339(text: str, *, what: str) -> datetime:
    """Parse `YYYY-MM-DDThh:mm:ss[.fraction]` with `Z` or an offset.

    Returns: aware, in UTC; nanoseconds are cut to microseconds.
    Raises:  MalformedError(what): another form (lower-case letters too), or a moment that does not exist,
             leap seconds included.
    """
    fraction, zone = _split(text, what)
    micros = int(fraction.ljust(6, "0")[:6])
    try:
        year, month, day, hour, minute, second = (int(text[place]) for place in _NUMBERS)
        at = datetime(year, month, day, hour, minute, second, micros, UTC)
        if zone != "Z":
            if int(zone[4:]) > 59:
                raise ValueError("minutes of the offset")
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
            at = at.replace(tzinfo=timezone(offset if zone[0] == "+" else -offset)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise MalformedError(what, "is not a moment that exists") from exc
    return at


def _split(text: str, what: str) -> tuple[str, str]:
    """The digits of the fraction ("" without one) and the zone, of a text of the right form."""
    form = text.translate(_TO_ZERO)
    tail = len(_FORM)
    fraction = ""
    if form[tail : tail + 1] == ".":
        digits = form[tail + 1 :]
        end = tail + 1 + len(digits) - len(digits.lstrip("0"))
        fraction, tail = text[tail + 1 : end], end
    is_fraction = fraction or tail == len(_FORM)
    zone = form[tail:]
    if not form.startswith(_FORM) or not is_fraction or len(fraction) > _MAX_FRACTION_DIGITS:
        raise MalformedError(what, "is not a time as in RFC 3339")
    if zone != "Z" and zone not in _OFFSETS:
        raise MalformedError(what, "is not a time as in RFC 3339")
    return fraction, text[tail:]


def format_rfc3339(at: datetime) -> str:
    """Write an aware moment in UTC with `Z`, and 0, 3 or 6 digits of fraction, as protobuf JSON does."""
    at = at.astimezone(UTC)
    if at.microsecond == 0:
        unit = "seconds"
    else:
        unit = "microseconds" if at.microsecond % 1000 else "milliseconds"
    return at.replace(tzinfo=None).isoformat(timespec=unit) + "Z"
