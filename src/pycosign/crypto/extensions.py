"""The values of those certificate extensions that Sigstore uses. Sources: RFC 5280, 4.2; Fulcio's OID register.

Every function takes the content of `extnValue` and raises MalformedError.
"""

from typing import Final

from pycosign.codec.der import SEQUENCE, UTF8_STRING, DerReader, read_der
from pycosign.errors import MalformedError
from pycosign.limits import CERTIFICATE_NAMES
from pycosign.record import Record

__all__ = [
    "AUTHORITY_KEY_ID",
    "BASIC_CONSTRAINTS",
    "CODE_SIGNING",
    "CT_POISON",
    "EXTENDED_KEY_USAGE",
    "FULCIO_ARC",
    "KEY_USAGE",
    "KEY_USAGE_BITS",
    "NAME_CONSTRAINTS",
    "SCT_LIST",
    "SUBJECT_ALT_NAME",
    "SUBJECT_KEY_ID",
    "TIME_STAMPING",
    "USERNAME_OTHER_NAME",
    "AlternativeName",
    "BasicConstraints",
    "parse_alternative_names",
    "parse_authority_key_id",
    "parse_basic_constraints",
    "parse_extended_key_usage",
    "parse_fulcio_extension",
    "parse_general_name",
    "parse_key_usage",
    "parse_subject_key_id",
    "text_names",
]

SUBJECT_KEY_ID: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
SUBJECT_ALT_NAME: Final = "2.5.29.17"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
NAME_CONSTRAINTS: Final = "2.5.29.30"
AUTHORITY_KEY_ID: Final = "2.5.29.35"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
SCT_LIST: Final = "1.3.6.1.4.1.11129.2.4.2"
CT_POISON: Final = "1.3.6.1.4.1.11129.2.4.3"
FULCIO_ARC: Final = "1.3.6.1.4.1.57264.1."
USERNAME_OTHER_NAME: Final = "1.3.6.1.4.1.57264.1.7"

CODE_SIGNING: Final = "1.3.6.1.5.5.7.3.3"
TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"

KEY_USAGE_BITS: Final = (
    "digitalSignature",
    "contentCommitment",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
# What nearly every certificate of Sigstore has, read already: a test holds that it is what the readers below give.
_USUAL_KEY_USAGES: Final = {
    b"\x03\x02\x07\x80": frozenset(("digitalSignature",)),
    b"\x03\x02\x01\x06": frozenset(("keyCertSign", "cRLSign")),
}
_USUAL_EXTENDED_KEY_USAGES: Final = {
    b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x03": (CODE_SIGNING,),
    b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x08": (TIME_STAMPING,),
}
_USUAL_AUTHORITY_KEY_ID: Final = b"\x30\x16\x80\x14"  # then the 20 bytes of a SHA-1
_NAME_KINDS: Final = {0x81: "email", 0x82: "dns", 0x86: "uri"}
_OTHER_NAME_TAGS: Final = (0xA0, 0xA3, 0xA4, 0xA5, 0x87, 0x88)  # other, X.400, directory, EDI, address, registered


class BasicConstraints(Record):
    """Whether the certificate may sign others, and how many more below it may."""

    is_ca: bool
    path_length: int | None  # None: no bound


class AlternativeName(Record):
    """One subject alternative name."""

    kind: str  # "email", "uri", "dns", "other-name" (Fulcio's user names); any other: its tag as "[4]"
    value: str  # text; of other kinds: the element in hex


def parse_basic_constraints(value: bytes, what: str) -> BasicConstraints:
    """cA and pathLenConstraint; the default FALSE must not be written out. RFC 5280, 4.2.1.9."""
    fields = read_der(value, SEQUENCE, f"{what} basic constraints")
    is_ca = False
    if fields.next_is(0x01):
        is_ca = fields.boolean()
        if not is_ca:
            raise MalformedError(fields.what, "write out a default")
    path_length = None if fields.at_end() else fields.bounded_integer()
    fields.finish()
    if path_length is not None and (path_length < 0 or not is_ca):
        raise MalformedError(fields.what, "have a path length that means nothing")
    return BasicConstraints(is_ca, path_length)


def parse_key_usage(value: bytes, what: str) -> frozenset[str]:
    """The names of the bits that are set, as in `KEY_USAGE_BITS`. RFC 5280, 4.2.1.3."""
    if value in _USUAL_KEY_USAGES:
        return _USUAL_KEY_USAGES[value]
    reader = DerReader(value, f"{what} key usage")
    numbers = reader.named_bits()
    reader.finish()
    if any(number >= len(KEY_USAGE_BITS) for number in numbers):
        raise MalformedError(reader.what, "has bits without a name")
    return frozenset(KEY_USAGE_BITS[number] for number in numbers)


def parse_extended_key_usage(value: bytes, what: str) -> tuple[str, ...]:
    """One or more OIDs. RFC 5280, 4.2.1.12."""
    if value in _USUAL_EXTENDED_KEY_USAGES:
        return _USUAL_EXTENDED_KEY_USAGES[value]
    fields = read_der(value, SEQUENCE, f"{what} extended key usage")
    usages: list[str] = []
    while not fields.at_end():
        usages.append(fields.oid())
    if not usages:
        raise MalformedError(fields.what, "is empty")
    return tuple(usages)


def parse_subject_key_id(value: bytes, what: str) -> bytes:
    """The key's identifier, of any length. RFC 5280, 4.2.1.2."""
    reader = DerReader(value, f"{what} subject key identifier")
    identifier = reader.octets()
    reader.finish()
    return identifier


def parse_authority_key_id(value: bytes, what: str) -> bytes | None:
    """The issuer's key identifier, if that is how the issuer is named. RFC 5280, 4.2.1.1."""
    if len(value) == 24 and value.startswith(_USUAL_AUTHORITY_KEY_ID):
        return value[4:]
    fields = read_der(value, SEQUENCE, f"{what} authority key identifier")
    identifier = fields.content(0x80) if fields.next_is(0x80) else None
    if fields.next_is(0xA1):  # the issuer's name, and then its serial number too: not used to find it
        fields.content(0xA1)
        fields.integer(0x82)
    fields.finish()
    return identifier


def parse_alternative_names(value: bytes, what: str) -> tuple[AlternativeName, ...]:
    """One or more names, in their order. RFC 5280, 4.2.1.6."""
    fields = read_der(value, SEQUENCE, f"{what} subject alternative name")
    names: list[AlternativeName] = []
    while not fields.at_end():
        if len(names) == CERTIFICATE_NAMES:
            raise MalformedError(fields.what, f"has more than {CERTIFICATE_NAMES} names")
        names.append(parse_general_name(fields))
    if not names:
        raise MalformedError(fields.what, "is empty")
    return tuple(names)


def text_names(names: tuple[AlternativeName, ...]) -> tuple[str, ...]:
    """The names that are text, in their order: no address, no directory name."""
    return tuple(item.value for item in names if not item.kind.startswith("["))


def parse_general_name(fields: DerReader) -> AlternativeName:
    """The next element, a GeneralName. RFC 5280, 4.2.1.6."""
    tag = fields.next_tag()
    if tag in _NAME_KINDS:
        try:
            return AlternativeName(_NAME_KINDS[tag], fields.content(tag).decode("ascii"))
        except UnicodeDecodeError as exc:
            raise MalformedError(fields.what, "has a name that is not ASCII") from exc
    if tag not in _OTHER_NAME_TAGS:
        raise MalformedError(fields.what, "has a name of an unknown kind")
    whole = fields.whole()
    if tag == 0xA0:
        other = read_der(whole, tag, fields.what)
        oid, explicit = other.oid(), other.context(0)
        other.finish()
        if oid == USERNAME_OTHER_NAME:
            text = explicit.text(UTF8_STRING)
            explicit.finish()
            return AlternativeName("other-name", text)
    return AlternativeName(f"[{tag & 0x1F}]", whole.hex())


def parse_fulcio_extension(number: int, value: bytes, what: str) -> str:
    """The text of extension 1.3.6.1.4.1.57264.1.N: 1 to 6 hold it as it is, 8 and up as a UTF8String."""
    if number <= 6:
        try:
            return value.decode()
        except UnicodeDecodeError as exc:
            raise MalformedError(f"{what} Fulcio extension {number}", "is not UTF-8") from exc
    try:
        if value[0] == UTF8_STRING and value[1] < 0x80 and len(value) == value[1] + 2:  # nearly every one
            return value[2:].decode()
    except (IndexError, UnicodeDecodeError):
        pass  # said below, with its name
    reader = DerReader(value, f"{what} Fulcio extension {number}")
    text = reader.text(UTF8_STRING)
    reader.finish()
    return text
