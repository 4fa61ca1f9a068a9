"""RFC 3161: what we build is what the real server builds and what other verifiers accept; what we read is strict."""

import json
import shutil
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha384, sha512
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosign.codec.der_writer import der_boolean, der_context, der_element, der_integer, der_oid, der_sequence
from pycosign.codec.pem import parse_pem
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.extensions import TIME_STAMPING
from pycosign.crypto.path import build_path
from pycosign.errors import InvalidSignatureError, MalformedError, UsageError
from pycosign.wire.tsp import (
    SHA256_OID,
    SHA384_OID,
    SHA512_OID,
    TimestampRequest,
    format_imprint,
    format_request,
    parse_request,
    parse_response,
    response_status,
)
from pycosign.wire.tsp_response import SIGSTORE_TSA_POLICY, AuthorityCertificate, TokenTemplate, format_response
from tests.crypto import authority as make
from tests.crypto.authority import NOW, Issued, authority, signer
from tests.recordings import exchange

CHAIN = tuple(parse_certificate(block.der) for block in parse_pem(exchange("tsa-certchain")[1].body, what="chain"))
GRANTED = ["tsa-nonce-certreq", "tsa-json-request", "tsa-no-certreq", "tsa-sha512", "tsa-timestamp-cosign3"]
MESSAGE = b"a signature"

ROOT = authority("tsa root")
TSA = signer(ROOT, "tsa", purposes=[make.TIME_STAMPING], purposes_critical=True)


def template(certificate: Certificate, **options: Any) -> TokenTemplate:
    return TokenTemplate(
        AuthorityCertificate(certificate.der, certificate.issuer_der, certificate.subject_der, certificate.serial),
        **options,
    )


def ecdsa(issued: Issued, message: bytes) -> bytes:
    signature: bytes = issued.key.sign(message, ec.ECDSA(hashes.SHA256()))
    return signature


def grant(request: TimestampRequest, *, at: datetime = NOW, serial: int = 77) -> bytes:
    return format_response(
        request, template(TSA.certificate), serial=serial, at=at, sign=lambda message: ecdsa(TSA, message)
    )


REQUEST = TimestampRequest(sha256(MESSAGE).digest(), nonce=4242, certificates=True)
RESPONSE = grant(REQUEST)


def flip(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# ---- the real server -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", GRANTED)
def test_we_build_what_the_real_server_built_byte_for_byte(name: str) -> None:
    recorded = exchange(name)[1].body
    token = parse_response(recorded)
    request = TimestampRequest(token.imprint, token.hash_oid, token.nonce, bool(token.certificates_der))
    ours = format_response(
        request, template(CHAIN[0]), serial=token.serial, at=token.gen_time, sign=lambda message: token.signature
    )
    assert ours == recorded


@pytest.mark.parametrize("name", GRANTED)
def test_the_real_servers_tokens_say_what_was_asked_and_verify(name: str) -> None:
    asked, answered = exchange(name)
    token = parse_response(answered.body)
    if name != "tsa-json-request":
        request = parse_request(asked.body)
        assert format_request(request) == asked.body
        assert (request.imprint, request.hash_oid, request.nonce) == (token.imprint, token.hash_oid, token.nonce)
        assert request.certificates == bool(token.certificates_der)
    else:
        assert token.nonce == json.loads(asked.body)["nonce"]
    leaf = CHAIN[0]
    assert (token.status, token.policy, token.accuracy_microseconds) == (0, SIGSTORE_TSA_POLICY, 1_000_000)
    assert (token.signer_issuer_der, token.signer_serial) == (leaf.issuer_der, leaf.serial)
    assert token.tsa_der == der_context(4, leaf.subject_der)
    assert token.signing_time == token.gen_time
    assert token.message_digest == sha256(token.e_content).digest()
    assert token.ess_certificate_hash in (sha256(leaf.der).digest(), sha512(leaf.der).digest())
    leaf.public_key.verify(token.signature, token.signed_attrs_der, hash_name="sha256")
    build_path(leaf, CHAIN[1:2], CHAIN[2:], at=token.gen_time, eku=TIME_STAMPING)


def test_an_error_page_is_not_a_timestamp() -> None:
    with pytest.raises(MalformedError):
        parse_response(exchange("tsa-error-400-sha1")[1].body)


# ---- other verifiers -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("digest", "oid"),
    [
        (sha256(MESSAGE).digest(), REQUEST.hash_oid),
        (sha384(MESSAGE).digest(), SHA384_OID),
        (sha512(MESSAGE).digest(), SHA512_OID),
    ],
    ids=["sha256", "sha384", "sha512"],
)
def test_rfc3161_client_accepts_what_we_build(digest: bytes, oid: str) -> None:
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response

    at = datetime.now(UTC)
    window: dict[str, Any] = {"not_before": at - timedelta(hours=1), "not_after": at + timedelta(hours=1)}
    root = authority("tsa root", **window)
    leaf = signer(root, "tsa", purposes=[make.TIME_STAMPING], purposes_critical=True, **window)
    request = TimestampRequest(digest, oid, 99, True)
    answer = format_response(
        request, template(leaf.certificate), serial=2**158, at=at, sign=lambda message: ecdsa(leaf, message)
    )
    builder = VerifierBuilder().nonce(99).policy_id(x509.ObjectIdentifier(SIGSTORE_TSA_POLICY))
    builder = builder.tsa_certificate(x509.load_der_x509_certificate(leaf.certificate.der))
    verifier = builder.add_root_certificate(x509.load_der_x509_certificate(root.certificate.der)).build()
    decoded = decode_timestamp_response(answer)
    assert verifier.verify(decoded, digest)
    assert decoded.tst_info.serial_number == 2**158
    theirs = TimestampRequestBuilder().data(MESSAGE).hash_algorithm(HashAlgorithm.SHA512).build()
    asked = parse_request(theirs.as_bytes())
    assert (asked.imprint, asked.certificates) == (sha512(MESSAGE).digest(), True)
    assert format_request(asked) == theirs.as_bytes()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")
@pytest.mark.parametrize("certificates", [True, False])
def test_openssl_accepts_what_we_build(tmp_path: Path, certificates: bool) -> None:
    at = datetime.now(UTC)
    window: dict[str, Any] = {"not_before": at - timedelta(hours=1), "not_after": at + timedelta(hours=1)}
    root = authority("tsa root", **window)
    leaf = signer(root, "tsa", purposes=[make.TIME_STAMPING], purposes_critical=True, **window)
    (tmp_path / "data").write_bytes(MESSAGE)
    (tmp_path / "root.pem").write_bytes(root.certificate.pem())
    (tmp_path / "leaf.pem").write_bytes(leaf.certificate.pem())
    query = ["openssl", "ts", "-query", "-data", "data", "-sha256", "-out", "request.tsq"]
    subprocess.run([*query, *(["-cert"] if certificates else [])], cwd=tmp_path, check=True, capture_output=True)
    request = parse_request((tmp_path / "request.tsq").read_bytes())
    assert request.certificates == certificates
    answer = format_response(
        request, template(leaf.certificate), serial=5, at=at, sign=lambda message: ecdsa(leaf, message)
    )
    (tmp_path / "response.tsr").write_bytes(answer)
    verify = ["openssl", "ts", "-verify", "-in", "response.tsr", "-queryfile", "request.tsq", "-CAfile", "root.pem"]
    done = subprocess.run(
        [*verify, "-untrusted", "leaf.pem"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Verification: OK" in done.stdout, done.stdout + done.stderr


# ---- requests --------------------------------------------------------------------------------------------------------
requests = st.builds(
    TimestampRequest,
    st.binary(min_size=32, max_size=32),
    st.just(SHA256_OID),
    nonce=st.one_of(st.none(), st.integers(-(2**64), 2**160)),
    certificates=st.booleans(),
    policy=st.one_of(st.none(), st.just(SIGSTORE_TSA_POLICY)),
)


@given(requests)
def test_requests_come_back(request: TimestampRequest) -> None:
    assert parse_request(format_request(request)) == request


@pytest.mark.parametrize("bit", range(8 * len(format_request(REQUEST))))
def test_every_flipped_bit_of_a_request_is_seen(bit: int) -> None:
    changed = flip(format_request(REQUEST), bit)
    with suppress(MalformedError):
        assert parse_request(changed) != REQUEST


@given(st.binary(max_size=100))
def test_nothing_but_malformed_escapes_from_nonsense(raw: bytes) -> None:
    for parse in (parse_request, parse_response, response_status):
        for candidate in (raw, der_element(0x30, raw), der_sequence(der_integer(1), raw)):
            with suppress(MalformedError):
                parse(candidate)


IMPRINT = format_imprint(REQUEST.hash_oid, REQUEST.imprint)


@pytest.mark.parametrize(
    "der",
    [
        der_sequence(der_integer(2), IMPRINT),
        der_sequence(der_integer(1), IMPRINT, der_boolean(False)),
        der_sequence(der_integer(1), IMPRINT, der_integer(1 << 600)),
        der_sequence(der_integer(1), format_imprint(REQUEST.hash_oid, bytes(20))),
        der_sequence(der_integer(1), format_imprint(SHA384_OID, bytes(32))),
        der_sequence(der_integer(1), IMPRINT, der_boolean(True), der_boolean(True)),
        der_sequence(der_integer(1), IMPRINT) + b"\x00",
    ],
    ids=["version", "default", "nonce", "digest length", "other digest length", "twice", "trailing"],
)
def test_a_bad_request_is_refused(der: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_request(der)


def test_an_extension_in_a_request_has_its_own_code() -> None:
    extension = der_sequence(der_oid("1.2.3"), der_element(0x04, b""))
    with pytest.raises(MalformedError) as caught:
        parse_request(der_sequence(der_integer(1), IMPRINT, der_context(0, extension)))
    assert caught.value.code == "timestamp.unknown-extension"


# ---- responses -------------------------------------------------------------------------------------------------------
def test_a_status_of_thousands_of_digits_is_refused() -> None:
    """Python does not write such a number, and the refusal names the status."""
    for read in (parse_response, response_status):
        with pytest.raises(MalformedError):
            read(der_sequence(der_sequence(der_integer(1 << 20_000))))


@settings(max_examples=25)
@given(requests, st.integers(1, 2**159), st.datetimes(datetime(1970, 1, 1), datetime(2049, 12, 31)))
def test_what_we_grant_we_read(request: TimestampRequest, serial: int, at: datetime) -> None:
    moment = at.replace(tzinfo=UTC)
    token = parse_response(grant(request, at=moment, serial=serial))
    assert (token.imprint, token.nonce, token.serial) == (request.imprint, request.nonce, serial)
    assert token.gen_time == token.signing_time == moment.replace(microsecond=0)
    assert token.certificates_der == ((TSA.certificate.der,) if request.certificates else ())
    TSA.certificate.public_key.verify(token.signature, token.signed_attrs_der)


def test_every_flipped_bit_of_a_response_is_refused_or_not_signed() -> None:
    """The certificates and the signer's and algorithms' names are not signed; everything else is."""
    key = TSA.certificate.public_key
    good = parse_response(RESPONSE)
    unsigned = ("certificates_der", "signature_oid", "digest_oid", "signer_issuer_der", "signer_serial")
    for bit in range(8 * len(RESPONSE)):
        try:
            token = parse_response(flip(RESPONSE, bit))
        except MalformedError:
            continue
        changed = [name for name in good._fields if getattr(good, name) != getattr(token, name)]
        assert changed, f"bit {bit} does not matter"
        if not set(changed) <= set(unsigned):
            digest_ok = sha256(token.e_content).digest() == token.message_digest
            assert not (digest_ok and verifies(key, token.signature, token.signed_attrs_der))


def verifies(key: Any, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignatureError:
        return False
    return True


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5])
def test_what_is_not_granted_has_its_own_code(status: int) -> None:
    refused = der_sequence(der_sequence(der_integer(status), der_sequence(), der_element(0x03, b"\x05\x20")))
    assert response_status(refused) == status
    with pytest.raises(MalformedError) as caught:
        parse_response(refused)
    assert caught.value.code == "timestamp.not-granted"


def test_a_granted_response_without_a_token_is_refused() -> None:
    empty = der_sequence(der_sequence(der_integer(0)))
    assert response_status(empty) == 0
    with pytest.raises(MalformedError):
        parse_response(empty)


def test_too_long_a_response_is_refused_unread() -> None:
    with pytest.raises(MalformedError, match="longer"):
        parse_response(RESPONSE + bytes(1 << 16))


def test_other_hashes_are_not_stamped() -> None:
    with pytest.raises(UsageError):
        grant(TimestampRequest(bytes(20), "1.3.14.3.2.26"))
    certificate = AuthorityCertificate(b"", b"", b"", 1, "sha1")
    with pytest.raises(UsageError):
        TokenTemplate(certificate)


def test_a_chain_can_be_sent_along() -> None:
    chain = (TSA.certificate.der, ROOT.certificate.der)
    answer = format_response(
        REQUEST,
        template(TSA.certificate, chain_der=chain),
        serial=1,
        at=NOW,
        sign=lambda message: ecdsa(TSA, message),
    )
    assert sorted(parse_response(answer).certificates_der) == sorted(chain)


def test_a_larger_curve_signs_with_its_own_hash() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    certificate = TSA.certificate
    with_384 = AuthorityCertificate(
        certificate.der, certificate.issuer_der, certificate.subject_der, certificate.serial, "sha384"
    )
    answer = format_response(
        REQUEST,
        TokenTemplate(with_384),
        serial=1,
        at=NOW,
        sign=lambda message: key.sign(message, ec.ECDSA(hashes.SHA384())),
    )
    token = parse_response(answer)
    assert (token.digest_oid, token.signature_oid) == (SHA384_OID, "1.2.840.10045.4.3.3")
    assert token.message_digest == sha384(token.e_content).digest()
    key.public_key().verify(token.signature, token.signed_attrs_der, ec.ECDSA(hashes.SHA384()))
