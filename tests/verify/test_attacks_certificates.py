"""Certificates that mean one thing to one reader and another to the next; names, purposes and log proofs."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ObjectIdentifier

from pycosign.codec.der_writer import (
    der_bits,
    der_context,
    der_element,
    der_integer,
    der_null,
    der_octets,
    der_oid,
    der_sequence,
    der_utf8,
)
from pycosign.crypto.extensions import CT_POISON, SCT_LIST, SUBJECT_ALT_NAME
from pycosign.crypto.log_id import spki_log_id
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import SigningError
from pycosign.verify.requirements import TextRule
from pycosign.verify.trust import TrustRoot, trust_from_material
from pycosign.wire.sct import CertificateEntry, Sct, format_sct_list, sct_signed_bytes
from pycosign.wire.trusted_root import Authority, ValidFor
from tests.verify.attempts import Attempt, certificate_pem
from tests.verify.factory import EPOCH, IDENTITY, ISSUER, SIGNED_AT, World
from tests.verify.forgery import Edit, Forged, extension, has_oid, inside, reissued, wrap
from tests.verify.issuing import Issued, new_builder, signer_of

SAN = has_oid(SUBJECT_ALT_NAME)
FULCIO = "1.3.6.1.4.1.57264.1"


def names(*general_names: bytes) -> bytes:
    return extension(SUBJECT_ALT_NAME, der_sequence(*general_names), critical=True)


def email(text: bytes) -> bytes:
    return der_element(0x81, text)


def with_names(*general_names: bytes) -> Edit:
    return lambda items: [names(*general_names) if SAN(item) else item for item in items]


def sct_list(world: World, issued: Issued, *, as_certificate: bool = False, ca: Issued | None = None) -> bytes:
    """What the certificate log would promise for a certificate without a proof: for its TBS, or for all of it."""
    if as_certificate:
        entry = CertificateEntry(None, issued.der)
    else:
        key = (ca or world.ca).signer.public_key
        entry = CertificateEntry(hashlib.sha256(key.spki_der).digest(), inside(issued.der)[0])
    at_ms = int(SIGNED_AT.timestamp() * 1000)
    signature = world.ct.sign(sct_signed_bytes(at_ms, entry))
    log_id = spki_log_id(world.ct.public_key.spki_der)
    return format_sct_list((Sct(log_id, at_ms, b"", "sha256", "ecdsa", signature),))


def logged(world: World, edit: Edit, *, tbs: Edit | None = None) -> Forged:
    """An edited certificate that authority and certificate log accepted: its log proof is of the edited one."""
    bare = reissued(world.certificate(with_sct=False), world.ca, extensions=edit, tbs=tbs)
    return reissued(bare, world.ca, extensions=lambda items: [*items, extension(SCT_LIST, sct_list(world, bare))])


def refuse(world: World, issued: Issued, code: str, *, identity: str = IDENTITY) -> None:
    requirements = world.requirements()
    signer = requirements.signer._replace(identity=TextRule(identity))  # type: ignore[call-arg]
    attempt = Attempt(world.blob(issued), requirements=requirements._replace(signer=signer))
    with pytest.raises(SigningError) as refusal:
        attempt.run(world)
    assert refusal.value.code == code, refusal.value


def test_an_edited_certificate_that_is_sound_verifies(world: World) -> None:
    """The forger's tools make good certificates when nothing is edited."""
    Attempt(world.blob(logged(world, lambda items: items))).run(world)


# ---- structure -----------------------------------------------------------------------------------------------------
def twice(oid: str) -> Edit:
    return lambda items: [*items, *(item for item in items if has_oid(oid)(item))]


def with_version(*parts: bytes) -> Edit:
    return lambda items: [*parts, *items[1:]]


STRUCTURES: dict[str, Callable[[World], Issued]] = {
    "two alternative name extensions": lambda w: logged(w, lambda items: [*items, names(email(b"x@example.com"))]),
    "one extension twice": lambda w: logged(w, twice("2.5.29.37")),
    "two log proof extensions": lambda w: reissued(
        w.certificate(), w.ca, extensions=lambda items: [*items, extension(SCT_LIST, sct_list(w, w.certificate()))]
    ),
    "a default written out": lambda w: logged(
        w, lambda items: [*items, der_sequence(der_oid("1.2.3"), b"\x01\x01\x00", der_octets(b""))]
    ),
    "a true that is not FF": lambda w: logged(
        w, lambda items: [*items, der_sequence(der_oid("1.2.3"), b"\x01\x01\x01", der_octets(b""))]
    ),
    "version 1 with extensions": lambda w: logged(w, lambda items: items, tbs=with_version()),
    "version 2": lambda w: logged(w, lambda items: items, tbs=with_version(der_context(0, der_integer(1)))),
    "a negative serial number": lambda w: logged(
        w, lambda items: items, tbs=lambda parts: [parts[0], der_integer(-5), *parts[2:]]
    ),
    "a unique identifier": lambda w: logged(
        w, lambda items: items, tbs=lambda parts: [*parts[:-1], b"\x81\x02\x00\x01", parts[-1]]
    ),
    "something after the extensions": lambda w: reissued(w.certificate(), w.ca, tbs=lambda parts: [*parts, der_null()]),
    "another algorithm inside": lambda w: logged(
        w,
        lambda items: items,
        tbs=lambda parts: [*parts[:2], der_sequence(der_oid("1.2.840.10045.4.3.3")), *parts[3:]],
    ),
    "a compressed point": lambda w: logged(
        w,
        lambda items: items,
        tbs=lambda parts: [
            *parts[:6],
            der_sequence(inside(parts[6])[0], der_bits(b"\x02" + inside(parts[6])[1][4:36])),
            *parts[7:],
        ],
    ),
    "a name that is not ASCII": lambda w: logged(w, with_names(email("d\u00e9v@example.com".encode()))),
    "an issuer in another string type": lambda w: logged(
        w,
        lambda items: [
            extension(f"{FULCIO}.8", der_element(0x13, ISSUER.encode())) if has_oid(f"{FULCIO}.8")(item) else item
            for item in items
        ],
    ),
    "an issuer with bytes after it": lambda w: logged(
        w,
        lambda items: [
            extension(f"{FULCIO}.8", der_utf8(ISSUER) + b"\0") if has_oid(f"{FULCIO}.8")(item) else item
            for item in items
        ],
    ),
    "no alternative name at all": lambda w: logged(w, with_names()),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_that_readers_disagree_about_is_malformed(world: World, name: str) -> None:
    refuse(world, STRUCTURES[name](world), "malformed")


@pytest.mark.parametrize("form", ["long length", "trailing byte", "indefinite length", "two certificates", "PEM"])
def test_another_encoding_of_a_certificate_is_malformed(world: World, form: str) -> None:
    issued = world.certificate()
    der = issued.der
    encoded = {
        "long length": b"\x30\x83\x00" + der[2:],
        "trailing byte": der + b"\0",
        "indefinite length": b"\x30\x80" + der[4:] + b"\0\0",
        "two certificates": der + der,
        "PEM": certificate_pem(der),
    }[form]
    evidence = world.blob(issued)._replace(chain_der=(encoded,))
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence).run(world)
    assert refusal.value.code == "malformed"


# ---- names ---------------------------------------------------------------------------------------------------------
NAMES: dict[str, Edit] = {
    "cut by a NUL": with_names(email(b"dev@example.com\0.evil.example")),
    "with a line break": with_names(email(b"dev@example.com\n")),
    "in another case": with_names(email(b"Dev@example.com")),
    "behind another": with_names(email(b"x@evil.example"), email(IDENTITY.encode())),
    "before another": with_names(email(IDENTITY.encode()), email(b"x@evil.example")),
    "beside a URI": with_names(email(IDENTITY.encode()), der_element(0x86, b"https://evil.example")),
    "as a host": with_names(der_element(0x82, IDENTITY.encode())),
    "as a registered identifier": with_names(der_element(0x88, IDENTITY.encode())),
    "as another kind of other name": with_names(
        wrap(0xA0, [der_oid("1.3.6.1.4.1.311.20.2.3"), der_context(0, der_utf8(IDENTITY))])
    ),
    "empty": with_names(email(b"")),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_only_looks_like_the_demanded_one_is_refused(world: World, name: str) -> None:
    refuse(world, logged(world, NAMES[name]), "identity.mismatch")


def test_the_same_key_under_another_identity_is_another_signer(world: World) -> None:
    """Who gets a certificate for a key of somebody else cannot put it in place of the one that was logged."""
    victim = world.certificate()
    attacker = world.certificate(victim.signer, names=(x509.RFC822Name("x@evil.example"),))
    evidence = world.blob(attacker)
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence._replace(chain_der=(victim.der,))).run(world)
    assert refusal.value.code == "tlog.entry-mismatch"
    with pytest.raises(SigningError) as refusal:
        Attempt(world.blob(victim)._replace(chain_der=(attacker.der,))).run(world)
    assert refusal.value.code == "tlog.entry-mismatch"


# ---- purposes and paths --------------------------------------------------------------------------------------------
PURPOSES: dict[str, Edit] = {
    "a critical extension that nobody knows": lambda items: [*items, extension("1.2.3.4", b"", critical=True)],
    "name constraints": lambda items: [*items, extension("2.5.29.30", der_sequence())],
    "an authority": lambda items: [*items, extension("2.5.29.19", der_sequence(b"\x01\x01\xff"), critical=True)],
    "a purpose that nobody knows": lambda items: [
        extension("2.5.29.37", der_sequence(der_oid("1.2.3.4"))) if has_oid("2.5.29.37")(item) else item
        for item in items
    ],
    "key agreement only": lambda items: [
        extension("2.5.29.15", b"\x03\x02\x03\x08", critical=True) if has_oid("2.5.29.15")(item) else item
        for item in items
    ],
}


@pytest.mark.parametrize("name", PURPOSES)
def test_a_certificate_for_something_else_is_untrusted(world: World, name: str) -> None:
    refuse(world, logged(world, PURPOSES[name]), "cert.untrusted")


def test_a_precertificate_is_no_certificate(world: World) -> None:
    """Authority and certificate log have both signed it; its poison is critical so that nobody takes it."""
    bare = reissued(
        world.certificate(with_sct=False),
        world.ca,
        extensions=lambda items: [*items, extension(CT_POISON, der_null(), critical=True)],
    )
    refuse(world, bare, "cert.untrusted")


def test_an_authority_s_own_certificate_signs_nothing(world: World) -> None:
    refuse(world, world.ca, "cert.untrusted")
    refuse(world, Issued(world.tsa.certificate, world.tsa.signer), "cert.untrusted")


def test_the_timestamp_authority_issues_no_signers(world: World) -> None:
    refuse(world, world.certificate(ca=world.tsa_root), "cert.untrusted")


def test_a_certificate_that_its_own_key_signed_under_the_authority_s_name_is_untrusted(world: World) -> None:
    own = world.certificate()
    refuse(world, reissued(own, Issued(world.ca.certificate, own.signer)), "cert.untrusted")


# ---- certificate log proofs ----------------------------------------------------------------------------------------
def test_a_log_proof_of_another_certificate_is_refused(world: World) -> None:
    other = sct_list(world, world.certificate(with_sct=False))
    bare = world.certificate(with_sct=False)
    spliced = reissued(bare, world.ca, extensions=lambda items: [*items, extension(SCT_LIST, other)])
    refuse(world, spliced, "sct.invalid")


def test_a_log_proof_inside_another_extension_does_not_count(world: World) -> None:
    bare = world.certificate(with_sct=False)
    hidden = extension("1.2.3.4", extension(SCT_LIST, sct_list(world, bare)))
    refuse(world, reissued(bare, world.ca, extensions=lambda items: [*items, hidden]), "sct.invalid")


def test_a_log_proof_of_the_whole_certificate_is_not_one_of_the_precertificate(world: World) -> None:
    bare = world.certificate(with_sct=False)
    whole = sct_list(world, bare, as_certificate=True)
    refuse(
        world, reissued(bare, world.ca, extensions=lambda items: [*items, extension(SCT_LIST, whole)]), "sct.invalid"
    )


def test_a_log_proof_under_another_issuer_is_refused(world: World) -> None:
    bare = world.certificate(with_sct=False)
    foreign = sct_list(world, bare, ca=world.root)
    refuse(
        world, reissued(bare, world.ca, extensions=lambda items: [*items, extension(SCT_LIST, foreign)]), "sct.invalid"
    )


def test_taking_out_what_the_log_saw_is_noticed(world: World) -> None:
    issued = world.certificate(claims={1: ISSUER, 5: "octo/project", 8: ISSUER})
    without = reissued(
        issued, world.ca, extensions=lambda items: [item for item in items if not has_oid(f"{FULCIO}.5")(item)]
    )
    refuse(world, without, "sct.invalid")


def test_the_order_of_extensions_is_part_of_what_the_log_saw(world: World) -> None:
    refuse(world, reissued(world.certificate(), world.ca, extensions=lambda items: items[::-1]), "sct.invalid")


@pytest.mark.parametrize(
    "value", [b"", der_octets(b""), der_octets(b"\0\0"), der_octets(b"\0\5\0"), b"\x04\x81\x02\0\0"]
)
def test_a_log_proof_that_is_none_is_malformed(world: World, value: bytes) -> None:
    bare = world.certificate(with_sct=False)
    refuse(world, reissued(bare, world.ca, extensions=lambda items: [*items, extension(SCT_LIST, value)]), "malformed")


def test_the_oid_of_a_known_extension_is_not_shared_by_its_children(world: World) -> None:
    """`1.3.6.1.4.1.57264.1.8.1` is not the issuer."""
    items = x509.UnrecognizedExtension(ObjectIdentifier(f"{FULCIO}.8.1"), der_utf8("https://evil.example"))
    added = extension(items.oid.dotted_string, items.value)
    Attempt(world.blob(logged(world, lambda found: [*found, added]))).run(world)


# ---- authorities that share a name ---------------------------------------------------------------------------------
def renewed(world: World, start: datetime, *, signer: LocalSigner | None = None) -> Issued:
    """The authority's certificate made anew: the same name, and the same key unless another is given."""
    key = (signer or world.ca.signer).library_key()
    builder = new_builder("intermediate", key.public_key(), start, start + timedelta(days=3650))
    builder = builder.issuer_name(world.root.certificate.subject)
    builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    return Issued(builder.sign(world.root.signer.library_key(), hashes.SHA256()), signer_of(key))


def authority(world: World, ca: Issued, window: ValidFor) -> Authority:
    return Authority("https://ca.example.com", "", "", (ca.der, world.root.der), window)


def test_an_authority_that_was_renewed_between_two_moments_is_the_same(world: World) -> None:
    half = SIGNED_AT + timedelta(minutes=1)
    trust = world.trust(
        certificate_authorities=(
            authority(world, world.ca, ValidFor(EPOCH, half)),
            authority(world, renewed(world, EPOCH), ValidFor(half, None)),
        )
    )
    evidence = world.blob(logged_at=SIGNED_AT, stamped_at=SIGNED_AT + timedelta(minutes=2))
    assert len(Attempt(evidence, trust=trust).run(world).times) == 2


def test_an_authority_of_the_same_name_neither_helps_nor_hides_the_right_one(world: World) -> None:
    other = renewed(world, EPOCH, signer=generate_signer())
    strangers = authority(world, other, world.window)
    own = authority(world, world.ca, world.window)
    for found in ((strangers, own), (own, strangers)):
        Attempt(world.blob(), trust=world.trust(certificate_authorities=found)).run(world)
    with pytest.raises(SigningError) as refusal:
        Attempt(world.blob(), trust=world.trust(certificate_authorities=(strangers,))).run(world)
    assert refusal.value.code == "cert.untrusted"


def test_an_authority_that_the_evidence_brings_under_a_trusted_name_is_untrusted(world: World) -> None:
    attacker = World()
    evil_ca = Issued(attacker.ca.certificate, attacker.ca.signer)
    evidence = world.blob(attacker.certificate(ct=world.ct, ca=evil_ca))
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence._replace(chain_der=(*evidence.chain_der, evil_ca.der))).run(world)
    assert refusal.value.code == "cert.untrusted"


def pems(*certificates: Issued) -> bytes:
    return b"".join(certificate_pem(item.der) for item in certificates)


def given(
    world: World, *, chain: bytes | None = None, roots: bytes | None = None, intermediates: bytes | None = None
) -> TrustRoot:
    """Trust as --certificate-chain, --ca-roots and --ca-intermediates give it."""
    return trust_from_material(
        ca_chain_pem=chain,
        ca_roots_pem=roots,
        ca_intermediates_pem=intermediates,
        rekor_keys_pem=[world.log_v1.signer.public_key.pem()],
        ct_keys_pem=[world.ct.public_key.pem()],
    )


def test_a_root_among_the_intermediates_that_are_given_is_no_anchor(world: World) -> None:
    """Whoever collects intermediates for others may add one that issued itself."""
    attacker = World()
    evidence = world.blob(attacker.certificate(ct=world.ct, ca=attacker.root))
    strangers = (attacker.root, attacker.ca)
    for trust in (
        given(world, chain=pems(*strangers, world.ca, world.root)),
        given(world, roots=pems(world.root), intermediates=pems(*strangers, world.ca)),
    ):
        with pytest.raises(SigningError) as refusal:
            Attempt(evidence, trust=trust).run(world)
        assert refusal.value.code == "cert.untrusted"
        Attempt(world.blob(), trust=trust).run(world)


def test_an_intermediate_that_is_given_as_an_anchor_is_one(world: World) -> None:
    """As Cosign has it: the last of --certificate-chain, and each of --ca-roots."""
    for trust in (given(world, chain=pems(world.ca)), given(world, roots=pems(world.ca))):
        Attempt(world.blob(), trust=trust).run(world)
