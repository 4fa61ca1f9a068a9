"""RSASSA-PSS: in certificates with the parameters that RFC 4055 names, and over digests."""

import hashlib
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.der import DerReader
from pycosign.codec.der_writer import der_context, der_integer, der_null, der_oid, der_sequence
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.keys import parse_spki
from pycosign.crypto.pss import parse_pss_parameters
from pycosign.crypto.signers import LocalSigner
from pycosign.errors import InvalidSignatureError, MalformedError, UsageError
from tests.crypto.authority import authority, certify

HASHES: tuple[tuple[str, hashes.HashAlgorithm, str], ...] = (
    ("sha256", hashes.SHA256(), "2.16.840.1.101.3.4.2.1"),
    ("sha384", hashes.SHA384(), "2.16.840.1.101.3.4.2.2"),
    ("sha512", hashes.SHA512(), "2.16.840.1.101.3.4.2.3"),
)
SHA256_OID, SHA384_OID, SHA1_OID = HASHES[0][2], HASHES[1][2], "1.3.14.3.2.26"
MGF1_OID = "1.2.840.113549.1.1.8"


@cache
def rsa_key() -> Any:
    return rsa.generate_private_key(65537, 2048)


def pss(algorithm: hashes.HashAlgorithm, salt: int | None = None) -> padding.PSS:
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size if salt is None else salt)


@pytest.mark.parametrize(("name", "algorithm", "oid"), HASHES)
def test_a_certificate_that_is_signed_with_pss_is_checked(name: str, algorithm: hashes.HashAlgorithm, oid: str) -> None:
    issuer = authority("root", key=rsa_key())
    leaf = certify("leaf", issuer, algorithm=algorithm, rsa_padding=pss(algorithm)).certificate
    leaf.check_signature(issuer.certificate.public_key)
    stranger = certify("leaf", authority("root", key=rsa.generate_private_key(65537, 2048)))
    with pytest.raises(InvalidSignatureError):
        parse_certificate(leaf.der).check_signature(stranger.certificate.public_key)
    other = bytearray(leaf.der)
    other[-1] ^= 1
    with pytest.raises(InvalidSignatureError):
        parse_certificate(bytes(other)).check_signature(issuer.certificate.public_key)


def test_a_salt_of_another_length_is_refused() -> None:
    issuer = authority("root", key=rsa_key())
    for length, words in ((20, "leaves out"), (31, "salt of 31 bytes"), (48, "salt of 48 bytes")):
        leaf = certify("leaf", issuer, rsa_padding=pss(hashes.SHA256(), length)).certificate
        with pytest.raises(MalformedError, match=words):
            leaf.check_signature(issuer.certificate.public_key)


def test_pss_is_not_checked_with_another_kind_of_key() -> None:
    leaf = certify("leaf", authority("root", key=rsa_key()), rsa_padding=pss(hashes.SHA256())).certificate
    with pytest.raises(InvalidSignatureError, match="another kind of key"):
        leaf.check_signature(authority("root").certificate.public_key)


def _identifier(oid: str, *more: bytes) -> bytes:
    return der_sequence(der_oid(oid), *more)


def _parameters(
    digest: str = SHA256_OID, mask: str = MGF1_OID, mask_digest: str = SHA256_OID, salt: int = 32
) -> list[bytes]:
    return [
        der_context(0, _identifier(digest, der_null())),
        der_context(1, _identifier(mask, _identifier(mask_digest, der_null()))),
        der_context(2, der_integer(salt)),
    ]


def _read(*members: bytes, after: bytes = b"") -> str:
    return parse_pss_parameters(DerReader(der_sequence(*members) + after, "algorithm"), "algorithm")


def test_sound_parameters_name_their_hash() -> None:
    assert _read(*_parameters()) == "sha256"
    bare = [
        der_context(0, _identifier(SHA384_OID)),
        der_context(1, _identifier(MGF1_OID, _identifier(SHA384_OID))),
        der_context(2, der_integer(48)),
    ]
    assert _read(*bare) == "sha384"


@pytest.mark.parametrize(
    "members",
    [
        [],
        _parameters()[1:],
        _parameters()[:2],
        [_parameters()[0], _parameters()[2]],
        _parameters(SHA1_OID),
        _parameters(mask_digest=SHA1_OID),
        _parameters(mask_digest=SHA384_OID),
        _parameters(mask=SHA256_OID),
        _parameters(salt=20),
        _parameters(salt=-1),
        _parameters(salt=1 << 20_000),  # more digits than Python writes
        [*_parameters(), der_context(3, der_integer(1))],
        [*_parameters(), der_context(3, der_integer(2))],
        [*_parameters(), der_null()],
        [der_context(0, _identifier(SHA256_OID, der_null()) + der_null()), *_parameters()[1:]],
        [
            _parameters()[0],
            der_context(1, _identifier(MGF1_OID, _identifier(SHA256_OID)) + der_null()),
            _parameters()[2],
        ],
        [_parameters()[0], der_context(1, _identifier(MGF1_OID)), _parameters()[2]],
        [*_parameters()[:2], der_context(2, der_integer(32) + der_null())],
    ],
)
def test_unsound_parameters_are_refused(members: list[bytes]) -> None:
    with pytest.raises(MalformedError):
        _read(*members)


def test_nothing_may_follow_the_parameters() -> None:
    with pytest.raises(MalformedError):
        _read(*_parameters(), after=der_null())


@given(st.binary(max_size=80))
def test_no_bytes_let_another_exception_out(raw: bytes) -> None:
    with suppress(MalformedError):
        parse_pss_parameters(DerReader(raw, "algorithm"), "algorithm")


@pytest.mark.parametrize(("name", "algorithm", "oid"), HASHES)
def test_a_digest_is_checked_as_its_message(name: str, algorithm: hashes.HashAlgorithm, oid: str) -> None:
    key = LocalSigner(rsa_key()).public_key
    signature = rsa_key().sign(b"message", pss(algorithm), algorithm)
    longest = rsa_key().sign(b"message", padding.PSS(padding.MGF1(algorithm), padding.PSS.MAX_LENGTH), algorithm)
    digest = hashlib.new(name, b"message").digest()
    key.verify_pss(signature, b"message", hash_name=name)
    key.verify_pss(signature, digest, hash_name=name, is_digest=True)
    key.verify_pss(longest, digest, hash_name=name, is_digest=True, any_salt=True)
    with pytest.raises(InvalidSignatureError):
        key.verify_pss(longest, b"message", hash_name=name)
    with pytest.raises(InvalidSignatureError):
        key.verify(signature, b"message", hash_name=name)


def test_only_rsa_makes_pss_signatures() -> None:
    with pytest.raises(UsageError):
        authority("root").certificate.public_key.verify_pss(b"", b"")


def test_a_key_that_is_bound_to_pss_is_refused_by_name() -> None:
    key = LocalSigner(rsa_key()).public_key
    spki = der_sequence(_identifier("1.2.840.113549.1.1.10"), key.spki_der[key.spki_der.index(b"\x03\x82\x01\x0f") :])
    with pytest.raises(MalformedError, match="not supported") as caught:
        parse_spki(spki)
    assert caught.value.code == "key.unsupported"
