"""Keys: every kind signs and verifies, nothing else is read, and nothing else verifies."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa, x25519
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

from pycosign.codec.der_writer import der_bits, der_integer, der_null, der_oid, der_sequence
from pycosign.codec.pem import format_pem
from pycosign.crypto import algorithms
from pycosign.crypto.digests import ALGORITHMS
from pycosign.crypto.ed25519ph import verify_sha512
from pycosign.crypto.keys import PublicKey, key_details, load_public_key, parse_spki
from pycosign.crypto.signers import LocalSigner, generate_signer, load_private_key
from pycosign.errors import InvalidSignatureError, MalformedError, SigningError, UsageError

KINDS = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048"]
SIGNERS = {kind: generate_signer(kind) for kind in KINDS}
MESSAGE = b"hello\n"


def spki(key: Any) -> bytes:
    der: bytes = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return der


def pkcs8(key: Any) -> bytes:
    der: bytes = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return der


def flip(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_key_signs_it_verifies(kind: str) -> None:
    signer = SIGNERS[kind]
    key = signer.public_key
    assert key.kind == kind
    key.verify(signer.sign(MESSAGE), MESSAGE)
    with pytest.raises(InvalidSignatureError):
        key.verify(signer.sign(MESSAGE), MESSAGE + b"!")


@pytest.mark.parametrize("kind", KINDS)
def test_a_digest_is_signed_as_its_message_is(kind: str) -> None:
    signer = SIGNERS[kind]
    key = signer.public_key
    digest = hashlib.new(key.default_hash, MESSAGE).digest()
    signature = signer.sign_digest(digest, key.default_hash)
    key.verify_digest(signature, digest, key.default_hash)
    key.verify(signature, MESSAGE, hash_name=key.default_hash)
    with pytest.raises(InvalidSignatureError):
        key.verify_digest(signature, digest[::-1], key.default_hash)


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048"])
@pytest.mark.parametrize("hash_name", sorted(ALGORITHMS))
def test_any_hash_can_be_named(kind: str, hash_name: str) -> None:
    signer = SIGNERS[kind]
    signature = signer.sign_digest(hashlib.new(hash_name, MESSAGE).digest(), hash_name)
    signer.public_key.verify(signature, MESSAGE, hash_name=hash_name)
    other = "sha512" if hash_name != "sha512" else "sha256"
    with pytest.raises(InvalidSignatureError):
        signer.public_key.verify(signature, MESSAGE, hash_name=other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_digest_of_another_length_or_hash_is_refused(kind: str) -> None:
    signer = SIGNERS[kind]
    name = signer.public_key.default_hash
    with pytest.raises(MalformedError):
        signer.sign_digest(b"short", name)
    with pytest.raises(MalformedError):
        signer.public_key.verify_digest(b"", b"short", name)
    with pytest.raises(UsageError):
        signer.sign_digest(bytes(20), "sha1")
    with pytest.raises(UsageError):
        signer.public_key.verify_digest(b"", bytes(20), "sha1")


@pytest.mark.parametrize("kind", KINDS)
def test_every_flipped_bit_of_a_signature_is_refused(kind: str) -> None:
    signer = SIGNERS[kind]
    signature = signer.sign(MESSAGE)
    for bit in range(0, 8 * len(signature), 1 if kind != "ecdsa-p521" else 5):
        with pytest.raises(InvalidSignatureError):
            signer.public_key.verify(flip(signature, bit), MESSAGE)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("signature", [b"", b"\x30\x00", bytes(64), bytes(256), b"\x30\x06\x02\x01\x00\x02\x01\x00"])
def test_what_is_no_signature_is_refused(kind: str, signature: bytes) -> None:
    with pytest.raises(InvalidSignatureError):
        SIGNERS[kind].public_key.verify(signature, MESSAGE)


# ---- Ed25519ph -------------------------------------------------------------------------------------------------------
PH_SEED = bytes.fromhex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42")
PH_SIGNATURE = bytes.fromhex(
    "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
    "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
)


def test_ed25519ph_is_that_of_rfc_8032() -> None:
    signer = LocalSigner(ed25519.Ed25519PrivateKey.from_private_bytes(PH_SEED))
    digest = hashlib.sha512(b"abc").digest()
    assert signer.sign_digest(digest, "sha512") == PH_SIGNATURE
    signer.public_key.verify_digest(PH_SIGNATURE, digest, "sha512")


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_ed25519ph_is_libsodiums(seed: bytes, message: bytes) -> None:
    signer = LocalSigner(ed25519.Ed25519PrivateKey.from_private_bytes(seed))
    signature = signer.sign_digest(hashlib.sha512(message).digest(), "sha512")
    state = bindings.crypto_sign_ed25519ph_state()
    bindings.crypto_sign_ed25519ph_update(state, message)
    assert bindings.crypto_sign_ed25519ph_final_create(state, seed + signer.public_key.raw) == signature
    signer.public_key.verify(signature, message, hash_name="sha512")


def test_every_flipped_bit_of_an_ed25519ph_signature_is_refused() -> None:
    key = LocalSigner(ed25519.Ed25519PrivateKey.from_private_bytes(PH_SEED)).public_key
    digest = hashlib.sha512(b"abc").digest()
    for bit in range(8 * len(PH_SIGNATURE)):
        with pytest.raises(InvalidSignatureError):
            key.verify_digest(flip(PH_SIGNATURE, bit), digest, "sha512")


def test_a_larger_scalar_for_the_same_ed25519ph_signature_is_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(PH_SIGNATURE[32:], "little") + order
    key = LocalSigner(ed25519.Ed25519PrivateKey.from_private_bytes(PH_SEED)).public_key
    with pytest.raises(InvalidSignatureError):
        key.verify_digest(PH_SIGNATURE[:32] + scalar.to_bytes(32, "little"), hashlib.sha512(b"abc").digest(), "sha512")


def test_pure_and_prehashed_ed25519_do_not_verify_as_each_other() -> None:
    signer = SIGNERS["ed25519"]
    digest = hashlib.sha512(MESSAGE).digest()
    with pytest.raises(InvalidSignatureError):
        signer.public_key.verify(signer.sign_digest(digest, "sha512"), MESSAGE)
    with pytest.raises(InvalidSignatureError):
        signer.public_key.verify_digest(signer.sign(MESSAGE), digest, "sha512")


@pytest.mark.parametrize("weak", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32], ids=["order 4", "neutral", "no point"])
def test_a_key_outside_the_group_verifies_nothing(weak: bytes) -> None:
    with pytest.raises(InvalidSignatureError):
        verify_sha512(weak, b"\x01" + bytes(63), bytes(64))


_FIELD = 2**255 - 19
_EIGHTH = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
_SMALL_ORDER = [
    *(y.to_bytes(32, "little") for y in (0, 1, _FIELD - 1, _FIELD, _FIELD + 1)),
    _EIGHTH,
    (_FIELD - int.from_bytes(_EIGHTH, "little")).to_bytes(32, "little"),
]


@pytest.mark.parametrize("sign", [0, 0x80])
@pytest.mark.parametrize("point", _SMALL_ORDER, ids=bytes.hex)
def test_a_key_under_which_one_signature_fits_many_messages_is_refused(point: bytes, sign: int) -> None:
    """OpenSSL takes such keys: under the neutral element, R = 1 and S = 0 sign everything."""
    spki = der_sequence(der_sequence(der_oid("1.3.101.112")), der_bits(point[:31] + bytes((point[31] | sign,))))
    with pytest.raises(MalformedError):
        parse_spki(spki)


# ---- RSA -------------------------------------------------------------------------------------------------------------
def test_pss_is_told_from_pkcs1() -> None:
    private = rsa.generate_private_key(65537, 2048)
    key = parse_spki(spki(private))
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    key.verify_pss(private.sign(MESSAGE, scheme, hashes.SHA256()), MESSAGE)
    with pytest.raises(InvalidSignatureError):
        key.verify_pss(private.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256()), MESSAGE)
    with pytest.raises(UsageError):
        SIGNERS["ecdsa-p256"].public_key.verify_pss(b"", MESSAGE)


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [
        (2**1023 + 1, 65537),
        (2**8192 + 1, 65537),
        (2**2047, 65537),
        (2**2047 + 1, 1),
        (2**2047 + 1, 4),
        (2**2047 + 1, 2**31 + 1),
        (-(2**2047) - 1, 65537),
    ],
    ids=["too short", "too long", "even", "one", "even exponent", "large exponent", "negative"],
)
def test_an_unsound_rsa_key_is_refused(modulus: int, exponent: int) -> None:
    numbers = der_sequence(der_integer(modulus), der_integer(exponent))
    der = der_sequence(der_sequence(der_oid("1.2.840.113549.1.1.1"), der_null()), der_bits(numbers))
    with pytest.raises(MalformedError):
        parse_spki(der)


# ---- reading and naming ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_a_public_key_is_read_from_pem_and_der(kind: str) -> None:
    key = SIGNERS[kind].public_key
    assert load_public_key(key.pem()) == key == load_public_key(key.spki_der)
    assert len({key, load_public_key(key.pem())}) == 1
    assert serialization.load_pem_public_key(key.pem())


def test_an_rsa_key_is_read_from_pkcs1() -> None:
    private = rsa.generate_private_key(65537, 2048)
    pem = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    assert b"RSA PUBLIC KEY" in pem
    assert load_public_key(pem).spki_der == spki(private)


@pytest.mark.parametrize("label", ["CERTIFICATE", "ENCRYPTED SIGSTORE PRIVATE KEY", "PRIVATE KEY"])
def test_another_pem_block_is_refused_in_cosigns_words(label: str) -> None:
    words = f"unknown Public key PEM file type: {label}. Are you passing the correct public key\\?"
    with pytest.raises(MalformedError, match=words):
        load_public_key(format_pem(label, b"x"))


def test_text_is_no_public_key_and_neither_are_two() -> None:
    with pytest.raises(MalformedError, match="PEM decoding failed"):
        load_public_key(b"ssh-ed25519 AAAA")
    with pytest.raises(MalformedError, match="more than one"):
        load_public_key(SIGNERS["ed25519"].public_key.pem() * 2)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ec.generate_private_key(ec.SECP224R1()),
        lambda: ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate,
        x25519.X25519PrivateKey.generate,
        lambda: dsa.generate_private_key(2048),
        lambda: rsa.generate_private_key(65537, 1024),
    ],
    ids=["P-224", "secp256k1", "Ed448", "X25519", "DSA", "RSA-1024"],
)
def test_other_algorithms_are_refused_by_code(make: Callable[[], Any]) -> None:
    private = make()
    with pytest.raises(MalformedError) as caught:
        parse_spki(spki(private))
    assert caught.value.code == "key.unsupported"
    with pytest.raises(MalformedError) as caught:
        load_private_key(pkcs8(private))
    assert caught.value.code == "key.unsupported"


@pytest.mark.parametrize("kind", KINDS)
def test_no_flipped_bit_of_a_key_escapes_or_gives_the_same_key(kind: str) -> None:
    key = SIGNERS[kind].public_key
    signature = SIGNERS[kind].sign(MESSAGE)
    for bit in range(8 * len(key.spki_der)):
        try:
            changed = parse_spki(flip(key.spki_der, bit))
        except MalformedError:
            continue
        assert changed != key
        with pytest.raises(InvalidSignatureError):
            changed.verify(signature, MESSAGE)


@given(st.binary(max_size=120))
def test_nothing_but_malformed_escapes(data: bytes) -> None:
    for candidate in (data, b"0" + data, format_pem("PUBLIC KEY", data), format_pem("RSA PUBLIC KEY", data)):
        try:
            load_public_key(candidate)
        except MalformedError:
            continue
        raise AssertionError("random bytes are a key")


def test_a_compressed_point_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    algorithm = der_sequence(der_oid("1.2.840.10045.2.1"), der_oid("1.2.840.10045.3.1.7"))
    with pytest.raises(MalformedError, match="uncompressed"):
        parse_spki(der_sequence(algorithm, der_bits(point)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_private_key_goes_out_and_comes_back(kind: str) -> None:
    signer = SIGNERS[kind]
    again = load_private_key(signer.pkcs8_der())
    assert again.public_key == signer.public_key
    assert signer.pkcs8_der().hex() not in repr(signer)


@pytest.mark.parametrize(
    "private",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["SEC1", "PKCS#1"],
)
def test_older_forms_of_private_keys_are_read(private: Any) -> None:
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    assert load_private_key(der).public_key == parse_spki(spki(private))


@given(st.binary(max_size=80))
def test_a_bad_private_key_is_not_shown(data: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        load_private_key(data)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_every_algorithm_of_the_table_makes_a_key_of_its_kind() -> None:
    for algorithm in algorithms.ALGORITHM_TABLE:
        if algorithm.kind in ("rsa-3072", "rsa-4096"):
            continue  # seconds each, and the same lines
        key = generate_signer(algorithm.name).public_key
        assert key.kind == algorithm.kind
        found = key_details(key)
        assert found is not None
        assert algorithms.algorithm_of_details(found) == algorithms.algorithm_of_key(key.kind)


def test_an_rsa_key_of_an_odd_size_has_no_name_in_trust_roots() -> None:
    key = parse_spki(spki(rsa.generate_private_key(65537, 2050)))
    assert (key.kind, key.default_hash, key_details(key)) == ("rsa", "sha256", None)


@pytest.mark.parametrize("name", ["ecdsa-sha2-256-nistp224", "", "rsa"])
def test_an_unknown_algorithm_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError, match="invalid signing algorithm"):
        generate_signer(name)


def test_names_that_are_not_known_are_none_or_errors() -> None:
    assert algorithms.algorithm_of_details("PKIX_ML_DSA_65") is None
    for lookup in (algorithms.hash_name_of_oid, algorithms.scheme_of_oid):
        with pytest.raises(SigningError) as caught:
            lookup("1.3.14.3.2.26", "thing")
        assert caught.value.code == "algorithm.unsupported"


def test_a_key_is_not_equal_to_its_bytes() -> None:
    key = SIGNERS["ed25519"].public_key
    assert key != key.spki_der
    assert isinstance(key, PublicKey)
    assert key.spki_der.hex() in repr(key)
