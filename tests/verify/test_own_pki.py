"""Certificates of a PKI that is no Fulcio: what its authority, given as PEM, may leave out or add, and what it may not.

Cosign's answers to the same certificates are compared in `make interop` (tests/interop/own_pki.py).
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.crypto.certificate import parse_certificate
from pycosign.errors import SigningError
from pycosign.policy.decide import VerificationPolicy, decide
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule, Waiver
from pycosign.verify.revocation_list import RevocationList, parse_revocation_list
from pycosign.verify.trust import TrustRoot, trust_from_material
from pycosign.wire.trusted_root import Authority, ValidFor
from tests.verify.attempts import GOOD, Attempt, certificate_pem
from tests.verify.factory import IDENTITY, ISSUER, NOW, World
from tests.verify.issuing import Issued, new_builder, p256_key, signer_of

HOST = "build.example.com"
OTHER = "https://ci.example.com/release"
ANY = TextRule(regexp=".*")
MAIL, URI, DNS = x509.RFC822Name(IDENTITY), x509.UniformResourceIdentifier(OTHER), x509.DNSName(HOST)
DIRECTORY = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")]))


_DAY = timedelta(days=1)
REVOKING = {"schema": 1, "issued": format_rfc3339(NOW - _DAY), "expires": format_rfc3339(NOW + _DAY)}


def own_pki(world: World, *, chain: bool = True) -> TrustRoot:
    """The world's authority as Cosign's flags give it."""
    root, below = certificate_pem(world.root.der), certificate_pem(world.ca.der)
    return trust_from_material(
        ca_chain_pem=below + root if chain else None,
        ca_roots_pem=None if chain else root,
        ca_intermediates_pem=None if chain else below,
        rekor_keys_pem=[world.log_v1.signer.public_key.pem()],
        ct_keys_pem=[world.ct.public_key.pem()],
    )


def demand(identity: TextRule, issuer: TextRule = ANY) -> Requirements:
    return Requirements(SignerIdentity(identity, issuer))


def answer(world: World, issued: Issued, requirements: Requirements, trust: TrustRoot | None = None) -> str:
    try:
        verified = Attempt(world.blob(issued), trust=trust or own_pki(world), requirements=requirements).run(world)
    except SigningError as exc:
        return exc.code
    assert verified.identity
    assert verified.issuer is not None
    return f"{verified.identity} {verified.issuer}".strip()


# ---- names ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("chain", [True, False], ids=["chain", "roots"])
@pytest.mark.parametrize("wanted", [IDENTITY, OTHER, HOST])
def test_each_name_of_a_certificate_may_be_the_demanded_one(world: World, wanted: str, chain: bool) -> None:
    issued = world.certificate(names=(DIRECTORY, MAIL, URI, DNS))
    trust = own_pki(world, chain=chain)
    assert answer(world, issued, demand(TextRule(wanted)), trust) == f"{wanted} {ISSUER}"


def test_a_name_that_is_not_there_or_only_a_part_of_one_is_no_match(world: World) -> None:
    issued = world.certificate(names=(MAIL, DNS))
    for wanted in (OTHER, "example.com", IDENTITY.upper(), f"{IDENTITY}, {HOST}", ""):
        assert answer(world, issued, demand(TextRule(wanted))) == "identity.mismatch"
    with pytest.raises(SigningError, match=r"names 'dev@example.com', 'build.example.com', not 'x'"):
        Attempt(world.blob(issued), trust=own_pki(world), requirements=demand(TextRule("x"))).run(world)


@pytest.mark.parametrize("names", [(DIRECTORY,), (x509.IPAddress(ip_address("10.0.0.1")),)])
def test_directory_names_and_addresses_are_no_identities(world: World, names: Sequence[x509.GeneralName]) -> None:
    with pytest.raises(
        SigningError, match=r"names a (directory name|network address), not an email address, URI"
    ) as no:
        Attempt(world.blob(world.certificate(names=names)), trust=own_pki(world), requirements=demand(ANY)).run(world)
    assert no.value.code == "identity.mismatch"


def test_a_fulcio_of_a_trust_root_writes_one_name_and_never_a_host(world: World) -> None:
    trust = world.trust()
    assert answer(world, world.certificate(names=(MAIL, URI)), demand(ANY), trust) == "identity.mismatch"
    assert answer(world, world.certificate(names=(DNS,)), demand(ANY), trust) == "identity.mismatch"
    assert answer(world, world.certificate(names=(MAIL,)), demand(ANY), trust) == f"{IDENTITY} {ISSUER}"


# ---- the issuer ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("trusted", [True, False], ids=["trust root", "PEM"])
def test_a_certificate_without_an_issuer_fits_a_demand_that_asks_for_none(world: World, trusted: bool) -> None:
    issued, trust = world.certificate(claims={}), world.trust() if trusted else own_pki(world)
    for rule in (ANY, TextRule(regexp="^$"), TextRule("")):
        assert answer(world, issued, demand(TextRule(IDENTITY), rule), trust) == IDENTITY
    for rule in (TextRule(ISSUER), TextRule(regexp="."), TextRule(regexp="https://"), TextRule(ISSUER, ".*")):
        assert answer(world, issued, demand(TextRule(IDENTITY), rule), trust) == "issuer.mismatch"
    assert answer(world, world.certificate(), demand(TextRule(IDENTITY), TextRule("")), trust) == "issuer.mismatch"


# ---- purposes ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("eku", "code"),
    [
        (None, f"{IDENTITY} {ISSUER}"),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, f"{IDENTITY} {ISSUER}"),
        (ExtendedKeyUsageOID.SERVER_AUTH, "cert.untrusted"),
        (ExtendedKeyUsageOID.EMAIL_PROTECTION, "cert.untrusted"),
        (ExtendedKeyUsageOID.TIME_STAMPING, "cert.untrusted"),
    ],
)
def test_a_certificate_for_another_purpose_signs_nothing(world: World, eku: ObjectIdentifier | None, code: str) -> None:
    assert answer(world, world.certificate(eku=eku), demand(TextRule(IDENTITY))) == code


# ---- a signer that is its own authority ----------------------------------------------------------------------------
def self_signed(*, end: timedelta = timedelta(days=1)) -> Issued:
    """As `openssl req -x509` makes it."""
    key = p256_key()
    builder = new_builder("signer", key.public_key(), NOW - timedelta(days=900), NOW + end)
    builder = builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")]))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([MAIL]), critical=False)
    return Issued(builder.sign(key, hashes.SHA256()), signer_of(key))


@pytest.mark.parametrize("chain", [True, False], ids=["chain", "roots"])
def test_a_signer_may_be_its_own_authority_where_the_caller_names_it(world: World, chain: bool) -> None:
    def answer_to(issued: Issued, wanted: str = IDENTITY, revocations: tuple[RevocationList, ...] = ()) -> str:
        pem = certificate_pem(mine.der)
        trust = trust_from_material(
            ca_chain_pem=pem if chain else None,
            ca_roots_pem=None if chain else pem,
            rekor_keys_pem=[world.log_v1.signer.public_key.pem()],
        )
        requirements = demand(TextRule(wanted))._replace(waivers=frozenset({Waiver.SCT}), revocations=revocations)
        return answer(world, issued, requirements, trust)

    mine = self_signed()
    assert answer_to(mine) == IDENTITY
    serial = f"{parse_certificate(mine.der).serial:x}"
    revoked = parse_revocation_list(json.dumps({**REVOKING, "certificates": [{"serial": serial}]}).encode())
    assert answer_to(mine, revocations=(revoked,)) == "revoked.certificate"
    assert answer_to(mine, OTHER) == "identity.mismatch"
    assert answer_to(self_signed()) == "cert.untrusted"  # the same names, another key
    mine = self_signed(end=-timedelta(days=800))
    assert answer_to(mine) == "cert.not-valid-at-time"


def test_an_authority_of_a_trust_root_signs_no_artifacts(world: World) -> None:
    mine = self_signed()
    authority = Authority("https://ca.example", "", "", (mine.der,), ValidFor())
    trust = world.trust(certificate_authorities=(authority,))
    requirements = demand(TextRule(IDENTITY))._replace(waivers=frozenset({Waiver.SCT}))
    assert answer(world, mine, requirements, trust) == "cert.untrusted"


# ---- what several names must not do --------------------------------------------------------------------------------
def revoking(entry: dict[str, str]) -> RevocationList:
    """A list that names one identity."""
    return parse_revocation_list(json.dumps({**REVOKING, "identities": [entry]}).encode())


def test_a_revoked_name_does_not_sign_by_another_that_stands_beside_it(world: World) -> None:
    revocations = revoking({"identity": IDENTITY})
    issued = world.certificate(names=(MAIL, URI))
    for wanted in (IDENTITY, OTHER):
        requirements = demand(TextRule(wanted))._replace(revocations=(revocations,))
        assert answer(world, issued, requirements) == "revoked.identity"
    requirements = demand(TextRule(OTHER))._replace(revocations=(revocations,))
    assert answer(world, world.certificate(names=(URI,)), requirements) == f"{OTHER} {ISSUER}"


def test_a_revocation_means_names_and_not_the_bytes_of_a_directory_name(world: World) -> None:
    revocations = revoking({"identity_regexp": "^[0-9a-f]+$"})
    requirements = demand(TextRule(IDENTITY))._replace(revocations=(revocations,))
    assert answer(world, world.certificate(names=(DIRECTORY, MAIL)), requirements) == f"{IDENTITY} {ISSUER}"


def test_two_names_of_one_holder_are_one_signer(world: World) -> None:
    """Two keys, two certificates, each with both names: still one person, who must not count as two."""
    rules = tuple(SignerIdentity(TextRule(name), TextRule(ISSUER)) for name in (IDENTITY, OTHER))
    policy = VerificationPolicy(rules, threshold=2)

    def verdict(*names: Sequence[x509.GeneralName]) -> str:
        evidence = [world.blob(world.certificate(names=each)) for each in names]
        found = decide(evidence, GOOD, policy, own_pki(world), NOW)
        return "verified" if found.error is None else found.error.code

    assert verdict((MAIL, URI), (URI, MAIL)) == "signers.threshold"
    assert verdict((MAIL, DNS), (URI, DNS)) == "signers.threshold"
    assert verdict((MAIL,), (URI,)) == "verified"
    assert verdict((MAIL, DIRECTORY), (URI, DIRECTORY)) == "verified"  # the company's name is nobody's
