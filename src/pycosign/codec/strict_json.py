"""JSON as evidence demands it: one value per name, finite numbers, bounded depth; and the canonical way to write it."""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from pycosign import limits
from pycosign.codec.fields import Fields
from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.errors import MalformedError

__all__ = ["Fields", "JsonObject", "JsonValue", "canonical_json", "compact_json", "load_json", "sorted_json"]

_SAFE_INTEGER: Final = 2**53 - 1  # RFC 8785 writes numbers as IEEE doubles: beyond this, two writers differ
_FEW_ESCAPES: Final = 32
_CONTAINERS: Final = (dict, list)


class _RefusedJsonError(ValueError):
    """Raised by the decoder's hooks, which do not know what is being read."""


def _unique(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    obj = dict(pairs)
    if len(obj) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _RefusedJsonError(f"has the member {_quoted(name)} twice")
            seen.add(name)
    return obj


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise _RefusedJsonError("has a number that is too large")
    return number


def _refuse_constant(text: str) -> JsonValue:
    raise _RefusedJsonError(f"has {text}, which is not JSON")


def _quoted(name: str) -> str:
    return ascii(name if len(name) <= 80 else name[:80] + "...")


_VALUES_EACH: Final = 8  # values for each object or array that may be there
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant)
_SORTED: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True)
_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def load_json(
    data: bytes | str, *, what: str, max_bytes: int, max_containers: int = limits.JSON_CONTAINERS
) -> JsonValue:
    """Parse one JSON text (RFC 8259), refusing what readers disagree about.

    Args:    data: UTF-8, at most `max_bytes` long; white space around the value is accepted. max_containers: so many
             objects and arrays may be in it, and eight times as many values: each is few bytes of text, and ten to
             thirty times as much in memory.
    Returns: Python values; integers are exact, whatever their size up to Python's own bound of 4300 digits.
    Raises:  MalformedError(what): not UTF-8, not JSON, trailing text, two members of one name, NaN or infinite numbers,
             a lone surrogate, more than `limits.JSON_DEPTH` levels, or more than `max_containers`.
    """
    try:
        raw = data.encode() if isinstance(data, str) else data
        if len(raw) > max_bytes:
            raise MalformedError(what, f"is {len(raw)} bytes long; {max_bytes} are allowed")
        text = data if isinstance(data, str) else data.decode()
    except UnicodeError as exc:
        raise MalformedError(what, "is not UTF-8") from exc
    # each is two characters at least; and brackets in strings count too: more of them there are not
    if len(text) > 2 * max_containers and text.count("{") + text.count("[") > max_containers:
        raise MalformedError(what, f"has more than {max_containers} objects and arrays")
    max_values = _VALUES_EACH * max_containers
    if len(text) > 2 * max_values and text.count(",") > max_values:
        raise MalformedError(what, f"has more than {max_values} values")
    try:
        value: JsonValue = _DECODER.decode(text)
    except _RefusedJsonError as exc:
        raise MalformedError(what, str(exc)) from exc
    except json.JSONDecodeError as exc:
        if text.startswith("\ufeff"):
            raise MalformedError(what, "begins with a byte order mark, which JSON has none of (RFC 8259, 8.1)") from exc
        raise MalformedError(what, f"is not JSON: {exc.msg} (line {exc.lineno}, column {exc.colno})") from exc
    except RecursionError as exc:
        raise MalformedError(what, f"is nested deeper than {limits.JSON_DEPTH} levels") from exc
    except ValueError as exc:  # an integer of more digits than Python converts
        raise MalformedError(what, "has a number that is too large") from exc
    if _has_more_brackets(text, limits.JSON_DEPTH) and _is_deeper(value, limits.JSON_DEPTH):
        raise MalformedError(what, f"is nested deeper than {limits.JSON_DEPTH} levels")
    if _may_escape_surrogates(text):
        _check_surrogates(value, what)
    return value


def _has_more_brackets(text: str, count: int) -> bool:
    """Whether "{" and "[" stand in a JSON text more than so many times. To find a few is cheaper than to count all."""
    for bracket in "{[":
        at = text.find(bracket)
        while at >= 0:
            count -= 1
            if count < 0:
                return True
            at = text.find(bracket, at + 1)
    return False


def _is_deeper(value: JsonValue, levels: int) -> bool:
    """Whether objects and arrays stand inside of one another on more than so many levels."""
    if isinstance(value, dict):
        inner = [item for item in value.values() if isinstance(item, _CONTAINERS)]
    elif isinstance(value, list):
        inner = [item for item in value if isinstance(item, _CONTAINERS)]
    else:
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)


def _may_escape_surrogates(text: str) -> bool:
    """Whether a JSON text has `\\uD...`.

    One character is found twenty times as fast as two, and most texts have few escapes.
    """
    at = text.find("\\")
    for _ in range(_FEW_ESCAPES):
        if at < 0:
            return False
        if text[at + 1 : at + 3] in ("ud", "uD"):
            return True
        at = text.find("\\", at + 2)  # what follows a backslash is escaped by it, be it another one
    return "\\ud" in text or "\\uD" in text


def _check_surrogates(value: JsonValue, what: str) -> None:
    """Text with a lone surrogate cannot be written as UTF-8 again."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack += item.keys()
            stack += item.values()
        elif isinstance(item, list):
            stack += item
        elif isinstance(item, str):
            try:
                item.encode()
            except UnicodeEncodeError as exc:
                raise MalformedError(what, "has a lone surrogate in a string") from exc


def compact_json(value: object) -> bytes:
    """Members in the order given, no white space, UTF-8 without escapes: Go's protojson without its spaces."""
    try:
        return _COMPACT.encode(value).encode()
    except ValueError as exc:  # NaN, a lone surrogate
        raise MalformedError("JSON", f"cannot be written: {exc}") from exc


def sorted_json(value: object) -> bytes:
    """Members sorted by code point, no white space: canonical JSON of values that hold neither numbers nor names beyond
    U+FFFF, for callers that have checked so; three times as fast as `canonical_json`."""
    return _SORTED.encode(value).encode()


def canonical_json(value: object) -> bytes:
    """Write canonical JSON (RFC 8785, JCS) of text, integers, booleans, null, arrays and objects.

    Raises: MalformedError: a float, an integer beyond 2**53 - 1 (doubles cannot hold it), or a lone surrogate.
    """
    return compact_json(_ordered(value))


def _ordered(value: object) -> object:
    if isinstance(value, str) or value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        if abs(value) > _SAFE_INTEGER:
            raise MalformedError("canonical JSON", "has an integer beyond 2**53 - 1")
        return value
    if isinstance(value, Mapping):
        return {name: _ordered(value[name]) for name in sorted(value, key=_utf16)}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_ordered(item) for item in value]
    raise MalformedError("canonical JSON", f"cannot hold a {type(value).__name__}")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")
