"""Reading DER, strictly: definite, minimal lengths, one-byte tags, no trailing bytes. Source: ITU-T X.690, 10 and 11.

Nothing here knows a schema; a reader is asked for what must come next, and refuses everything else with the field's
name. Certificates, keys and timestamps are read with it because the libraries' parsers cost more than a verification.
"""

from datetime import UTC, datetime
from typing import Final

from pycosign.errors import MalformedError

__all__ = [
    "BIT_STRING",
    "BOOLEAN",
    "GENERALIZED_TIME",
    "IA5_STRING",
    "INTEGER",
    "NULL",
    "OCTET_STRING",
    "OID",
    "PRINTABLE_STRING",
    "SEQUENCE",
    "SET",
    "UTC_TIME",
    "UTF8_STRING",
    "DerReader",
    "context_tag",
    "oid_text",
    "read_der",
    "read_elements",
]

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
IA5_STRING: Final = 0x16
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_MAX_OID_BYTES: Final = 64
_MAX_OID_TEXTS: Final = 256
_OID_TEXTS: Final[dict[bytes, str]] = {}  # a cache of a pure function, emptied when it is full
_MAX_INTEGER_BITS: Final = 512
_MAX_FLAG_BYTES: Final = 8  # the most that any type has is 27 flags, PKIFailureInfo (RFC 3161, 2.4.2)


def context_tag(number: int, *, constructed: bool = True) -> int:
    """The tag byte of context-specific `[number]`, 0 to 30."""
    return (0xA0 if constructed else 0x80) | number


def read_der(der: bytes, tag: int, what: str) -> "DerReader":
    """A reader over the content of the one element that `der` is.

    Raises: MalformedError: another tag, or bytes after the element.
    """
    outer = DerReader(der, what)
    inner = outer.enter(tag)
    outer.finish()
    return inner


def read_elements(raw: bytes, what: str, at: int, end: int) -> list[tuple[int, int, int, int]]:
    """All elements of `raw[at:end]` in one go: of each its tag, and where it, its content and what follows begin.

    For lists of small elements, where a reader for each would take most of the time.

    Raises: MalformedError, as `DerReader` does.
    """
    elements: list[tuple[int, int, int, int]] = []
    while at < end:
        begin = at + 2
        tag = raw[at]
        length = raw[at + 1] if begin <= end else 0x80
        if length < 0x80 and tag & 0x1F != 0x1F and begin + length <= end:
            stop = begin + length
        else:  # a long element, or one that is refused
            begin, stop = DerReader(raw, what, at, end)._any_element(None)
        elements.append((tag, at, begin, stop))
        at = stop
    return elements


class DerReader:
    """Reads elements one after the other from `raw[at:end]`. Every method raises MalformedError naming `what`."""

    __slots__ = ("_at", "_end", "_raw", "what")

    def __init__(self, raw: bytes, what: str, at: int = 0, end: int | None = None) -> None:
        self._raw, self._at, self._end, self.what = raw, at, len(raw) if end is None else end, what

    # -- structure --
    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self._at == self._end

    @property
    def offset(self) -> int:
        """Where the next element begins, in the bytes that the outermost reader was made of."""
        return self._at

    @property
    def end(self) -> int:
        """Where the last element ends, in the same bytes."""
        return self._end

    def span_at(self, at: int, tag: int) -> tuple[int, int]:
        """Where the content of the element at a place begins and ends; it must have this tag."""
        return DerReader(self._raw, self.what, at, self._end)._element(tag)

    def finish(self) -> None:
        """Refuse what has not been read."""
        if self._at != self._end:
            raise MalformedError(self.what, "has trailing bytes")

    def next_is(self, tag: int) -> bool:
        """Whether another element comes, and it has this tag."""
        return self._at < self._end and self._raw[self._at] == tag

    def next_tag(self) -> int:
        """The next element's tag."""
        if self._at >= self._end:
            raise MalformedError(self.what, "ends too early")
        return self._raw[self._at]

    def _element(self, tag: int) -> tuple[int, int]:
        """Step over one element; where its content begins and ends."""
        raw, at = self._raw, self._at
        begin = at + 2
        if begin <= self._end and raw[at] == tag:  # a short element with the expected tag: nearly every one
            length = raw[at + 1]
            stop = begin + length
            if length < 0x80 and stop <= self._end:
                self._at = stop
                return begin, stop
        return self._any_element(tag)

    def _any_element(self, tag: int | None) -> tuple[int, int]:
        raw, at, end = self._raw, self._at, self._end
        if end - at < 2:
            raise MalformedError(self.what, "ends too early")
        found = raw[at]
        if tag is not None and found != tag:
            raise MalformedError(self.what, f"has tag {found:#04x} where {tag:#04x} must be")
        if found & 0x1F == 0x1F:
            raise MalformedError(self.what, "has a tag of several bytes")
        length = raw[at + 1]
        begin = at + 2
        if length >= 0x80:
            count = length & 0x7F
            begin += count
            if not 1 <= count <= 4 or begin > end:
                raise MalformedError(self.what, "has a length that is indefinite or too long")
            length = raw[at + 2]
            for place in range(at + 3, begin):
                length = length << 8 | raw[place]
            if length < 0x80 or length >> 8 * (count - 1) == 0:
                raise MalformedError(self.what, "has a length that is not minimal")
        stop = begin + length
        if stop > end:
            raise MalformedError(self.what, "ends too early")
        self._at = stop
        return begin, stop

    def content(self, tag: int) -> bytes:
        """The content of the next element, which must have this tag."""
        begin, stop = self._element(tag)
        return self._raw[begin:stop]

    def whole(self, tag: int | None = None) -> bytes:
        """The next element with its tag and length, as it stands; any tag if none is given."""
        at = self._at
        _, stop = self._any_element(None) if tag is None else self._element(tag)
        return self._raw[at:stop]

    def rest(self) -> bytes:
        """Everything that has not been read, which counts as read now."""
        at, self._at = self._at, self._end
        return self._raw[at : self._end]

    def enter(self, tag: int, what: str | None = None) -> "DerReader":
        """A reader over the content of the next element, which must have this tag."""
        begin, stop = self._element(tag)
        return DerReader(self._raw, what or self.what, begin, stop)

    def sequence(self, what: str | None = None) -> "DerReader":
        """A reader over the next SEQUENCE's content."""
        return self.enter(SEQUENCE, what)

    def set_of(self, what: str | None = None) -> "DerReader":
        """A reader over the next SET's content; the order of SET OF is checked where it matters."""
        return self.enter(SET, what)

    def context(self, number: int, what: str | None = None) -> "DerReader":
        """A reader over the content of constructed `[number]`."""
        return self.enter(0xA0 | number, what)

    def optional_context(self, number: int, what: str | None = None) -> "DerReader | None":
        """The same, or None if the next element is another or there is none."""
        return self.enter(0xA0 | number, what) if self.next_is(0xA0 | number) else None

    # -- values --
    def boolean(self) -> bool:
        """A BOOLEAN: FF or 00."""
        value = self.content(BOOLEAN)
        if value not in (b"\xff", b"\x00"):
            raise MalformedError(self.what, "has a BOOLEAN that is neither FF nor 00")
        return value == b"\xff"

    def integer(self, tag: int = INTEGER) -> int:
        """An INTEGER of any size and sign (`tag` for ENUMERATED and implicit tags)."""
        value = self.content(tag)
        if not value or (len(value) > 1 and (value[0], value[1] >> 7) in ((0, 0), (0xFF, 1))):
            raise MalformedError(self.what, "has an INTEGER that is not minimal")
        if len(value) == 1 and value[0] < 0x80:  # nearly every one but serial numbers
            return value[0]
        return int.from_bytes(value, "big", signed=True)

    def bounded_integer(self) -> int:
        """An INTEGER of at most 512 bits, for whatever may be shown: Python does not write thousands of digits."""
        value = self.integer()
        if value.bit_length() > _MAX_INTEGER_BITS:
            raise MalformedError(self.what, "has an INTEGER that is too long")
        return value

    def oid(self) -> str:
        """An OBJECT IDENTIFIER, dotted."""
        return oid_text(self.content(OID), self.what)

    def octets(self) -> bytes:
        """An OCTET STRING."""
        return self.content(OCTET_STRING)

    def bits(self) -> bytes:
        """A BIT STRING of whole bytes."""
        value = self.content(BIT_STRING)
        if not value or value[0] != 0:
            raise MalformedError(self.what, "has a BIT STRING that is not whole bytes")
        return value[1:]

    def named_bits(self) -> frozenset[int]:
        """The numbers of the bits that are set in a BIT STRING of up to 64 flags (no trailing zero bits in DER)."""
        value = self.content(BIT_STRING)
        if len(value) > _MAX_FLAG_BYTES + 1:
            raise MalformedError(self.what, "has a BIT STRING of more flags than have names")
        unused = value[0] if value else 8
        padding_ok = unused == 0 if len(value) == 1 else unused < 8
        if not padding_ok or (len(value) > 1 and value[-1] & ((2 << unused) - 1) != 1 << unused):
            raise MalformedError(self.what, "has a BIT STRING of flags that is not minimal")
        return frozenset(n for n in range(8 * len(value) - 8) if value[1 + n // 8] >> 7 - n % 8 & 1)

    def null(self) -> None:
        """A NULL."""
        if self.content(NULL):
            raise MalformedError(self.what, "has a NULL with content")

    def text(self, tag: int) -> str:
        """A string: UTF-8 for UTF8String, ASCII for the others."""
        try:
            return self.content(tag).decode("utf-8" if tag == UTF8_STRING else "ascii")
        except UnicodeDecodeError as exc:
            raise MalformedError(self.what, "has a string that is not well-formed") from exc

    def time(self) -> datetime:
        """A UTCTime or GeneralizedTime as certificates have them: seconds, Z. Source: RFC 5280, 4.1.2.5."""
        if self.next_tag() != UTC_TIME:
            return self.generalized_time(fraction=False)
        digits = self._digits(self.content(UTC_TIME), 12)
        return self._moment((b"20" if digits[0] < 0x35 else b"19") + digits, 0)  # the digit 5: RFC 5280, 4.1.2.5.1

    def generalized_time(self, *, fraction: bool = True) -> datetime:
        """A GeneralizedTime in UTC, with a fraction of a second if it may have one. Source: RFC 3161, 2.4.2.

        Returns: microseconds; finer digits are cut off.
        """
        value = self.content(GENERALIZED_TIME)
        if not fraction or b"." not in value:
            return self._moment(self._digits(value, 14), 0)
        digits = value[15:-1]
        if value[14:15] != b"." or not digits.isdigit() or digits.endswith(b"0") or len(digits) > 18:
            raise MalformedError(self.what, "has a time with a fraction that is not canonical")
        return self._moment(self._digits(value[:14] + value[-1:], 14), int(digits[:6].ljust(6, b"0")))

    def _digits(self, value: bytes, count: int) -> bytes:
        if len(value) != count + 1 or value[-1:] != b"Z" or not value[:-1].isdigit():
            raise MalformedError(self.what, "has a time that is not digits and Z")
        return value[:-1]

    def _moment(self, digits: bytes, microsecond: int) -> datetime:
        """The moment that 14 ASCII digits name, years first."""
        year = _two_digits(digits, 0) * 100 + _two_digits(digits, 2)
        month, day = _two_digits(digits, 4), _two_digits(digits, 6)
        hour, minute, second = _two_digits(digits, 8), _two_digits(digits, 10), _two_digits(digits, 12)
        try:
            return datetime(year, month, day, hour, minute, second, microsecond, UTC)
        except ValueError as exc:
            raise MalformedError(self.what, "has a time that does not exist") from exc


def _two_digits(digits: bytes, at: int) -> int:
    return (digits[at] - 0x30) * 10 + digits[at + 1] - 0x30


def oid_text(content: bytes, what: str) -> str:
    """The dotted text of an OBJECT IDENTIFIER's content. Raises: MalformedError."""
    text = _OID_TEXTS.get(content)
    if text is None:
        text = _oid_text(content)
        if text is None:
            raise MalformedError(what, "has an OBJECT IDENTIFIER that is not well-formed")
        if len(_OID_TEXTS) >= _MAX_OID_TEXTS:
            _OID_TEXTS.clear()
        _OID_TEXTS[content] = text
    return text


def _oid_text(value: bytes) -> str | None:
    """Dotted text, or None: empty, cut short, not minimal or too long."""
    if not value or len(value) > _MAX_OID_BYTES or value[-1] & 0x80:
        return None
    arcs: list[int] = []
    number, fresh = 0, True
    for byte in value:
        if fresh and byte == 0x80:
            return None
        number = number << 7 | byte & 0x7F
        fresh = not byte & 0x80
        if fresh:
            arcs.append(number)
            number = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
