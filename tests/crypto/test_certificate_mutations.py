"""Certificates with flipped bits, spliced bytes and wrong structures: refused, and by nothing but our own errors."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosign.codec.der import DerReader, oid_text
from pycosign.codec.der_writer import der_element, der_octets, der_utf8
from pycosign.crypto import extensions as ext
from pycosign.crypto.certificate import Certificate, _split_extension, parse_certificate
from pycosign.crypto.names import format_name
from pycosign.errors import InvalidSignatureError, MalformedError
from tests.crypto.authority import authority, signer
from tests.crypto.test_certificate import check_same, fulcio

# ---- mutations -------------------------------------------------------------------------------------------------------
ROOT = authority("root")
LEAF = signer(
    ROOT,
    extra=[
        (fulcio(1, "https://issuer.example"), False),
        (fulcio(8, "https://issuer.example"), False),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier(ext.SCT_LIST), der_octets(b"\x00\x00")), False),
    ],
).certificate
PROPERTIES: tuple[Callable[[Certificate], object], ...] = (
    lambda c: c.public_key,
    lambda c: c.basic_constraints,
    lambda c: c.key_usage,
    lambda c: c.extended_key_usage,
    lambda c: c.subject_key_id,
    lambda c: c.authority_key_id,
    lambda c: c.san,
    lambda c: c.fulcio_extensions,
    lambda c: format_name(c.subject_der),
    lambda c: format_name(c.issuer_der),
    lambda c: c.tbs_without(ext.SCT_LIST),
    repr,
)


def read_everything(der: bytes) -> Certificate:
    """Raises MalformedError, or returns a certificate all of whose properties can be read."""
    certificate = parse_certificate(der)
    for read in PROPERTIES:
        read(certificate)
    with suppress(InvalidSignatureError):  # the signature algorithm is read here
        certificate.check_signature(ROOT.certificate.public_key)
    return certificate


def flip(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_no_flipped_bit_is_accepted_or_lets_another_exception_out() -> None:
    key = ROOT.certificate.public_key
    LEAF.check_signature(key)
    for bit in range(8 * len(LEAF.der)):
        changed = flip(LEAF.der, bit)
        with suppress(MalformedError):
            read_everything(changed)
        with pytest.raises((MalformedError, InvalidSignatureError)):
            parse_certificate(changed).check_signature(key)


@settings(max_examples=300)
@given(st.integers(0, 8 * len(LEAF.der) - 1), st.integers(0, 8 * len(LEAF.der) - 1))
def test_what_we_accept_the_other_reader_accepts_with_the_same_meaning(first: int, second: int) -> None:
    changed = flip(flip(LEAF.der, first), second)
    try:
        ours = read_everything(changed)
    except MalformedError:
        return
    if "#" in format_name(ours.issuer_der):
        return  # a string of a type that only we let pass: names are compared, not read
    theirs = x509.load_der_x509_certificate(changed)
    try:
        assert len(theirs.extensions) == len(ours.extensions)
    except ValueError:  # a flipped OID has become an extension that only they know
        strange = ours.extensions.keys() - LEAF.extensions.keys()
        unread = any(item.kind.startswith("[") for item in ours.san)  # names that match no identity
        assert strange or unread or ours.sct_list_der != LEAF.sct_list_der  # the list is read in wire/sct.py
        return
    check_same(ours, theirs)


@given(st.binary(max_size=100), st.integers(0, len(LEAF.der)), st.integers(0, 30))
def test_spliced_bytes_let_no_other_exception_out(extra: bytes, at: int, cut: int) -> None:
    with suppress(MalformedError):
        read_everything(LEAF.der[:at] + extra + LEAF.der[at + cut :])
    with suppress(MalformedError):
        read_everything(extra)


def replaced(old: bytes, new: bytes) -> bytes:
    """LEAF with one element replaced, and all lengths around it corrected."""
    assert LEAF.der.count(old) == 1
    return grow(LEAF.der, LEAF.der.index(old), old, new)


def grow(der: bytes, at: int, old: bytes, new: bytes) -> bytes:
    """Rebuild the element `der`, going down to the one that holds the replaced bytes."""
    if at == 0 and der == old:
        return new
    head = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    content, begin = b"", head
    if not head <= at:
        raise AssertionError("the replaced bytes are not an element")
    while begin < len(der):
        length, child_head = der[begin + 1], 2
        if length & 0x80:
            child_head += length & 0x7F
            length = int.from_bytes(der[begin + 2 : begin + child_head], "big")
        end = begin + child_head + length
        child = der[begin:end]
        content += grow(child, at - begin, old, new) if begin <= at < end else child
        begin = end
    return der_element(der[0], content)


VERSION = bytes.fromhex("a003020102")
KEY_USAGE_DER = bytes.fromhex("300e0603551d0f0101ff040403020780")
EKU_DER = bytes.fromhex("30130603551d25040c300a06082b06010505070303")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (VERSION, bytes.fromhex("a003020101")),
        (VERSION, bytes.fromhex("a003020100")),
        (VERSION, bytes.fromhex("a003020103")),
        (VERSION, b""),
        (VERSION, bytes.fromhex("a006020102020102")),
        (KEY_USAGE_DER, bytes.fromhex("300e0603551d0f010101040403020780")),
        (EKU_DER, bytes.fromhex("30160603551d25010100040c300a06082b06010505070303")),
        (EKU_DER, KEY_USAGE_DER),
        (EKU_DER, EKU_DER * 70),
        (EKU_DER, EKU_DER + bytes.fromhex("0500")),
    ],
    ids=[
        "version 2",
        "version 1 written out",
        "version 4",
        "extensions in version 1",
        "two versions",
        "critical is neither",
        "critical false written out",
        "an extension twice",
        "an extension many times",
        "something after an extension",
    ],
)
def test_a_bad_structure_is_refused(old: bytes, new: bytes) -> None:
    assert parse_certificate(replaced(old, old)) == LEAF
    with pytest.raises(MalformedError):
        parse_certificate(replaced(old, new))


def test_too_long_a_certificate_is_refused_unread() -> None:
    with pytest.raises(MalformedError, match="longer"):
        parse_certificate(LEAF.der + bytes(1 << 16))


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        (ext.parse_basic_constraints, "3003010100"),
        (ext.parse_basic_constraints, "3003020100"),
        (ext.parse_basic_constraints, "30060101ff0201ff"),
        (ext.parse_basic_constraints, "30000000"),
        (ext.parse_key_usage, "03020700"),
        (ext.parse_key_usage, "030205a0" + "00"),
        (ext.parse_key_usage, "0303060040"),
        (ext.parse_extended_key_usage, "3000"),
        (ext.parse_extended_key_usage, "30020500"),
        (ext.parse_subject_key_id, "0500"),
        (ext.parse_authority_key_id, "3003820101" + "00"),
        (ext.parse_alternative_names, "3000"),
        (ext.parse_alternative_names, "30038101ff"),
        (ext.parse_alternative_names, "3003890161"),
        (ext.parse_alternative_names, "30020500"),
    ],
)
def test_a_bad_extension_is_refused(parse: Callable[[bytes, str], object], value: str) -> None:
    with pytest.raises(MalformedError):
        parse(bytes.fromhex(value), "certificate")


@pytest.mark.parametrize(
    ("number", "value"), [(1, b"\xff"), (8, b"text"), (8, b"\x0c\x01\xff"), (8, der_utf8("a") + b"\x00")]
)
def test_a_bad_fulcio_extension_is_refused(number: int, value: bytes) -> None:
    with pytest.raises(MalformedError):
        ext.parse_fulcio_extension(number, value, "certificate")


def split_by_reader(raw: bytes) -> tuple[str, bool, bytes]:
    """An extension's content, element by element: what `_split_extension` must equal."""
    fields = DerReader(raw, "test")
    oid, critical = fields.oid(), fields.next_is(0x01)
    if critical and not fields.boolean():
        raise MalformedError("test", "writes out a default")
    value = fields.octets()
    fields.finish()
    return oid, critical, value


LENGTHS = st.sampled_from([0, 1, 2, 5, 0x7E, 0x7F, 0x80, 0x81, 0x82, 0xFF])
ELEMENTS = st.builds(
    lambda tag, length, content: bytes((tag, len(content) if length is None else length)) + content,
    st.sampled_from([0x01, 0x04, 0x06, 0x30]),
    st.one_of(st.none(), LENGTHS),
    st.one_of(st.just(b"\xff"), st.just(b"\x55\x1d\x0f"), st.binary(max_size=4), st.just(bytes(130))),
)


@given(
    st.one_of(st.lists(ELEMENTS, max_size=4).map(b"".join), st.binary(max_size=8)), st.binary(max_size=3), st.booleans()
)
def test_an_extension_is_split_as_a_reader_would(raw: bytes, before: bytes, is_last: bool) -> None:
    tbs, begin = before + raw + (b"" if is_last else b"\x04\x00\x00"), len(before)
    end = begin + len(raw)

    def split() -> tuple[str, bool, bytes]:
        oid, critical, value_at = _split_extension(tbs, "test", begin, end)
        return oid_text(oid, "test"), critical, tbs[value_at:end]

    try:
        wanted = split_by_reader(raw)
    except MalformedError:
        with pytest.raises(MalformedError):
            split()
    else:
        assert split() == wanted
