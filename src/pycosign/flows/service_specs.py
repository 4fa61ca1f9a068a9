"""Service specifications of `signing-config create` and `trusted-root create`: "url=...,start-time=...,...".

The complaints are Cosign's. It skips members that it does not know, and takes the last of two equal ones; here both are
refused: a mistyped `end-time` would make a service trusted for ever.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from pycosign.codec.go_time import parse_go_time
from pycosign.errors import MalformedError, UsageError
from pycosign.wire.signing_config import Selector, Service
from pycosign.wire.trusted_root import ValidFor

__all__ = ["parse_count", "parse_selector", "parse_service", "parse_spec", "parse_time", "prefixed", "valid_for"]

_SERVICE: Final = ("url", "api-version", "start-time", "operator")
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)


@contextmanager
def prefixed(prefix: str, *, malformed: bool = True) -> Iterator[None]:
    """Usage errors, and unless told otherwise those about form, begin with `prefix: `, and count as usage errors."""
    try:
        yield
    except (MalformedError, UsageError) as exc:
        if isinstance(exc, MalformedError) and not malformed:
            raise
        said = (exc.code, exc.hint) if isinstance(exc, UsageError) else (None, None)
        raise UsageError(f"{prefix}: {exc}", code=said[0], hint=said[1]) from exc


def parse_spec(
    text: str, *, required: tuple[str, ...], optional: tuple[str, ...], missing: str, what: str
) -> Mapping[str, str]:
    """The members of one specification, by key.

    Args:   missing: how to complain about a key that is not there, with `{key}` in it.
    Raises: UsageError: not key=value pairs, a key missing or empty, unknown, or there twice.
    """
    members: dict[str, str] = {}
    for pair in text.split(","):
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"invalid key-value pair: {pair}")
        key = key.strip()
        if key in members:
            raise UsageError(f"key '{key}' is given twice in {what} spec")
        members[key] = value.strip()
    for key in required:
        if not members.get(key):
            raise UsageError(missing.format(key=key))
    for key, value in members.items():
        if key not in required and key not in optional:
            raise UsageError(f"unknown key '{key}' in {what} spec; known are {', '.join((*required, *optional))}")
        if key == "origin" and not value:
            raise UsageError(f"empty key 'origin' in {what} spec")
    return members


def parse_service(text: str) -> Service:
    """One service of a signing config.

    Raises: UsageError: a member missing, unknown or of another form, or a span that ends before it starts.
    """
    members = parse_spec(
        text,
        required=_SERVICE,
        optional=("end-time",),
        missing="missing required key '{key}' in service spec",
        what="service",
    )
    with prefixed("parsing api-version"):
        version = parse_count(members["api-version"])
        if not version:
            raise UsageError("0 is no version of an API")
    span = valid_for(parse_time(members, "start-time"), parse_time(members, "end-time"))
    return Service(members["url"], version, span, members["operator"])


def parse_time(members: Mapping[str, str], key: str) -> datetime | None:
    """The moment under this key; None if it is absent or empty."""
    if not members.get(key):
        return None
    try:
        return parse_go_time(members[key])
    except ValueError as exc:
        raise UsageError(f"parsing {key}: {exc}") from exc


def valid_for(start: datetime | None, end: datetime | None) -> ValidFor:
    """The span. Raises: UsageError: it ends before it starts, so that it would never be valid."""
    if start is not None and end is not None and end < start:
        raise UsageError("end-time is before start-time")
    return ValidFor(start, end)


def parse_count(text: str) -> int:
    """A decimal number below 2**32. Raises: UsageError, in Go's words."""
    if not _DIGITS.fullmatch(text):
        raise UsageError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    number = int(text[-20:]) if not text[:-20].strip("0") else 2**32
    if number >= 2**32:
        raise UsageError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return number


def parse_selector(text: str) -> Selector:
    """ANY, ALL or EXACT:COUNT, in capitals or not. Raises: UsageError."""
    mode, colon, amount = text.partition(":")
    mode = mode.upper()
    if mode in ("ANY", "ALL"):
        if colon:
            raise UsageError(f"mode {mode} does not accept a count")
        return Selector(mode)
    if mode != "EXACT":
        raise UsageError(f"invalid service config mode: {mode}")
    if not colon:
        raise UsageError("mode EXACT requires a count, e.g. EXACT:2")
    with prefixed("invalid count for EXACT mode"):
        count = parse_count(amount)
        if not count:
            raise UsageError("0 of the services would be none")
    return Selector(mode, count)
