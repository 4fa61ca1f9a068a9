"""Distinguished names of certificates. Source: RFC 5280, 4.1.2.4."""

from typing import Final

from pycosign.codec.der import SEQUENCE, DerReader, read_der
from pycosign.errors import MalformedError
from pycosign.record import Record

__all__ = ["NameAttribute", "format_name", "parse_name"]

_STRING_TAGS: Final = {
    0x0C: "utf-8",
    0x13: "ascii",
    0x16: "ascii",
    0x14: "latin-1",
    0x1E: "utf-16-be",
    0x1C: "utf-32-be",
}
_SHORT_NAMES: Final = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "1.2.840.113549.1.9.1": "emailAddress",
}


class NameAttribute(Record):
    """One attribute of a distinguished name."""

    oid: str
    text: str


def parse_name(name_der: bytes, what: str = "name") -> tuple[NameAttribute, ...]:
    """The attributes of a distinguished name, in their order; values that are not text are given in hex.

    Raises: MalformedError: not a Name. Source: RFC 5280, 4.1.2.4.
    """
    attributes: list[NameAttribute] = []
    relative_names = read_der(name_der, SEQUENCE, what)
    while not relative_names.at_end():
        relative_name = relative_names.set_of()
        while not relative_name.at_end():
            fields = relative_name.sequence()
            oid, value = fields.oid(), fields.whole()
            fields.finish()
            attributes.append(NameAttribute(oid, _attribute_text(value, what)))
    return tuple(attributes)


def _attribute_text(value: bytes, what: str) -> str:
    reader = DerReader(value, what)
    encoding = _STRING_TAGS.get(value[0])
    if encoding is None:
        return f"#{value.hex()}"
    try:
        return reader.content(value[0]).decode(encoding)
    except UnicodeDecodeError as exc:
        raise MalformedError(what, "has text that is not well-formed") from exc


def format_name(name_der: bytes) -> str:
    """A distinguished name for people: `CN=sigstore,O=sigstore.dev`, the most specific first.

    Raises: MalformedError: not a Name.
    """
    return ",".join(f"{_SHORT_NAMES.get(oid, oid)}={text}" for oid, text in reversed(parse_name(name_der)))
