"""Typed reading of one JSON object: each accessor names the dotted path of what it refuses."""

from collections.abc import Iterator
from typing import Final, TypeVar

from pycosign.codec.b64 import canonical_b64, decode_b64
from pycosign.codec.json_value import JsonValue
from pycosign.errors import MalformedError

__all__ = ["Fields", "is_decimal", "is_lower_hex"]

_T = TypeVar("_T")

_MAX_DIGITS: Final = 19
_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1
_SNAKE: Final[dict[str, str]] = {}  # camelCase -> snake_case: a cache of a pure function


def _snake_case(name: str) -> str:
    found = _SNAKE[name] = "".join(f"_{char.lower()}" if "A" <= char <= "Z" else char for char in name)
    return found


# The forms of numbers and of hexadecimal are read without `re`, which would compile each on every run of a command.
def is_decimal(text: str) -> bool:
    """Whether a text is a decimal integer of at most 19 digits as it would be written: no plus, no leading zeros."""
    digits = text.removeprefix("-")
    is_written = digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS
    return is_written and (digits[0] != "0" or text == "0")


def is_lower_hex(text: str) -> bool:
    """Whether a text is whole bytes in lower-case hexadecimal; the empty text is."""
    try:
        return bytes.fromhex(text).hex() == text  # `fromhex` takes white space and capitals too
    except ValueError:
        return False


class Fields:
    """The members of a JSON object, read by name and type.

    A member that is null counts as absent, as in protobuf JSON and in Go. With `protojson` (inherited by the objects
    inside), a member may be called by its camelCase name, as given to the accessors, or by its snake_case one, and an
    integer may be a decimal string. Every accessor raises MalformedError; `optional_` ones return None if absent.
    """

    __slots__ = ("_obj", "_protojson", "_read", "what")

    def __init__(self, value: JsonValue, what: str, *, protojson: bool = True) -> None:
        if not isinstance(value, dict):
            raise MalformedError(what, "is not a JSON object")
        self._obj = value
        self._protojson = protojson
        self._read: set[str] = set()
        self.what = what

    def __contains__(self, name: str) -> bool:
        return self.optional_value(name) is not None

    def __iter__(self) -> Iterator[str]:
        """The members' names as written."""
        return iter(self._obj)

    def path(self, name: str) -> str:
        return f"{self.what}.{name}"

    # ---- any value -------------------------------------------------------------------------------------------------
    def optional_value(self, name: str) -> JsonValue:
        """The member as parsed; None if absent or null."""
        self._read.add(name)
        value = self._obj.get(name)
        if self._protojson:
            other = _SNAKE.get(name) or _snake_case(name)
            if other != name and other in self._obj:
                if name in self._obj:
                    raise MalformedError(self.path(name), "is given twice, in camelCase and in snake_case")
                self._read.add(other)
                return self._obj[other]
        return value

    def value(self, name: str) -> JsonValue:
        found = self.optional_value(name)
        if found is None:
            raise MalformedError(self.path(name), "is missing")
        return found

    def refuse_unknown(self) -> None:
        """Refuse members that no accessor asked for. Call it last."""
        if self._obj.keys() <= self._read:
            return
        name = next(name for name in self._obj if name not in self._read)
        raise MalformedError(self.what, f"has an unknown member {name[:80]!a}")

    # ---- text ------------------------------------------------------------------------------------------------------
    def optional_text(self, name: str) -> str | None:
        value = self.optional_value(name)
        if value is not None and not isinstance(value, str):
            raise MalformedError(self.path(name), "is not text")
        return value

    def text(self, name: str) -> str:
        value = self.optional_value(name)
        return value if isinstance(value, str) else self._required(self.optional_text(name), name)

    def optional_texts(self, name: str, *, limit: int) -> list[str] | None:
        """A list of at most `limit` strings."""
        items = self._optional_list(name, limit)
        if items is None:
            return None
        texts = [item for item in items if isinstance(item, str)]
        if len(texts) != len(items):
            raise MalformedError(self.path(name), "is not a list of text")
        return texts

    def texts(self, name: str, *, limit: int) -> list[str]:
        return self._required(self.optional_texts(name, limit=limit), name)

    def optional_text_map(self, name: str) -> dict[str, str] | None:
        """An object whose members are all text."""
        value = self.optional_value(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise MalformedError(self.path(name), "is not a JSON object")
        texts = {key: item for key, item in value.items() if isinstance(item, str)}
        if len(texts) != len(value):
            raise MalformedError(self.path(name), "has a member that is not text")
        return texts

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def optional_integer(self, name: str, *, minimum: int = _INT64_MIN, maximum: int = _INT64_MAX) -> int | None:
        """An integer in [minimum, maximum]; in protobuf JSON also as a decimal string."""
        value = self.optional_value(name)
        if value is None:
            return None
        if isinstance(value, str) and self._protojson and is_decimal(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise MalformedError(self.path(name), "is not an integer")
        if not minimum <= value <= maximum:
            raise MalformedError(self.path(name), f"is not between {minimum} and {maximum}")
        return value

    def integer(self, name: str, *, minimum: int = _INT64_MIN, maximum: int = _INT64_MAX) -> int:
        return self._required(self.optional_integer(name, minimum=minimum, maximum=maximum), name)

    def optional_boolean(self, name: str) -> bool | None:
        value = self.optional_value(name)
        if value is not None and not isinstance(value, bool):
            raise MalformedError(self.path(name), "is neither true nor false")
        return value

    # ---- bytes -----------------------------------------------------------------------------------------------------
    def optional_b64(self, name: str, *, size: int | None = None, max_size: int | None = None) -> bytes | None:
        """Bytes as canonical standard base64: exactly `size` of them, or 1 to `max_size`, where given."""
        text = self.optional_text(name)
        return None if text is None else self._decoded(text, name, size, max_size)

    def b64(self, name: str, *, size: int | None = None, max_size: int | None = None) -> bytes:
        text = self.optional_value(name)
        if isinstance(text, str):
            return self._decoded(text, name, size, max_size)
        return self._required(self.optional_b64(name, size=size, max_size=max_size), name)

    def optional_hex(self, name: str, *, size: int | None = None) -> bytes | None:
        """Bytes as lower-case hexadecimal, exactly `size` of them where given."""
        text = self.optional_text(name)
        if text is None:
            return None
        if not is_lower_hex(text):
            raise MalformedError(self.path(name), "is not lower-case hexadecimal")
        return self._sized(bytes.fromhex(text), name, size, None)

    def hex(self, name: str, *, size: int | None = None) -> bytes:
        return self._required(self.optional_hex(name, size=size), name)

    # ---- objects ---------------------------------------------------------------------------------------------------
    def optional_object(self, name: str) -> "Fields | None":
        value = self.optional_value(name)
        return None if value is None else Fields(value, f"{self.what}.{name}", protojson=self._protojson)

    def object(self, name: str) -> "Fields":
        value = self.optional_value(name)
        if value is None:
            raise MalformedError(self.path(name), "is missing")
        return Fields(value, f"{self.what}.{name}", protojson=self._protojson)

    def optional_objects(self, name: str, *, limit: int) -> "list[Fields] | None":
        """A list of at most `limit` objects."""
        items = self._optional_list(name, limit)
        if items is None:
            return None
        path = self.path(name)
        return [Fields(item, f"{path}[{i}]", protojson=self._protojson) for i, item in enumerate(items)]

    def objects(self, name: str, *, limit: int) -> "list[Fields]":
        return self._required(self.optional_objects(name, limit=limit), name)

    # ---- the rest --------------------------------------------------------------------------------------------------
    def _optional_list(self, name: str, limit: int) -> list[JsonValue] | None:
        value = self.optional_value(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise MalformedError(self.path(name), "is not a list")
        if len(value) > limit:
            raise MalformedError(self.path(name), f"has {len(value)} elements; {limit} are allowed")
        return value

    def _required(self, value: _T | None, name: str) -> _T:
        if value is None:
            raise MalformedError(self.path(name), "is missing")
        return value

    def _decoded(self, text: str, name: str, size: int | None, max_size: int | None) -> bytes:
        raw = canonical_b64(text)
        if raw is None:
            raw = decode_b64(text, what=self.path(name))  # it refuses too, and knows the words
        return self._sized(raw, name, size, max_size)

    def _sized(self, raw: bytes, name: str, size: int | None, max_size: int | None) -> bytes:
        if size is not None and len(raw) != size:
            raise MalformedError(self.path(name), f"is {len(raw)} bytes long, not {size}")
        if max_size is not None and not 0 < len(raw) <= max_size:
            raise MalformedError(self.path(name), f"is {len(raw)} bytes long, not 1 to {max_size}")
        return raw
