"""Who signed: identities, issuers and certificates."""

from collections.abc import Callable
from random import Random
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pycosign.codec.der_writer import der_boolean, der_sequence
from pycosign.wire.bundle import Bundle
from tests.mutation.changes.tools import (
    GOOD,
    HOUR,
    SPELLING,
    WRONG,
    Change,
    PlanEdit,
    always,
    both,
    certified,
    flip,
    keyed,
    logged,
    settings,
)
from tests.mutation.generated import Plan, Truth, another_world, constrained, signer, the_world
from tests.verify.factory import IDENTITY, ISSUER, SIGNED_AT
from tests.verify.forgery import extension, has_oid, reissued
from tests.verify.issuing import Issued


def certificate(**arguments: Any) -> PlanEdit:
    return settings(certificate=arguments)


def reissued_with(**edits: Any) -> PlanEdit:
    return settings(reissue=lambda issued: reissued(issued, the_world().ca, **edits))


def without_extension(oid: str) -> Callable[[list[bytes]], list[bytes]]:
    return lambda listed: [item for item in listed if not has_oid(oid)(item)]


def with_extension(added: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda listed: [*listed, added]


def by_another_authority(plan: Plan) -> None:
    world = another_world()
    plan.certificate = {"ca": world.ca}
    plan.chain = ()


def by_a_constrained_authority(how: str, truth: Truth) -> Change:
    name = f"by an authority that is constrained {how}"
    return Change(name, truth, certified, lambda plan: plan.certificate.update(ca=constrained(how)))


def by_a_leaf(plan: Plan) -> None:
    """A leaf that plays authority: the intermediate is somebody's own signing certificate."""
    leaf = plan.world.certificate()
    plan.certificate = {"ca": Issued(leaf.certificate, leaf.signer)}
    plan.chain = (leaf.der,) if plan.recipe.version != "0.3" else ()


def by_key(number: int) -> PlanEdit:
    return lambda plan: setattr(plan, "signer", signer(plan.recipe.algorithm, number))


def swap_certificates(bundle: Bundle, plan: Plan, rng: Random) -> Bundle:
    """Another valid certificate of the same identity for another key."""
    other = plan.world.certificate(signer(plan.recipe.algorithm, 1))
    return bundle._replace(chain_der=(other.der, *bundle.chain_der[1:]))


def swap_for_the_same_key(bundle: Bundle, plan: Plan, rng: Random) -> Bundle:
    """Another valid certificate of the same identity for the same key: not the one that was logged."""
    return bundle._replace(chain_der=(plan.world.certificate(plan.signer).der, *bundle.chain_der[1:]))


EKU_OID = "2.5.29.37"

SCT_OID = "1.3.6.1.4.1.11129.2.4.2"


CHANGES: tuple[Change, ...] = (
    Change("none", GOOD, always),
    # -- who
    Change("another identity", WRONG, certified, certificate(names=(x509.RFC822Name("mallory@example.com"),))),
    Change(
        "the identity with other letters", WRONG, certified, certificate(names=(x509.RFC822Name("Dev@example.com"),))
    ),
    Change(
        "the identity as a URI", SPELLING, certified, certificate(names=(x509.UniformResourceIdentifier(IDENTITY),))
    ),
    Change(
        "a second name beside the identity",
        WRONG,
        certified,
        certificate(names=(x509.RFC822Name("mallory@example.com"), x509.RFC822Name(IDENTITY))),
    ),
    Change(
        "another issuer", WRONG, certified, certificate(claims={1: "https://evil.example", 8: "https://evil.example"})
    ),
    Change("two issuers that differ", WRONG, certified, certificate(claims={1: ISSUER, 8: "https://evil.example"})),
    Change("no issuer", WRONG, certified, certificate(claims={12: "https://github.com/o/r"})),
    Change("the old issuer alone", GOOD, certified, certificate(claims={1: ISSUER})),
    Change("the new issuer alone", GOOD, certified, certificate(claims={8: ISSUER})),
    Change("by another key", WRONG, keyed, by_key(1)),
    # -- certificate
    Change("another authority", WRONG, certified, by_another_authority),
    Change("a leaf as authority", WRONG, certified, by_a_leaf),
    by_a_constrained_authority("to the identity's host", GOOD),
    by_a_constrained_authority("to another host", WRONG),
    by_a_constrained_authority("to hosts below the identity's", WRONG),
    by_a_constrained_authority("to URIs of another host", GOOD),
    by_a_constrained_authority("from the identity", WRONG),
    by_a_constrained_authority("from the identity's host", WRONG),
    by_a_constrained_authority("from addresses and hosts", GOOD),
    by_a_constrained_authority("by directory names", SPELLING),
    Change("no SCT", WRONG, certified, certificate(with_sct=False)),
    Change("an SCT of an unknown log", WRONG, certified, certificate(ct=signer("ecdsa-p256", 7))),
    Change(
        "an SCT in the name of the log",
        WRONG,
        certified,
        lambda plan: plan.certificate.update(ct=signer("ecdsa-p256", 7), ct_log_id=plan.world.ct_key().log_id),
    ),
    Change("not for signing code", WRONG, certified, certificate(eku=ExtendedKeyUsageOID.SERVER_AUTH)),
    Change("for no stated purpose", GOOD, certified, certificate(eku=None)),
    Change("for any purpose", GOOD, certified, certificate(eku=ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)),
    Change(
        "an authority's certificate as leaf",
        WRONG,
        certified,
        reissued_with(
            extensions=with_extension(extension("2.5.29.19", der_sequence(der_boolean(True)), critical=True))
        ),
    ),
    Change(
        "an unknown critical extension",
        WRONG,
        certified,
        reissued_with(extensions=with_extension(extension("1.3.6.1.4.1.99999.1", b"\x05\x00", critical=True))),
    ),
    Change(
        "an unknown extension",
        WRONG,
        certified,
        reissued_with(  # wrong: the SCT is for the certificate without it
            extensions=with_extension(extension("1.3.6.1.4.1.99999.1", b"\x05\x00"))
        ),
    ),
    Change("without extended usages", WRONG, certified, reissued_with(extensions=without_extension(EKU_OID))),
    Change("the SCT taken out", WRONG, certified, reissued_with(extensions=without_extension(SCT_OID))),
    Change("certificate of another key", WRONG, certified, bundle=swap_certificates),
    Change("another certificate of the same key", WRONG, both(certified, logged), bundle=swap_for_the_same_key),
    Change(
        "a bit of the certificate",
        WRONG,
        certified,
        bundle=lambda b, plan, rng: b._replace(chain_der=(flip(b.chain_der[0], rng), *b.chain_der[1:])),
    ),
    Change("not yet valid", WRONG, certified, certificate(start=SIGNED_AT + HOUR)),
    Change("expired", WRONG, certified, certificate(start=SIGNED_AT - HOUR)),
    Change(
        "with the intermediate",
        SPELLING,
        both(certified, lambda recipe: recipe.version != "0.3"),
        lambda plan: setattr(plan, "chain", (plan.world.ca.der,)),
    ),
    Change(
        "a chain in 0.3",
        SPELLING,
        both(certified, lambda recipe: recipe.version == "0.3"),
        lambda plan: setattr(plan, "chain", (plan.world.ca.der,)),
    ),
)
