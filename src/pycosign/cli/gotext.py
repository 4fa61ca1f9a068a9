"""Values as Go writes and reads them on a command line: durations, integers, booleans, quoted text, lists.

Every reader raises ValueError with the reason in the words that Cosign prints.
Sources: Go's `time.ParseDuration`, `strconv`, `encoding/csv` (documented behaviour), checked against cosign 3.1.2.
"""

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["format_duration", "parse_bool", "parse_duration", "parse_int", "quote", "split_commas"]

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_MOST = 2**63 - 1
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_DIGITS = {"0x": "0123456789abcdef", "0o": "01234567", "0b": "01"}


def quote(value: str) -> str:
    """The text in double quotes, with what does not print escaped."""
    shown = "".join(
        _ESCAPES.get(c) or (c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 128 else f"\\u{ord(c):04x}")
        for c in value
    )
    return f'"{shown}"'


def parse_bool(value: str) -> bool:
    """`true`, `1`, `t` ... or their opposites, and nothing else."""
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ValueError(f"strconv.ParseBool: parsing {quote(value)}: invalid syntax")


def parse_int(value: str) -> int:
    """A whole number of 64 bits: decimal, or 0x, 0o, 0b, or octal by a leading zero; these may have `_` in them."""
    sign, digits = (value[0], value[1:]) if value[:1] in ("+", "-") else ("", value)
    prefix = digits[:2].lower()
    if prefix in _DIGITS:
        allowed, digits = _DIGITS[prefix], digits[2:].lower().removeprefix("_")
    elif digits[:1] == "0" and len(digits) > 1:
        allowed, digits, prefix = _DIGITS["0o"], digits[1:].removeprefix("_"), "0o"
    else:
        allowed, prefix = "0123456789", ""
    plain = digits.replace("_", "")
    misplaced = digits[:1] == "_" or digits[-1:] == "_" or "__" in digits or (prefix == "" and "_" in digits)
    if not plain or misplaced or any(c not in allowed for c in plain):
        raise ValueError(f"strconv.ParseInt: parsing {quote(value)}: invalid syntax")
    magnitude = int(plain, len(allowed))
    number = -magnitude if sign == "-" else magnitude
    if not -_MOST - 1 <= number <= _MOST:
        raise ValueError(f"strconv.ParseInt: parsing {quote(value)}: value out of range")
    return number


def parse_duration(value: str) -> float:
    """Seconds from Go's `1h2m3.5s`. A number without a unit is refused, except 0."""
    invalid = ValueError(f"time: invalid duration {quote(value)}")
    rest = value[1:] if value[:1] in ("+", "-") else value
    if rest == "0":
        return 0.0
    if not rest:
        raise invalid
    total = 0
    while rest:
        whole, rest = _leading(rest, _is_digit)
        fraction = ""
        if rest[:1] == ".":
            fraction, rest = _leading(rest[1:], _is_digit)
        if not whole and not fraction:
            raise invalid
        unit, rest = _leading(rest, _is_unit)
        if not unit:
            raise ValueError(f"time: missing unit in duration {quote(value)}")
        if unit not in _NANOSECONDS:
            raise ValueError(f"time: unknown unit {quote(unit)} in duration {quote(value)}")
        total += int(whole or "0") * _NANOSECONDS[unit]
        total += int(fraction or "0") * _NANOSECONDS[unit] // 10 ** len(fraction)
        if total > _MOST:
            raise invalid
    return -total / 1e9 if value.startswith("-") else total / 1e9


def format_duration(seconds: float) -> str:
    """Seconds as Go prints a duration: 180 is `3m0s`."""
    if seconds < 1:
        return f"{seconds * 1000:g}ms" if seconds else "0s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{rest:g}s"


def split_commas(value: str) -> list[str]:
    """The fields of one line of CSV; a field in double quotes may hold commas, and `""` for a quote."""
    if not value:
        return []
    fields: list[str] = []
    at = 0
    while True:
        if value[at : at + 1] == '"':
            field, at = _quoted_field(value, at)
        else:
            end = value.find(",", at)
            end = len(value) if end < 0 else end
            field = value[at:end]
            if '"' in field:
                column = len(value[: at + field.index('"')].encode()) + 1
                raise ValueError(f'parse error on line 1, column {column}: bare " in non-quoted-field')
            at = end
        fields.append(field)
        if at >= len(value):
            return fields
        at += 1  # the comma


def _quoted_field(value: str, start: int) -> tuple[str, int]:
    """The quoted field that begins at `start`, and where it ends."""
    field, at = "", start + 1
    while True:
        end = value.find('"', at)
        if end < 0:
            column = len(value.encode()) + 1
            raise ValueError(f'parse error on line 1, column {column}: extraneous or missing " in quoted-field')
        field += value[at:end]
        following = value[end + 1 : end + 2]
        if following == '"':
            field, at = field + '"', end + 2
        elif following in ("", ","):
            return field, end + 1
        else:
            column = len(value[:end].encode()) + 1
            raise ValueError(f'parse error on line 1, column {column}: extraneous or missing " in quoted-field')


def _leading(value: str, belongs: "Callable[[str], bool]") -> tuple[str, str]:
    """The longest beginning of which every character belongs, and the rest."""
    at = 0
    while at < len(value) and belongs(value[at]):
        at += 1
    return value[:at], value[at:]


def _is_digit(character: str) -> bool:
    return character in "0123456789"


def _is_unit(character: str) -> bool:
    return character not in "0123456789."
