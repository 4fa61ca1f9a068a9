"""YAML as a configuration needs it: the values of JSON, written once each. Source: YAML 1.2.2, 10.3 (core schema).

What makes YAML surprising is refused or not there: anchors and aliases (bombs, and values that are said elsewhere),
tags, several documents, a key twice, keys that are not text. A plain word is text unless it is null, true, false or a
decimal integer: `no`, `1e3`, `0x10`, `2026-01-01` and `1.10` are text, so no value changes its meaning by its looks.
Nor is there a character that ends a line for some readers only: a comment must not hold a demand, or hide one.
"""

import re
from typing import Any, Final

from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.errors import MalformedError

__all__ = ["load_yaml"]

_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_UNSURE_BREAKS: Final = frozenset("\x85\u2028\u2029")  # ends of lines in YAML 1.1, as PyYAML reads; not in 1.2
_WORDS: Final[dict[str, JsonValue]] = {"": None, "~": None, "null": None, "true": True, "false": False}


def load_yaml(data: bytes, *, what: str, max_bytes: int, max_depth: int) -> JsonValue:
    """Read one YAML document, UTF-8. PyYAML is imported here: few commands need it.

    Returns: as `load_json`: dict, list, str, int, bool or None.
    Raises:  MalformedError, naming the dotted place: too large or deep, not YAML, or one of the above.
    """
    import yaml

    if len(data) > max_bytes:
        raise MalformedError(what, f"is {len(data)} bytes long; {max_bytes} are allowed")
    try:
        text = data.decode()
    except UnicodeDecodeError as exc:
        raise MalformedError(what, "is not UTF-8") from exc
    if not _UNSURE_BREAKS.isdisjoint(text):
        raise MalformedError(what, "has a character that only some readers take for the end of a line")
    reader = _Reader(what, max_depth)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            reader.take(event)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        raise MalformedError(what, f"is not YAML: {getattr(exc, 'problem', None) or exc}{place}") from exc
    return reader.document()


class _Level:
    """A mapping or sequence that is being read. key: of the value that comes next; None: a key comes next."""

    __slots__ = ("key", "value", "what")

    def __init__(self, value: "JsonObject | list[JsonValue]", what: str) -> None:
        self.value = value
        self.what = what
        self.key: str | None = None


class _Reader:
    """Builds the value from the parser's events, without recursion."""

    def __init__(self, what: str, max_depth: int) -> None:
        self._what, self._max_depth = what, max_depth
        self._levels: list[_Level] = []
        self._documents: list[JsonValue] = []

    def document(self) -> JsonValue:
        """The one document."""
        if len(self._documents) != 1:
            raise MalformedError(self._what, f"holds {len(self._documents)} documents, not 1")
        return self._documents[0]

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "AliasEvent" or getattr(event, "anchor", None) is not None:
            raise MalformedError(self._place(), "has an anchor or an alias, which is not allowed")
        if getattr(event, "tag", None) is not None or getattr(event, "tags", None):
            raise MalformedError(self._place(), "has a tag or a directive, which is not allowed")
        if kind == "ScalarEvent":
            self._scalar(event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            place = self._place()
            if self._is_at_key():
                raise MalformedError(place, "has a key that is not text")
            if len(self._levels) >= self._max_depth:
                raise MalformedError(place, f"is nested deeper than {self._max_depth} levels")
            value: JsonObject | list[JsonValue] = {} if kind == "MappingStartEvent" else []
            self._put(value)
            self._levels.append(_Level(value, place))
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._levels.pop()

    def _scalar(self, event: Any) -> None:
        is_plain = not event.style  # the C parser says "", the other one None
        text: str = event.value
        if not self._is_at_key():
            self._put(_plain(text) if is_plain else text)
            return
        level = self._levels[-1]
        if is_plain and not isinstance(_plain(text), str):
            raise MalformedError(self._place(), f"has a key that is not text: {text[:80]!a}")
        if text in level.value:
            raise MalformedError(level.what, f"has the member {text[:80]!a} twice")
        level.key = text

    def _is_at_key(self) -> bool:
        return bool(self._levels) and isinstance(self._levels[-1].value, dict) and self._levels[-1].key is None

    def _put(self, value: JsonValue) -> None:
        if not self._levels:
            self._documents.append(value)
            return
        level = self._levels[-1]
        if isinstance(level.value, list):
            level.value.append(value)
        else:
            assert level.key is not None
            level.value[level.key] = value
            level.key = None

    def _place(self) -> str:
        """The dotted place of the value that comes next."""
        if not self._levels:
            return self._what
        level = self._levels[-1]
        if isinstance(level.value, list):
            return f"{level.what}[{len(level.value)}]"
        return level.what if level.key is None else f"{level.what}.{level.key[:80]}"


def _plain(text: str) -> JsonValue:
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text
