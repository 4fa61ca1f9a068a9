"""Timestamps that a known authority's key signed, but not as a timestamp of this signature by that authority."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from pycosign.codec.der_writer import (
    der_context,
    der_element,
    der_integer,
    der_null,
    der_octets,
    der_oid,
    der_sequence,
)
from pycosign.codec.pem import format_pem
from pycosign.crypto.signers import generate_signer
from pycosign.errors import SigningError
from pycosign.verify.evidence import Evidence
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot, trust_from_material
from tests.verify.attempts import Attempt
from tests.verify.factory import EPOCH, SIGNED_AT, World
from tests.verify.forgery import Edit, inside, restamped, with_signed_data, wrap
from tests.verify.issuing import Issued, key_usage, new_builder

SHA1 = der_sequence(der_oid("1.3.14.3.2.26"), der_null())
ESS = der_oid("1.2.840.113549.1.9.16.2.47")
CONTENT_TYPE = der_oid("1.2.840.113549.1.9.3")


def logged(world: World) -> Evidence:
    """A signature that only a timestamp can date."""
    return world.blob(log="v2")


def run(world: World, evidence: Evidence, stamp: bytes, trust: TrustRoot | None = None) -> Verified:
    return Attempt(evidence._replace(timestamps=(stamp,)), trust=trust).run(world)


def refuse(world: World, evidence: Evidence, stamp: bytes, *codes: str, trust: TrustRoot | None = None) -> None:
    with pytest.raises(SigningError) as refusal:
        run(world, evidence, stamp, trust)
    assert refusal.value.code in codes, refusal.value


def test_a_timestamp_that_is_signed_again_unchanged_verifies(world: World) -> None:
    evidence = logged(world)
    run(world, evidence, restamped(world.stamp(evidence.signature), world.tsa.signer))


# ---- what is stamped -----------------------------------------------------------------------------------------------
def imprint(algorithm: bytes, digest: bytes) -> Edit:
    return lambda parts: [*parts[:2], der_sequence(algorithm, der_octets(digest)), *parts[3:]]


SHA512 = der_sequence(der_oid("2.16.840.1.101.3.4.2.3"), der_null())
SHA256 = der_sequence(der_oid("2.16.840.1.101.3.4.2.1"), der_null())
Information = Callable[[bytes], Edit]
INFORMATION: dict[str, tuple[str, Information]] = {
    "a SHA-1 imprint": ("algorithm.unsupported", lambda s: imprint(SHA1, hashlib.sha1(s).digest())),
    "an MD5 imprint": (
        "algorithm.unsupported",
        lambda s: imprint(der_sequence(der_oid("1.2.840.113549.2.5")), hashlib.md5(s).digest()),
    ),
    "an imprint under another name": ("malformed", lambda s: imprint(SHA512, hashlib.sha256(s).digest())),
    "an imprint of the imprint": (
        "timestamp.invalid",
        lambda s: imprint(SHA256, hashlib.sha256(hashlib.sha256(s).digest()).digest()),
    ),
    "a short imprint": ("malformed", lambda s: imprint(SHA256, hashlib.sha256(s).digest()[:20])),
    "no imprint": ("malformed", lambda s: imprint(SHA256, b"")),
    "version 2": ("malformed", lambda s: lambda parts: [der_integer(2), *parts[1:]]),
    "a critical extension": (
        "malformed",
        lambda s: (
            lambda parts: [
                *parts,
                der_context(1, der_sequence(der_oid("1.2.3"), b"\x01\x01\xff", der_octets(b""))),
            ]
        ),
    ),
    "a local time": (
        "malformed",
        lambda s: lambda parts: [*parts[:4], der_element(0x18, b"20260411000000+0100"), *parts[5:]],
    ),
    "a time without seconds": (
        "malformed",
        lambda s: lambda parts: [*parts[:4], der_element(0x18, b"202604110000Z"), *parts[5:]],
    ),
    "a fraction that ends in zero": (
        "malformed",
        lambda s: lambda parts: [*parts[:4], der_element(0x18, b"20260411000000.10Z"), *parts[5:]],
    ),
    "a UTC time": ("malformed", lambda s: lambda parts: [*parts[:4], der_element(0x17, b"260411000000Z"), *parts[5:]]),
}


@pytest.mark.parametrize("name", INFORMATION)
def test_other_information_under_the_authority_s_signature_is_refused(world: World, name: str) -> None:
    evidence = logged(world)
    code, edit = INFORMATION[name]
    stamp = restamped(world.stamp(evidence.signature), world.tsa.signer, info=edit(evidence.signature))
    refuse(world, evidence, stamp, code)


@pytest.mark.parametrize("name", ["sha384", "sha512"])
def test_a_longer_imprint_verifies(world: World, name: str) -> None:
    evidence = logged(world)
    oid = {"sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3"}[name]
    edit = imprint(der_sequence(der_oid(oid)), hashlib.new(name, evidence.signature).digest())
    run(world, evidence, restamped(world.stamp(evidence.signature), world.tsa.signer, info=edit))


def test_half_a_second_after_the_certificate_s_end_is_after_it(world: World) -> None:
    evidence = logged(world)
    end = SIGNED_AT + timedelta(minutes=9)
    for fraction, good in ((b"", True), (b".5", False)):
        at = der_element(0x18, f"{end:%Y%m%d%H%M%S}".encode() + fraction + b"Z")
        stamp = restamped(
            world.stamp(evidence.signature),
            world.tsa.signer,
            info=lambda parts, at=at: [*parts[:4], at, *parts[5:]],  # type: ignore[misc]
        )
        if good:
            run(world, evidence, stamp)
        else:
            refuse(world, evidence, stamp, "timestamp.outside-validity")


# ---- what the authority signs --------------------------------------------------------------------------------------
def ess_of(der: bytes) -> bytes:
    reference = der_sequence(der_sequence(der_sequence(der_octets(hashlib.sha256(der).digest()))))
    return der_sequence(ESS, wrap(0x31, [reference]))


def without(oid: bytes) -> Edit:
    return lambda items: [item for item in items if oid not in item]


ATTRIBUTES: dict[str, tuple[str, Callable[[World], Edit]]] = {
    "no reference to the certificate": ("timestamp.invalid", lambda w: without(ESS)),
    "a reference to another certificate": (
        "timestamp.invalid",
        lambda w: lambda items: [ess_of(w.tsa_root.der) if ESS in item else item for item in items],
    ),
    "no content type": ("malformed", lambda w: without(CONTENT_TYPE)),
    "another content type": (
        "malformed",
        lambda w: (
            lambda items: [
                der_sequence(CONTENT_TYPE, wrap(0x31, [der_oid("1.2.840.113549.1.7.1")]))
                if CONTENT_TYPE in item
                else item
                for item in items
            ]
        ),
    ),
    "an attribute twice": ("malformed", lambda w: lambda items: [*items, items[0]]),
    "two digests": (
        "malformed",
        lambda w: lambda items: [*items, der_sequence(der_oid("1.2.840.113549.1.9.4"), wrap(0x31, [der_octets(b"")]))],
    ),
    "two values": (
        "malformed",
        lambda w: (
            lambda items: [
                der_sequence(CONTENT_TYPE, wrap(0x31, inside(inside(item)[1]) * 2)) if CONTENT_TYPE in item else item
                for item in items
            ]
        ),
    ),
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_other_signed_attributes_are_refused(world: World, name: str) -> None:
    evidence = logged(world)
    code, edit = ATTRIBUTES[name]
    stamp = restamped(world.stamp(evidence.signature), world.tsa.signer, attributes=edit(world))
    refuse(world, evidence, stamp, code)


def test_information_that_the_signed_digest_does_not_cover_is_refused(world: World) -> None:
    evidence = logged(world)
    later = world.stamp(evidence.signature, SIGNED_AT + timedelta(minutes=1))
    signed = inside(inside(inside(later)[1])[1])[0]
    other = inside(signed)[2]
    stamp = with_signed_data(world.stamp(evidence.signature), lambda parts: [*parts[:2], other, *parts[3:]])
    refuse(world, evidence, stamp, "timestamp.invalid")


# ---- who signs -----------------------------------------------------------------------------------------------------
def test_two_signers_are_malformed(world: World) -> None:
    evidence = logged(world)
    stamp = with_signed_data(
        world.stamp(evidence.signature), lambda parts: [*parts[:4], wrap(0x31, inside(parts[4]) * 2)]
    )
    refuse(world, evidence, stamp, "malformed")


def test_no_signer_is_malformed(world: World) -> None:
    evidence = logged(world)
    stamp = with_signed_data(world.stamp(evidence.signature), lambda parts: [*parts[:4], wrap(0x31, [])])
    refuse(world, evidence, stamp, "malformed")


def test_attributes_that_are_not_signed_change_nothing(world: World) -> None:
    evidence = logged(world)
    lie = der_context(1, der_sequence(der_oid("1.2.840.113549.1.9.5"), wrap(0x31, [der_octets(b"lie")])))
    stamp = with_signed_data(
        world.stamp(evidence.signature),
        lambda parts: [*parts[:4], wrap(0x31, [der_sequence(*inside(inside(parts[4])[0]), lie)])],
    )
    (moment,) = run(world, evidence, stamp).times
    assert moment.at == SIGNED_AT


def impostor(world: World) -> Issued:
    """A certificate with the authority's own issuer name and serial number, of another key."""
    signer = generate_signer()
    public = serialization.load_der_public_key(signer.public_key.spki_der)
    start, end = EPOCH, EPOCH + timedelta(days=3650)
    builder = new_builder("tsa", public, start, end).issuer_name(world.tsa_root.certificate.subject)
    builder._serial_number = world.tsa.certificate.serial_number  # the builder takes a number only once
    builder = builder.add_extension(key_usage("digital_signature"), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return Issued(builder.sign(signer.library_key(), hashes.SHA256()), signer)


def test_a_certificate_in_the_token_does_not_stand_in_for_the_authority_s(world: World) -> None:
    evidence = logged(world)
    forged = world.stamp(evidence.signature, tsa=impostor(world), certificates=True)
    refuse(world, evidence, forged, "timestamp.invalid")


def test_a_signer_of_the_token_must_come_from_the_authority(world: World) -> None:
    """Where only the authority's root is known, the token brings its signer: not anyone with the right names."""
    evidence = logged(world)
    base = world.trust()
    alone = trust_from_material(tsa_chain_pem=format_pem("CERTIFICATE", world.tsa_root.der))
    trust = TrustRoot(
        [log for logs in base.logs.values() for log in logs],
        [log for logs in base.ct_logs.values() for log in logs],
        base.certificate_authorities,
        alone.timestamp_authorities,
    )
    run(world, evidence, world.stamp(evidence.signature, certificates=True), trust)
    forged = world.stamp(evidence.signature, tsa=impostor(world), certificates=True)
    refuse(world, evidence, forged, "timestamp.invalid", trust=trust)
    refuse(world, evidence, world.stamp(evidence.signature), "timestamp.missing", trust=trust)


def test_a_code_signing_certificate_makes_no_timestamps(world: World) -> None:
    """An authority that issues both kinds does not make its signers its clocks."""
    evidence = logged(world)
    base = world.trust()
    shared = trust_from_material(tsa_chain_pem=format_pem("CERTIFICATE", world.ca.der))
    trust = TrustRoot(
        [log for logs in base.logs.values() for log in logs],
        [log for logs in base.ct_logs.values() for log in logs],
        base.certificate_authorities,
        shared.timestamp_authorities,
    )
    signer = world.certificate()
    forged = world.stamp(evidence.signature, tsa=signer, certificates=True)
    refuse(world, evidence, forged, "timestamp.invalid", trust=trust)


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5])
def test_only_granted_is_granted(world: World, status: int) -> None:
    evidence = logged(world)
    parts = inside(world.stamp(evidence.signature))
    stamp = der_sequence(der_sequence(der_integer(status)), *parts[1:])
    refuse(world, evidence, stamp, "timestamp.not-granted")


@pytest.mark.parametrize("edit", ["trailing", "long length", "no status", "only the token"])
def test_another_encoding_of_a_response_is_malformed(world: World, edit: str) -> None:
    evidence = logged(world)
    good = world.stamp(evidence.signature)
    stamp = {
        "trailing": good + b"\0",
        "long length": b"\x30\x83\x00" + good[2:],
        "no status": der_sequence(inside(good)[1]),
        "only the token": inside(good)[1],
    }[edit]
    refuse(world, evidence, stamp, "malformed")
