"""Writing DER: each function returns one element, ready to stand in another. Source: ITU-T X.690, 10 and 11."""

from datetime import UTC, datetime

from pycosign.codec.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    IA5_STRING,
    INTEGER,
    OCTET_STRING,
    OID,
    PRINTABLE_STRING,
    SEQUENCE,
    SET,
    UTC_TIME,
    UTF8_STRING,
    context_tag,
)

__all__ = [
    "der_bits",
    "der_boolean",
    "der_context",
    "der_element",
    "der_generalized_time",
    "der_ia5",
    "der_integer",
    "der_named_bits",
    "der_null",
    "der_octets",
    "der_oid",
    "der_printable",
    "der_sequence",
    "der_set_of",
    "der_time",
    "der_utf8",
]


def der_element(tag: int, content: bytes) -> bytes:
    """Tag, length, content."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def der_sequence(*parts: bytes) -> bytes:
    """SEQUENCE of elements that are written already."""
    return der_element(SEQUENCE, b"".join(parts))


def der_set_of(*parts: bytes) -> bytes:
    """SET OF, in DER's order (X.690, 11.6)."""
    return der_element(SET, b"".join(sorted(parts)))


def der_context(number: int, content: bytes, *, constructed: bool = True) -> bytes:
    """`[number]` around (explicit) or in place of (implicit) what `content` is."""
    return der_element(context_tag(number, constructed=constructed), content)


def der_boolean(value: bool) -> bytes:
    """BOOLEAN; a DEFAULT must be left out by the caller."""
    return b"\x01\x01\xff" if value else b"\x01\x01\x00"


def der_integer(value: int, tag: int = INTEGER) -> bytes:
    """INTEGER of any size and sign."""
    bits = value.bit_length() if value >= 0 else (value + 1).bit_length()
    return der_element(tag, value.to_bytes(bits // 8 + 1, "big", signed=True))


def der_oid(text: str) -> bytes:
    """OBJECT IDENTIFIER from dotted text."""
    first, second, *rest = map(int, text.split("."))
    content = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return der_element(OID, bytes(content))


def der_octets(content: bytes) -> bytes:
    """OCTET STRING."""
    return der_element(OCTET_STRING, content)


def der_bits(content: bytes) -> bytes:
    """BIT STRING of whole bytes."""
    return der_element(BIT_STRING, b"\x00" + content)


def der_named_bits(numbers: frozenset[int]) -> bytes:
    """BIT STRING of named bits, as short as it may be."""
    if not numbers:
        return der_element(BIT_STRING, b"\x00")
    count = max(numbers) + 1
    size = -(-count // 8)
    value = sum(1 << 8 * size - 1 - number for number in numbers)
    return der_element(BIT_STRING, bytes((8 * size - count,)) + value.to_bytes(size, "big"))


def der_null() -> bytes:
    """NULL."""
    return b"\x05\x00"


def der_utf8(text: str) -> bytes:
    """UTF8String."""
    return der_element(UTF8_STRING, text.encode())


def der_printable(text: str) -> bytes:
    """PrintableString."""
    return der_element(PRINTABLE_STRING, text.encode("ascii"))


def der_ia5(text: str) -> bytes:
    """IA5String."""
    return der_element(IA5_STRING, text.encode("ascii"))


def der_generalized_time(at: datetime) -> bytes:
    """GeneralizedTime in whole seconds, UTC."""
    return der_element(GENERALIZED_TIME, f"{at.astimezone(UTC):%Y%m%d%H%M%SZ}".rjust(15, "0").encode("ascii"))


def der_time(at: datetime) -> bytes:
    """A certificate's time: UTCTime from 1950 to 2049, GeneralizedTime otherwise. Source: RFC 5280, 4.1.2.5."""
    if 1950 <= at.astimezone(UTC).year < 2050:
        return der_element(UTC_TIME, f"{at.astimezone(UTC):%y%m%d%H%M%SZ}".encode("ascii"))
    return der_generalized_time(at)
