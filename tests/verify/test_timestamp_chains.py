"""Chains of timestamp authorities as files and trust roots have them: in any order, and with gaps that tokens fill.

Commercial authorities publish their root, and send the authorities below it with each token.
"""

import hashlib
from datetime import timedelta
from itertools import permutations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from pycosign.codec.pem import format_pem
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.signers import LocalSigner
from pycosign.errors import SigningError
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements
from pycosign.verify.trust import TrustRoot, trust_from_material
from pycosign.wire.trusted_root import Authority, ValidFor
from pycosign.wire.tsp import TimestampRequest
from pycosign.wire.tsp_response import AuthorityCertificate, TokenTemplate, format_response
from tests.verify.attempts import Attempt
from tests.verify.factory import EPOCH, SIGNED_AT, World
from tests.verify.issuing import Issued, key_usage, make_authority, new_builder, p256_key, signer_of

END = EPOCH + timedelta(days=3650)
PURPOSE = ExtendedKeyUsageOID.TIME_STAMPING
RETIRED_AT = SIGNED_AT - timedelta(days=10)


def issue(authority: Issued, signer: LocalSigner) -> Issued:
    """A timestamp signer's certificate."""
    key = serialization.load_der_public_key(signer.public_key.spki_der)
    builder = new_builder("tsa signer", key, EPOCH, END).issuer_name(authority.certificate.subject)
    builder = builder.add_extension(key_usage("digital_signature"), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([PURPOSE]), critical=True)
    return Issued(authority.sign(builder), signer)


class Chain:
    """A root, an authority below it, and a signer below that."""

    def __init__(self, root: Issued, between: Issued | None = None) -> None:
        self.root = root
        self.between = between or make_authority("tsa between", root, EPOCH, END, PURPOSE)
        self.signer = issue(self.between, signer_of(p256_key()))

    def cross_sign(self, other: "Chain", *, is_direct: bool) -> None:
        """The other chain's signer, or its authority with everything below, under this chain's root too."""
        if is_direct:
            self.signer = issue(self.root, other.signer.signer)
        else:
            self.between = make_authority("tsa between", self.root, EPOCH, END, PURPOSE, signer=other.between.signer)
            self.signer = issue(self.between, signer_of(p256_key()))

    def stamp(self, signature: bytes, *sent: Issued) -> bytes:
        """A response that brings these certificates along."""
        certificate = parse_certificate(self.signer.der)
        named = AuthorityCertificate(
            certificate.der, certificate.issuer_der, certificate.subject_der, certificate.serial
        )
        template = TokenTemplate(named, chain_der=tuple(issued.der for issued in sent))
        request = TimestampRequest(hashlib.sha256(signature).digest(), certificates=bool(sent))
        return format_response(request, template, serial=7, at=SIGNED_AT, sign=self.signer.signer.sign)


@pytest.fixture(scope="module")
def chain(world: World) -> Chain:
    return Chain(world.tsa_root)


def stamped(world: World, chain: Chain, *sent: Issued) -> Evidence:
    evidence = world.blob(log="v2")
    return evidence._replace(timestamps=(chain.stamp(evidence.signature, *sent),))


def from_file(world: World, *certificates: Issued) -> TrustRoot:
    """The world's trust with the timestamp authorities of a PEM file."""
    base = world.trust()
    given = trust_from_material(tsa_chain_pem=b"".join(format_pem("CERTIFICATE", item.der) for item in certificates))
    return TrustRoot(
        [log for logs in base.logs.values() for log in logs],
        [log for logs in base.ct_logs.values() for log in logs],
        base.certificate_authorities,
        given.timestamp_authorities,
    )


def code_of(world: World, evidence: Evidence, trust: TrustRoot) -> str:
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence, trust=trust).run(world)
    return refusal.value.code


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_the_order_of_a_file_means_nothing(world: World, chain: Chain, order: tuple[int, ...]) -> None:
    parts = (chain.signer, chain.between, chain.root)
    trust = from_file(world, *(parts[place] for place in order))
    assert Attempt(stamped(world, chain), trust=trust).run(world).times


def test_a_file_with_several_roots_means_each_of_them(world: World, chain: Chain) -> None:
    other = make_authority("another root", None, EPOCH, END)
    for roots in ((chain.root, other), (other, chain.root)):
        trust = from_file(world, chain.signer, chain.between, *roots)
        assert Attempt(stamped(world, chain), trust=trust).run(world).times
    assert code_of(world, stamped(world, chain), from_file(world, chain.signer, chain.between, other)) == (
        "timestamp.invalid"
    )


def test_a_token_brings_the_authorities_between_its_signer_and_the_root(world: World, chain: Chain) -> None:
    evidence = stamped(world, chain, chain.signer, chain.between)
    for given in ((chain.root,), (chain.signer, chain.root), (chain.root, chain.signer)):
        assert Attempt(evidence, trust=from_file(world, *given)).run(world).times
    without = stamped(world, chain, chain.signer)
    assert code_of(world, without, from_file(world, chain.root)) == "timestamp.missing"
    assert code_of(world, without, from_file(world, chain.signer, chain.root)) == "timestamp.invalid"


def test_an_authority_that_only_has_the_right_names_leads_nowhere(world: World, chain: Chain) -> None:
    impostor = Chain(make_authority("tsa root", None, EPOCH, END))
    evidence = stamped(world, impostor, impostor.signer, impostor.between, impostor.root)
    assert code_of(world, evidence, from_file(world, chain.root)) == "timestamp.invalid"
    unknown = Chain(make_authority("unknown root", None, EPOCH, END))
    evidence = stamped(world, unknown, unknown.signer, unknown.between, unknown.root)
    assert code_of(world, evidence, from_file(world, chain.root)) == "timestamp.missing"


def test_what_a_token_brings_must_be_an_authority_for_timestamps(world: World, chain: Chain) -> None:
    below_signer = Chain(chain.root, between=chain.signer)
    evidence = stamped(world, below_signer, below_signer.signer, chain.signer, chain.between)
    assert code_of(world, evidence, from_file(world, chain.root)) == "timestamp.missing"
    for_code = make_authority("for code", chain.root, EPOCH, END, ExtendedKeyUsageOID.CODE_SIGNING)
    below_other = Chain(chain.root, between=for_code)
    evidence = stamped(world, below_other, below_other.signer, for_code)
    assert code_of(world, evidence, from_file(world, chain.root)) == "timestamp.invalid"


def test_an_authority_that_was_retired_does_not_come_back_with_a_token(world: World, chain: Chain) -> None:
    """Its root has an entry of its own, which leaves the rest to tokens: but not what another entry lists."""
    retired = Authority(
        "https://tsa.example.com", "", "", (chain.between.der, chain.root.der), ValidFor(EPOCH, RETIRED_AT)
    )
    root_alone = Authority("https://tsa.example.com", "", "", (chain.root.der,), ValidFor(EPOCH, None))
    evidence = stamped(world, chain, chain.signer, chain.between)
    for found in ((retired, root_alone), (root_alone, retired)):
        assert code_of(world, evidence, world.trust(timestamp_authorities=found)) == "timestamp.outside-validity"
    assert Attempt(evidence, trust=world.trust(timestamp_authorities=(root_alone,))).run(world).times


# ---- thresholds ------------------------------------------------------------------------------------------------------
def demanding_two(world: World) -> Requirements:
    return world.requirements()._replace(min_timestamp_authorities=2)


def root_entry(url: str, root: Issued) -> Authority:
    return Authority(url, "", "", (root.der,), ValidFor(EPOCH, None))


@pytest.mark.parametrize("is_direct", [True, False])
def test_one_signer_below_two_roots_is_one_authority(world: World, is_direct: bool) -> None:
    """Cross-signed, it could show itself below either root: whose entries leave the signer to the token."""
    roots = [make_authority(f"root {name}", None, EPOCH, END) for name in "ab"]
    found = (root_entry("https://tsa.example.org", roots[0]), root_entry("https://tsa.example.net", roots[1]))
    trust = world.trust(timestamp_authorities=found)
    evidence = world.blob(log="v2")
    chains = [Chain(root) for root in roots]
    stamps = tuple(chain.stamp(evidence.signature, chain.signer, chain.between) for chain in chains)
    attempt = Attempt(evidence._replace(timestamps=stamps), trust=trust, requirements=demanding_two(world))
    assert len(attempt.run(world).times) == 2  # two who share nothing

    same = [Chain(root) for root in roots]
    same[1].cross_sign(same[0], is_direct=is_direct)
    stamps = tuple(chain.stamp(evidence.signature, chain.signer, chain.between) for chain in same)
    with pytest.raises(SigningError) as refusal:
        attempt._replace(evidence=evidence._replace(timestamps=stamps)).run(world)
    assert refusal.value.code == "timestamp.threshold"
