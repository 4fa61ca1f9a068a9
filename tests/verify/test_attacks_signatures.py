"""Signatures that a lax verifier takes: other encodings, other values that fit, weak keys, mixed modes."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pycosign.codec.der import read_der
from pycosign.codec.der_writer import der_bits, der_element, der_integer, der_oid, der_sequence
from pycosign.crypto.keys import load_public_key
from pycosign.crypto.signers import LocalSigner, generate_signer, load_private_key
from pycosign.errors import MalformedError, SigningError
from pycosign.verify.artifact import artifact_from_bytes
from pycosign.verify.requirements import Waiver
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.rekor_body import Verifier, format_hashedrekord_v2
from tests.verify.attempts import GOOD, Attempt, by_key
from tests.verify.factory import ARTIFACT, SIGNED_AT, World

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
Forge = Callable[[int, int], bytes]

FORGED_ECDSA: dict[str, Forge] = {
    "r and s zero": lambda r, s: der_sequence(der_integer(0), der_integer(0)),
    "r zero": lambda r, s: der_sequence(der_integer(0), der_integer(s)),
    "s zero": lambda r, s: der_sequence(der_integer(r), der_integer(0)),
    "r the order, s one": lambda r, s: der_sequence(der_integer(P256_ORDER), der_integer(1)),
    "r and s the order": lambda r, s: der_sequence(der_integer(P256_ORDER), der_integer(P256_ORDER)),
    "r plus the order": lambda r, s: der_sequence(der_integer(r + P256_ORDER), der_integer(s)),
    "s plus the order": lambda r, s: der_sequence(der_integer(r), der_integer(s + P256_ORDER)),
    "negative s": lambda r, s: der_sequence(der_integer(r), der_integer(-s)),
    "negative both": lambda r, s: der_sequence(der_integer(r - P256_ORDER), der_integer(s - P256_ORDER)),
    "integer with a zero in front": lambda r, s: der_sequence(
        der_element(2, b"\0\0" + r.to_bytes(32, "big")), der_integer(s)
    ),
    "unsigned integers": lambda r, s: der_sequence(der_element(2, (r | 1 << 255).to_bytes(32, "big")), der_integer(s)),
    "long form of a short length": lambda r, s: b"\x30\x81" + der_sequence(der_integer(r), der_integer(s))[1:],
    "indefinite length": lambda r, s: b"\x30\x80" + der_integer(r) + der_integer(s) + b"\0\0",
    "bytes after it": lambda r, s: der_sequence(der_integer(r), der_integer(s)) + b"\0",
    "bytes inside it": lambda r, s: der_sequence(der_integer(r), der_integer(s), b"\x05\x00"),
    "one integer": lambda r, s: der_sequence(der_integer(r)),
    "raw r and s": lambda r, s: r.to_bytes(32, "big") + s.to_bytes(32, "big"),
    "s is infinity": lambda r, s: der_sequence(der_integer(r), der_element(2, b"")),
    "nothing": lambda r, s: b"",
}


def split(signature: bytes) -> tuple[int, int]:
    numbers = read_der(signature, 0x30, "signature")
    return numbers.integer(), numbers.integer()


@pytest.mark.parametrize("name", FORGED_ECDSA)
def test_another_encoding_of_an_ecdsa_signature_is_refused(world: World, name: str) -> None:
    signer = generate_signer()
    evidence = world.blob(signer, log=None)
    forged = FORGED_ECDSA[name](*split(evidence.signature))
    assert forged != evidence.signature
    attempt = Attempt(evidence._replace(signature=forged), requirements=by_key(signer.public_key, Waiver.TLOG))
    with pytest.raises(SigningError) as refusal:
        attempt.run(world)
    assert refusal.value.code == "signature.invalid"


def test_the_other_s_of_an_ecdsa_signature_is_not_the_signature_that_was_logged(world: World) -> None:
    """(r, n - s) verifies by the algorithm's own rules; the log entry and the timestamp are of (r, s)."""
    evidence = world.blob(stamped_at=SIGNED_AT)
    r, s = split(evidence.signature)
    other = der_sequence(der_integer(r), der_integer(P256_ORDER - s))
    twin = evidence._replace(signature=other, content=MessageSignature("sha256", GOOD.digests["sha256"], other))
    for attempt, code in ((twin, "timestamp.invalid"), (twin._replace(timestamps=()), "tlog.entry-mismatch")):
        with pytest.raises(SigningError) as refusal:
            Attempt(attempt).run(world)
        assert refusal.value.code == code


# ---- RSA -----------------------------------------------------------------------------------------------------------
def rsa_signer(exponent: int) -> LocalSigner:
    key = rsa.generate_private_key(exponent, 2048)
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return load_private_key(der)


def cube_root(number: int) -> int:
    low, high = 0, 1 << number.bit_length() // 3 + 2
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < number else (low, middle)
    return low


def test_a_cube_root_of_padding_with_garbage_behind_is_no_rsa_signature(world: World) -> None:
    """Bleichenbacher's forgery against exponent 3 (CVE-2006-4339)."""
    signer = rsa_signer(3)
    info = bytes.fromhex("3031300d060960864801650304020105000420") + GOOD.digests["sha256"]
    padded = b"\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0" + info
    target = int.from_bytes(padded.ljust(256, b"\0"), "big")
    forged = cube_root(target).to_bytes(256, "big")
    assert (int.from_bytes(forged, "big") ** 3).to_bytes(256, "big").startswith(padded)
    evidence = world.blob(signer, log=None)
    content = MessageSignature("sha256", GOOD.digests["sha256"], forged)
    attempt = Attempt(
        evidence._replace(signature=forged, content=content), requirements=by_key(signer.public_key, Waiver.TLOG)
    )
    with pytest.raises(SigningError) as refusal:
        attempt.run(world)
    assert refusal.value.code == "signature.invalid"


@pytest.mark.parametrize("form", ["plus the modulus", "zero in front", "empty", "one", "minus one"])
def test_another_form_of_an_rsa_signature_is_refused(world: World, form: str) -> None:
    signer = rsa_signer(65537)
    evidence = world.blob(signer, log=None)
    modulus = read_der(signer.public_key.raw, 0x30, "key").integer()
    number = int.from_bytes(evidence.signature, "big")
    forged = {
        "plus the modulus": (number + modulus).to_bytes(257, "big"),
        "zero in front": b"\0" + evidence.signature,
        "empty": b"",
        "one": (1).to_bytes(256, "big"),
        "minus one": (modulus - 1).to_bytes(256, "big"),
    }[form]
    attempt = Attempt(evidence._replace(signature=forged), requirements=by_key(signer.public_key, Waiver.TLOG))
    with pytest.raises(SigningError) as refusal:
        attempt.run(world)
    assert refusal.value.code == "signature.invalid"


# ---- Ed25519 -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("prehashed", [True, False])
def test_a_larger_scalar_for_the_same_ed25519_signature_is_refused(world: World, prehashed: bool) -> None:
    signer = generate_signer("ed25519")
    evidence = world.blob(signer, log=None)
    if not prehashed:
        pure = signer.sign(ARTIFACT)
        evidence = evidence._replace(signature=pure, content=MessageSignature(None, None, pure))
    requirements = by_key(signer.public_key, Waiver.TLOG)
    Attempt(evidence, requirements=requirements).run(world)
    scalar = int.from_bytes(evidence.signature[32:], "little") + ED25519_ORDER
    forged = evidence.signature[:32] + scalar.to_bytes(32, "little")
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence._replace(signature=forged), requirements=requirements).run(world)
    assert refusal.value.code == "signature.invalid"


def test_an_ed25519_key_that_every_signature_fits_is_no_key() -> None:
    neutral = der_sequence(der_sequence(der_oid("1.3.101.112")), der_bits(b"\x01" + bytes(31)))
    with pytest.raises(MalformedError):
        load_public_key(neutral)


def test_a_pure_signature_over_a_digest_is_not_a_prehashed_one(world: World) -> None:
    """Who signs a 64-byte file that is the SHA-512 of another file has not signed that other file."""
    signer = generate_signer("ed25519")
    confused = signer.sign(GOOD.digests["sha512"])
    evidence = world.blob(signer, log=None)._replace(
        signature=confused, content=MessageSignature("sha512", GOOD.digests["sha512"], confused)
    )
    requirements = by_key(signer.public_key, Waiver.TLOG)
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence, requirements=requirements).run(world)
    assert refusal.value.code == "signature.invalid"
    prehashed = signer.sign_digest(GOOD.digests["sha512"], "sha512")
    digest_file = artifact_from_bytes(GOOD.digests["sha512"])
    evidence = evidence._replace(signature=prehashed, content=MessageSignature(None, None, prehashed))
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence, digest_file, requirements=requirements).run(world)
    assert refusal.value.code == "signature.invalid"


def test_an_entry_that_names_pure_ed25519_does_not_log_a_prehashed_signature(world: World) -> None:
    signer = generate_signer("ed25519")
    evidence = world.blob(signer, log="v2")
    verifier = Verifier("key-der", signer.public_key.spki_der, "PKIX_ED25519")
    body = format_hashedrekord_v2("sha512", GOOD.digests["sha512"], evidence.signature, verifier)
    entry = world.log_v2.append("hashedrekord", "0.0.2", body, None)
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence._replace(entries=(entry,)), requirements=by_key(signer.public_key)).run(world)
    assert refusal.value.code == "tlog.entry-mismatch"


# ---- hashes --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("algorithm", ["ecdsa-p256", "rsa-2048"])
def test_a_signature_over_another_hash_than_it_states_is_refused(world: World, algorithm: str) -> None:
    signer = generate_signer(algorithm)
    evidence = world.blob(signer, log=None, hash_name="sha512")
    lying = MessageSignature("sha256", GOOD.digests["sha256"], evidence.signature)
    for content in (evidence.content, lying):
        attempt = Attempt(evidence._replace(content=content), requirements=by_key(signer.public_key, Waiver.TLOG))
        with pytest.raises(SigningError) as refusal:
            attempt.run(world)
        assert refusal.value.code == "signature.invalid"
