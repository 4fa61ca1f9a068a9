"""RFC 3339 times as Go's time.Parse reads them from a command line, with its words for what is wrong."""

import re
from datetime import UTC, datetime, timedelta

__all__ = ["parse_go_time"]

_LAYOUT = "2006-01-02T15:04:05Z07:00"
_DATE = (  # layout element, its pattern, what it counts, the smallest and the largest value
    ("2006", re.compile(r"[0-9]{4}", re.ASCII), "year", 0, 9999),
    ("-", re.compile(r"-"), "", 0, 0),
    ("01", re.compile(r"[0-9]{2}", re.ASCII), "month", 1, 12),
    ("-", re.compile(r"-"), "", 0, 0),
    ("02", re.compile(r"[0-9]{2}", re.ASCII), "day", 0, 99),
    ("T", re.compile(r"T"), "", 0, 0),
    ("15", re.compile(r"[0-9]{1,2}", re.ASCII), "hour", 0, 23),
    (":", re.compile(r":"), "", 0, 0),
    ("04", re.compile(r"[0-9]{2}", re.ASCII), "minute", 0, 59),
    (":", re.compile(r":"), "", 0, 0),
    ("05", re.compile(r"[0-9]{2}", re.ASCII), "second", 0, 59),
)
_FRACTION = re.compile(r"[.,]([0-9]+)", re.ASCII)
_ZONE = re.compile(r"Z|([+-])([0-9]{2}):([0-9]{2})", re.ASCII)


def parse_go_time(text: str) -> datetime:
    """An aware moment in UTC; nanoseconds are cut to microseconds.

    Raises: ValueError, in the words of Go's time.ParseError. Source: Go's documentation of the package `time`.
    """
    rest, counts = text, []
    for element, pattern, unit, least, most in _DATE:
        found = pattern.match(rest)
        if found is None:
            raise _cannot(text, rest, element)
        rest = rest[found.end() :]
        if unit:
            if not least <= int(found[0]) <= most:
                raise _out_of_range(text, unit)
            counts.append(int(found[0]))
    micros = 0
    fraction = _FRACTION.match(rest)
    if fraction is not None:
        micros, rest = int(fraction[1].ljust(6, "0")[:6]), rest[fraction.end() :]
    zone = _ZONE.match(rest)
    if zone is None:
        raise _cannot(text, rest, "Z07:00")
    rest = rest[zone.end() :]
    if rest:
        raise ValueError(f'parsing time "{text}": extra text: "{rest}"')
    year, month, day, hour, minute, second = counts
    try:
        at = datetime(year, month, day, hour, minute, second, micros, tzinfo=UTC)
        return at if zone[1] is None else at - _offset(zone)
    except (ValueError, OverflowError) as exc:
        raise _out_of_range(text, "day" if year else "year") from exc


def _offset(zone: re.Match[str]) -> timedelta:
    offset = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
    return -offset if zone[1] == "-" else offset


def _cannot(text: str, rest: str, element: str) -> ValueError:
    return ValueError(f'parsing time "{text}" as "{_LAYOUT}": cannot parse "{rest}" as "{element}"')


def _out_of_range(text: str, unit: str) -> ValueError:
    return ValueError(f'parsing time "{text}": {unit} out of range')
