"""JSON as Go's encoding/json writes it: signatures and digests cover these bytes, so they are matched exactly."""

from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from math import isfinite

from pycosign.errors import MalformedError

__all__ = ["go_json"]

_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
_LINES = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029"})


def go_json(value: object, *, sort: bool = False, escape_html: bool = True) -> bytes:
    """Write `value` as `json.Marshal` (Go 1.22 or later) does.

    Args:    value: text, numbers, booleans, None, mappings with text keys, sequences.
             sort: members in order of their names, as Go writes maps; else in the order given, as Go writes structs.
             escape_html: False is `SetEscapeHTML(false)`: `<`, `>` and `&` stay. U+2028 and U+2029 are always escaped.
    Raises:  MalformedError: NaN or an infinite number, a lone surrogate, a value of another type.
    """
    parts: list[str] = []
    _write(value, parts, sort, _HTML if escape_html else _LINES)
    try:
        return "".join(parts).encode()
    except UnicodeError as exc:
        raise MalformedError("JSON", "has a lone surrogate in a string") from exc


def _write(value: object, parts: list[str], sort: bool, table: dict[int, str]) -> None:
    if isinstance(value, str):
        parts.append(encode_basestring(value).translate(table))
    elif value is None or value is True or value is False:
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        parts.append(str(value))
    elif isinstance(value, float):
        parts.append(_number(value))
    elif isinstance(value, Mapping):
        opening = "{"
        for name in sorted(value) if sort else value:
            parts.append(opening)
            _write(name, parts, sort, table)
            parts.append(":")
            _write(value[name], parts, sort, table)
            opening = ","
        parts.append("{}" if opening == "{" else "}")
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        opening = "["
        for item in value:
            parts.append(opening)
            _write(item, parts, sort, table)
            opening = ","
        parts.append("[]" if opening == "[" else "]")
    else:
        raise MalformedError("JSON", f"cannot hold a {type(value).__name__}")


def _number(number: float) -> str:
    """The shortest digits, as ES6 prints numbers: 1.0 is 1, exponents only below 1e-6 and from 1e21 on."""
    if not isfinite(number):
        raise MalformedError("JSON", "cannot hold NaN or an infinite number")
    sign = "-" if str(number).startswith("-") else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)  # of the digits, how many stand before the decimal point
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    if not digits:
        return sign + "0"
    if -6 < point <= 21:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        if point >= len(digits):
            return sign + digits + "0" * (point - len(digits))
        return f"{sign}{digits[:point]}.{digits[point:]}"
    text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{text}e{point - 1:+03d}" if point > 0 else f"{sign}{text}e{point - 1}"
