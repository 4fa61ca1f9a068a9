"""Our reading of certificates against `cryptography`'s."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosign.codec.der import SEQUENCE, DerReader, read_der
from pycosign.codec.der_writer import der_bits, der_element, der_integer, der_null, der_oid, der_sequence, der_utf8
from pycosign.codec.pem import parse_pem
from pycosign.crypto import certificate as certificate_module
from pycosign.crypto import extensions as ext
from pycosign.crypto.algorithms import scheme_of_oid
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.keys import parse_spki
from pycosign.crypto.names import format_name, parse_name
from pycosign.errors import InvalidSignatureError, MalformedError
from tests.crypto.authority import CODE_SIGNING, NOW, TIME_STAMPING, authority, key_usage, name, signer
from tests.recordings import exchange

KEYS: dict[str, Any] = {
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "rsa": rsa.generate_private_key(65537, 2048),
}
FULCIO = "1.3.6.1.4.1.57264.1."


# ---- shapes that `cryptography` can build ----------------------------------------------------------------------------
ascii_text = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
general_names = st.one_of(
    ascii_text.map(x509.DNSName),
    ascii_text.map(x509.UniformResourceIdentifier),
    st.from_regex(r"[a-z0-9.+_-]{1,8}@[a-z]{1,8}", fullmatch=True).map(x509.RFC822Name),
    st.text(max_size=12).map(lambda text: x509.OtherName(x509.ObjectIdentifier(FULCIO + "7"), der_utf8(text))),
    st.just(x509.IPAddress(ip_address("127.0.0.1"))),
    st.just(x509.DirectoryName(name("directory"))),
    st.just(x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))),
    st.just(x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")),
)
usages = st.lists(st.booleans(), min_size=9, max_size=9).map(
    lambda bits: x509.KeyUsage(
        bits[0], bits[1], bits[2], bits[3], bits[4], bits[5], bits[6], bits[7] and bits[4], bits[8] and bits[4]
    )
)
constraints = st.one_of(
    st.just(x509.BasicConstraints(False, None)),
    st.integers(0, 300).map(lambda length: x509.BasicConstraints(True, length)),
    st.just(x509.BasicConstraints(True, None)),
)
purposes = st.lists(
    st.sampled_from([CODE_SIGNING, TIME_STAMPING, ExtendedKeyUsageOID.OCSP_SIGNING]),
    min_size=1,
    unique=True,
).map(x509.ExtendedKeyUsage)


def fulcio(number: int, text: str) -> x509.UnrecognizedExtension:
    value = text.encode() if number <= 6 else der_utf8(text)
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{FULCIO}{number}"), value)


fulcio_extensions = st.builds(fulcio, st.sampled_from([*range(1, 7), *range(8, 25)]), st.text(max_size=20))
any_extension = st.one_of(
    st.lists(general_names, min_size=1, max_size=4).map(x509.SubjectAlternativeName),
    usages,
    constraints,
    purposes,
    fulcio_extensions,
    st.binary(max_size=20).map(x509.SubjectKeyIdentifier),
    st.binary(max_size=20).map(lambda raw: x509.AuthorityKeyIdentifier(raw, None, None)),
    st.just(x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(name("issuer"))], 7)),
    st.binary(max_size=300).map(lambda raw: x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), raw)),
)
extension_lists = st.lists(
    st.tuples(any_extension, st.booleans()), max_size=8, unique_by=lambda item: item[0].oid.dotted_string
)
moments = st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(9999, 12, 31)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)


@st.composite
def certificates(draw: st.DrawFn) -> x509.Certificate:
    first, second = sorted((draw(moments), draw(moments)))
    issuer = KEYS[draw(st.sampled_from(sorted(KEYS)))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(draw(ascii_text) if draw(st.booleans()) else ""))
        .issuer_name(name(draw(ascii_text)))
        .public_key(KEYS[draw(st.sampled_from(sorted(KEYS)))].public_key())
        .serial_number(draw(st.integers(1, 2**159 - 1)))
        .not_valid_before(first)
        .not_valid_after(second)
    )
    for extension, critical in draw(extension_lists):
        builder = builder.add_extension(extension, critical)
    hash_algorithm = None if isinstance(issuer, ed25519.Ed25519PrivateKey) else hashes.SHA384()
    return builder.sign(issuer, hash_algorithm)


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@settings(max_examples=150)
@given(certificates())
def test_we_read_what_the_other_reader_reads(theirs: x509.Certificate) -> None:
    ours = parse_certificate(der_of(theirs))
    check_same(ours, theirs)
    for private in KEYS.values():
        public = private.public_key()
        key = parse_spki(
            public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        if verifies(theirs, public):
            ours.check_signature(key)
            ours.check_signature(key)  # remembered
        else:
            with pytest.raises(InvalidSignatureError):
                ours.check_signature(key)


def verifies(certificate: x509.Certificate, key: Any) -> bool:
    signed = (certificate.signature, certificate.tbs_certificate_bytes)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(*signed, ec.ECDSA(hashes.SHA384()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(*signed, padding.PKCS1v15(), hashes.SHA384())
        else:
            key.verify(*signed)
    except InvalidSignature:
        return False
    return True


def check_same(ours: Certificate, theirs: x509.Certificate) -> None:
    """Every field and every extension that both know."""
    assert ours.tbs_der == theirs.tbs_certificate_bytes
    assert ours.serial == theirs.serial_number
    assert ours.issuer_der == theirs.issuer.public_bytes()
    assert ours.subject_der == theirs.subject.public_bytes()
    assert (ours.not_before, ours.not_after) == (theirs.not_valid_before_utc, theirs.not_valid_after_utc)
    assert ours.signature == theirs.signature
    assert ours.public_key.spki_der == theirs.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert [(oid, item.critical) for oid, item in ours.extensions.items()] == [
        (item.oid.dotted_string, item.critical) for item in theirs.extensions
    ]
    for item in theirs.extensions:
        check_same_extension(ours, item.value)


def check_same_extension(ours: Certificate, value: x509.ExtensionType) -> None:
    if isinstance(value, x509.BasicConstraints):
        assert (ours.is_ca, ours.path_length) == (value.ca, value.path_length)
    elif isinstance(value, x509.ExtendedKeyUsage):
        assert ours.extended_key_usage == tuple(item.dotted_string for item in value)
    elif isinstance(value, x509.SubjectKeyIdentifier):
        assert ours.subject_key_id == value.digest
    elif isinstance(value, x509.AuthorityKeyIdentifier):
        assert ours.authority_key_id == value.key_identifier
    elif isinstance(value, x509.KeyUsage):
        assert ours.key_usage is not None
        assert ("keyCertSign" in ours.key_usage) == value.key_cert_sign
        assert ("digitalSignature" in ours.key_usage) == value.digital_signature
        assert ("keyAgreement" in ours.key_usage) == value.key_agreement
        if value.key_agreement:
            assert ("decipherOnly" in ours.key_usage) == value.decipher_only
    elif isinstance(value, x509.SubjectAlternativeName):
        check_same_names(ours, value)
    elif isinstance(value, x509.UnrecognizedExtension):
        number = value.oid.dotted_string.removeprefix(FULCIO)
        if number.isdigit() and int(number) in (*range(1, 7), *range(8, 25)):
            text = ours.fulcio_extensions[int(number)]
            assert value.value == (text.encode() if int(number) <= 6 else der_utf8(text))


def check_same_names(ours: Certificate, theirs: x509.SubjectAlternativeName) -> None:
    kinds = {x509.DNSName: "dns", x509.UniformResourceIdentifier: "uri", x509.RFC822Name: "email"}
    assert len(ours.san) == len(list(theirs))
    for mine, other in zip(ours.san, theirs, strict=True):
        if isinstance(other, x509.DNSName | x509.UniformResourceIdentifier | x509.RFC822Name):
            assert mine == (kinds[type(other)], other.value)
        elif isinstance(other, x509.OtherName) and other.type_id.dotted_string == ext.USERNAME_OTHER_NAME:
            assert mine.kind == "other-name"
            assert der_utf8(mine.value) == other.value
        else:
            assert mine.kind.startswith("[")


ROOT = authority("root")
LEAF = signer(ROOT).certificate


# ---- the certificate log's view, names, files ------------------------------------------------------------------------
@pytest.mark.parametrize("exchange_name", ["fulcio-v2-signingCert-cosign3", "fulcio-v2-signingCert-publicKeyRequest"])
def test_fulcios_certificates_are_read_and_lead_to_their_root(exchange_name: str) -> None:
    answer = json.loads(exchange(exchange_name)[1].body)
    pems = answer["signedCertificateEmbeddedSct"]["chain"]["certificates"]
    blocks = parse_pem("\n".join(pems).encode(), what="chain")
    chain = leaf, intermediate, root = tuple(parse_certificate(block.der) for block in blocks)
    for subject, issuer in ((leaf, intermediate), (intermediate, root), (root, root)):
        subject.check_signature(issuer.public_key)
        check_same(subject, x509.load_der_x509_certificate(subject.der))
    assert leaf.san == (("email", "test@example.com"),)
    assert leaf.fulcio_extensions == {1: "http://127.0.0.1:8080", 8: "http://127.0.0.1:8080", 24: "test@example.com"}
    theirs = x509.load_der_x509_certificate(leaf.der)
    assert leaf.tbs_without(ext.SCT_LIST) == theirs.tbs_precertificate_bytes
    assert leaf.sct_list_der is not None
    assert format_name(root.subject_der) == "CN=real-stack root,O=real-stack"
    assert sha256(intermediate.der).digest() in {sha256(item.der).digest() for item in chain}


@pytest.mark.parametrize("sizes", [(1, 1), (90, 90), (200, 40), (40, 70000 - 69000)])
def test_taking_an_extension_out_leaves_what_would_have_been_without_it(sizes: tuple[int, int]) -> None:
    kept, dropped = (
        (x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.3.{place}"), bytes(size)), False)
        for place, size in enumerate(sizes)
    )
    key = ec.generate_private_key(ec.SECP256R1())

    def build(*items: tuple[x509.ExtensionType, bool]) -> Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name("s"))
            .issuer_name(name("i"))
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(NOW)
            .not_valid_after(NOW + timedelta(minutes=10))
        )
        for extension, critical in items:
            builder = builder.add_extension(extension, critical)
        return parse_certificate(der_of(builder.sign(key, hashes.SHA256())))

    assert build(kept, dropped).tbs_without("1.2.3.1") == build(kept).tbs_der
    assert build(dropped, kept).tbs_without("1.2.3.1") == build(kept).tbs_der
    assert build(dropped).tbs_without("1.2.3.1", "9.9") == build().tbs_der
    assert build(kept).tbs_without("1.2.3.1") == build(kept).tbs_der


def test_names_of_several_parts_are_read_in_order() -> None:
    full = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ü"),
            x509.NameAttribute(NameOID.COMMON_NAME, "n"),
        ]
    )
    attributes = parse_name(full.public_bytes())
    assert [item.text for item in attributes] == ["DE", "Ü", "n"]
    assert format_name(full.public_bytes()) == "CN=n,O=Ü,C=DE"


@given(st.binary(max_size=40))
def test_a_bad_name_is_malformed(raw: bytes) -> None:
    for candidate in (raw, der_element(0x30, raw), der_element(0x30, der_element(0x31, raw))):
        with suppress(MalformedError):
            parse_name(candidate)


def test_equal_certificates_are_equal_and_hashable() -> None:
    again = parse_certificate(LEAF.der, "other name")
    assert again == LEAF
    assert len({again, LEAF, ROOT.certificate}) == 2
    assert LEAF.der != LEAF
    assert key_usage(sign=True).digital_signature


@pytest.mark.parametrize("seconds", [0, 300, 600])
def test_validity_includes_both_ends(seconds: int) -> None:
    assert LEAF.valid_at(LEAF.not_before + timedelta(seconds=seconds))


def test_validity_ends_a_second_later() -> None:
    second = timedelta(seconds=1)
    assert not LEAF.valid_at(LEAF.not_before - second)
    assert not LEAF.valid_at(LEAF.not_after + second)


def test_what_is_known_without_reading_is_what_reading_gives() -> None:
    for value, names in ext._USUAL_KEY_USAGES.items():
        assert {ext.KEY_USAGE_BITS[number] for number in DerReader(value, "test").named_bits()} == names
    for value, usages in ext._USUAL_EXTENDED_KEY_USAGES.items():
        assert (read_der(value, SEQUENCE, "test").oid(),) == usages
    for value, hash_name in certificate_module._ECDSA_HASHES.items():
        algorithm = read_der(value, SEQUENCE, "test")
        assert scheme_of_oid(algorithm.oid(), "test") == ("ecdsa", hash_name, False)
        algorithm.finish()
    identifier = bytes(range(20))
    named = ext._USUAL_AUTHORITY_KEY_ID + identifier
    assert ext.parse_authority_key_id(named, "test") == identifier
    assert read_der(named, SEQUENCE, "test").content(0x80) == identifier


# ---- signature algorithms --------------------------------------------------------------------------------------------
def with_parameters(parameters: bytes) -> Certificate:
    """A root whose RSA signature's algorithm has these parameters."""
    algorithm = der_sequence(der_oid("1.2.840.113549.1.1.11"), parameters)
    tbs = read_der(authority("root", key=KEYS["rsa"]).certificate.tbs_der, SEQUENCE, "test")
    parts = [tbs.whole() for _ in range(8)]
    tbs.finish()
    edited = der_sequence(*parts[:2], algorithm, *parts[3:])
    signature = KEYS["rsa"].sign(edited, padding.PKCS1v15(), hashes.SHA256())
    return parse_certificate(der_sequence(edited, algorithm, der_bits(signature)))


@pytest.mark.parametrize("parameters", [b"", der_null()], ids=["absent", "NULL"])
def test_rsa_algorithms_have_null_or_nothing(parameters: bytes) -> None:
    """RFC 4055, 5: it is to be NULL, and readers must take both."""
    root = with_parameters(parameters)
    root.check_signature(root.public_key)


@pytest.mark.parametrize("parameters", [der_integer(0), der_null() * 2, b"\x05\x01\x00"])
def test_rsa_algorithms_have_no_other_parameters(parameters: bytes) -> None:
    root = with_parameters(parameters)
    with pytest.raises(MalformedError):
        root.check_signature(root.public_key)
