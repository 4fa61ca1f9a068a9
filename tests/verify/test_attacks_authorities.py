"""Authorities that the trust root no longer believes, and evidence that brings their certificates along."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from pycosign.codec.der_writer import der_element, der_integer, der_sequence
from pycosign.codec.pem import format_pem
from pycosign.errors import SigningError
from pycosign.verify.trust import TrustRoot, trust_from_material
from pycosign.wire.trusted_root import Authority, ValidFor
from tests.verify.attempts import Attempt
from tests.verify.factory import EPOCH, SIGNED_AT, World
from tests.verify.forgery import inside, with_signed_data, wrap
from tests.verify.issuing import Issued, key_usage, make_authority, new_builder

END = EPOCH + timedelta(days=3650)
RETIRED_AT = SIGNED_AT - timedelta(days=10)


def authority(world: World, ca: Issued, window: ValidFor) -> Authority:
    return Authority("https://ca.example.com", "", "", (ca.der, world.root.der), window)


@pytest.mark.parametrize("source", ["bundle v0.1", "bundle v0.2", "legacy image signature"])
def test_an_intermediate_that_was_retired_does_not_come_back_with_the_evidence(world: World, source: str) -> None:
    """Its successor is below the same root, so there is a path to a trusted one: by a key that counts no more."""
    retired = authority(world, world.ca, ValidFor(EPOCH, RETIRED_AT))
    successor = authority(world, make_authority("successor", world.root, EPOCH, END), ValidFor(RETIRED_AT, None))
    renewed = make_authority("intermediate", world.root, EPOCH, END, signer=world.ca.signer)
    evidence = world.blob()._replace(source=source)
    for above in ((), (world.ca.der,), (renewed.der,)):
        attempt = Attempt(evidence._replace(chain_der=(*evidence.chain_der, *above)))
        for found in ((retired, successor), (successor, retired)):
            with pytest.raises(SigningError) as refusal:
                attempt._replace(trust=world.trust(certificate_authorities=found)).run(world)
            assert refusal.value.code == "cert.not-valid-at-time"
        found = (retired._replace(valid_for=world.window), successor)
        assert attempt._replace(trust=world.trust(certificate_authorities=found)).run(world).identity


def test_an_intermediate_from_a_file_is_no_root_even_if_it_issued_itself(world: World) -> None:
    """Whoever completes chains for others, from wherever, is not asked whom to trust."""
    stranger = make_authority("stranger", None, EPOCH, END)
    evidence = world.blob(world.certificate(ca=stranger))
    pem = {issued: format_pem("CERTIFICATE", issued.der) for issued in (world.root, world.ca, stranger)}
    base = world.trust()

    def given(roots: bytes, intermediates: bytes) -> TrustRoot:
        made = trust_from_material(ca_roots_pem=roots, ca_intermediates_pem=intermediates)
        logs, ct_logs = ([log for same in found.values() for log in same] for found in (base.logs, base.ct_logs))
        return TrustRoot(logs, ct_logs, made.certificate_authorities, ())

    assert Attempt(evidence, trust=given(pem[stranger], pem[world.ca])).run(world).identity
    trust = given(pem[world.root], pem[world.ca] + pem[stranger])
    assert Attempt(world.blob(), trust=trust).run(world).identity
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence, trust=trust).run(world)
    assert refusal.value.code == "cert.untrusted"


# ---- timestamp authorities -------------------------------------------------------------------------------------------
KEY_ID = b"twenty bytes of a key"


def timestamp_authority(*chain: Issued, window: ValidFor) -> Authority:
    return Authority("https://tsa.example.com", "", "", tuple(issued.der for issued in chain), window)


def test_a_timestamp_signer_that_was_retired_does_not_come_back_with_its_token(world: World) -> None:
    """Another entry has the same root alone, and leaves its signer to the token: but not this one."""
    retired = timestamp_authority(world.tsa, world.tsa_root, window=ValidFor(EPOCH, RETIRED_AT))
    open_one = timestamp_authority(world.tsa_root, window=world.window)
    evidence = world.blob(log="v2")
    evidence = evidence._replace(timestamps=(world.stamp(evidence.signature, certificates=True),))
    for found in ((retired, open_one), (open_one, retired)):
        with pytest.raises(SigningError) as refusal:
            Attempt(evidence, trust=world.trust(timestamp_authorities=found)).run(world)
        assert refusal.value.code == "timestamp.outside-validity"
    assert Attempt(evidence, trust=world.trust(timestamp_authorities=(open_one,))).run(world).times
    renewed = renewed_signer(world)
    evidence = evidence._replace(timestamps=(world.stamp(evidence.signature, tsa=renewed, certificates=True),))
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence, trust=world.trust(timestamp_authorities=(retired, open_one))).run(world)
    assert refusal.value.code == "timestamp.missing"  # of nobody that is known: the key has another entry


def renewed_signer(world: World) -> Issued:
    """Another certificate for the authority's own key, both with one key identifier."""
    key = serialization.load_der_public_key(world.tsa.signer.public_key.spki_der)
    builder = new_builder("tsa", key, EPOCH, END).issuer_name(world.tsa_root.certificate.subject)
    builder = builder.add_extension(key_usage("digital_signature"), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier(KEY_ID), critical=False)
    return Issued(world.tsa_root.sign(builder), world.tsa.signer)


def named_by_key(response: bytes) -> bytes:
    """The same token, its signer named by the key's identifier (RFC 5652, 5.3: version 3). That is not signed."""

    def edit(parts: list[bytes]) -> list[bytes]:
        _, _, *rest = inside(inside(parts[4])[0])
        return [*parts[:4], wrap(0x31, [der_sequence(der_integer(3), der_element(0x80, KEY_ID), *rest)])]

    return with_signed_data(response, edit)


def test_of_two_certificates_under_one_key_identifier_the_token_means_the_one_that_it_refers_to(world: World) -> None:
    """An authority that renewed its certificate and kept its key is listed twice; either order must do."""
    old, new = (renewed_signer(world) for _ in range(2))
    listed = [timestamp_authority(signer, world.tsa_root, window=world.window) for signer in (old, new)]
    evidence = world.blob(log="v2")
    evidence = evidence._replace(timestamps=(named_by_key(world.stamp(evidence.signature, tsa=new)),))
    for found in (listed, listed[::-1]):
        assert Attempt(evidence, trust=world.trust(timestamp_authorities=tuple(found))).run(world).times
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence, trust=world.trust(timestamp_authorities=(listed[0],))).run(world)
    assert refusal.value.code == "timestamp.invalid"
