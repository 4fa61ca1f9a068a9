"""What was signed, and the signature."""

import hashlib
from typing import Any

from pycosign.wire.bundle import Bundle, MessageSignature
from pycosign.wire.dsse import Envelope, EnvelopeSignature
from tests.mutation.changes.tools import (
    GOOD,
    SPELLING,
    WRONG,
    Change,
    PlanEdit,
    always,
    another,
    both,
    certified,
    envelope,
    flip,
    logged,
    message,
    other_artifact,
    respelled,
    settings,
    signature_of,
)
from tests.mutation.generated import Plan, signer
from tests.verify.factory import ARTIFACT


def with_signature(bundle: Bundle, signature: bytes) -> Bundle:
    content = bundle.content
    if isinstance(content, Envelope):
        return bundle._replace(content=content._replace(signatures=(EnvelopeSignature(signature),)))
    return bundle._replace(content=content._replace(signature=signature))


def subject(**digests: str) -> PlanEdit:
    def edit(plan: Plan) -> None:
        plan.statement["subject"] = [{"name": "artifact", "digest": digests}]

    return edit


def subjects(*subjects: dict[str, Any]) -> PlanEdit:
    def edit(plan: Plan) -> None:
        plan.statement["subject"] = list(subjects)

    return edit


def statement(**members: Any) -> PlanEdit:
    def edit(plan: Plan) -> None:
        plan.statement.update(members)
        for name in [name for name, value in plan.statement.items() if value is ...]:
            del plan.statement[name]

    return edit


SHA256 = hashlib.sha256(ARTIFACT).hexdigest()


CHANGES: tuple[Change, ...] = (
    # -- what
    Change("another artifact", WRONG, always, lambda plan: settings(**other_artifact())(plan)),
    Change(
        "another digest beside the signature",
        WRONG,
        message,
        lambda plan: setattr(plan, "stated", (plan.hash_name, hashlib.new(plan.hash_name, b"x").digest())),
    ),
    Change(
        "a digest that was not signed",
        SPELLING,
        both(message, lambda recipe: recipe.algorithm in ("ecdsa-p256", "rsa-2048", "rsa-4096")),
        lambda plan: setattr(plan, "stated", ("sha512", hashlib.sha512(ARTIFACT).digest())),
    ),
    Change(
        "no digest beside the signature",
        SPELLING,
        message,
        bundle=lambda b, plan, rng: b._replace(content=MessageSignature(None, None, signature_of(b))),
    ),
    Change("another payload type", WRONG, envelope, settings(payload_type="application/json")),
    Change("another subject's digest", WRONG, envelope, subject(sha256="0" * 64)),
    Change("digests that contradict each other", WRONG, envelope, subject(sha256=SHA256, sha512="0" * 128)),
    Change("a digest in capitals", SPELLING, envelope, subject(sha256=SHA256.upper())),
    Change("a digest of an unknown algorithm alone", WRONG, envelope, subject(blake3=SHA256)),
    Change("no subject", WRONG, envelope, subjects()),
    Change("a subject without a digest", WRONG, envelope, subjects({"name": "artifact"})),
    Change(
        "two subjects, the second is it",
        GOOD,
        envelope,
        subjects({"name": "b", "digest": {"sha256": "1" * 64}}, {"name": "a", "digest": {"sha256": SHA256}}),
    ),
    Change(
        "two subjects, neither is it",
        WRONG,
        envelope,
        subjects({"name": "b", "digest": {"sha256": "1" * 64}}, {"name": "a", "digest": {"sha256": "2" * 64}}),
    ),
    Change("an older statement", GOOD, envelope, statement(_type="https://in-toto.io/Statement/v0.1")),
    Change("an unknown statement", WRONG, envelope, statement(_type="https://example.com/Statement")),
    Change("no predicate type", SPELLING, envelope, statement(predicateType=...)),
    Change("another predicate type", GOOD, envelope, statement(predicateType="https://example.com/other")),
    Change("no predicate", GOOD, envelope, statement(predicate=...)),
    Change(
        "a payload that is no JSON",
        WRONG,
        envelope,
        bundle=lambda b, plan, rng: b._replace(
            content=b.content._replace(payload=b"{")  # type: ignore[call-arg]
        ),
    ),
    # -- signature
    Change(
        "a bit of the signature",
        WRONG,
        always,
        bundle=lambda b, plan, rng: with_signature(b, flip(signature_of(b), rng)),
    ),
    Change(
        "a signature of another key",
        WRONG,
        certified,
        bundle=lambda b, plan, rng: with_signature(
            b, signature_of(another(plan, signer=signer(plan.recipe.algorithm, 1)))
        ),
    ),
    Change(
        "another signature of the same key",
        WRONG,
        both(logged, lambda recipe: recipe.algorithm.startswith("ecdsa")),
        bundle=lambda b, plan, rng: with_signature(b, signature_of(another(plan))),
    ),
    Change(
        "a byte after the signature",
        WRONG,
        always,
        bundle=lambda b, plan, rng: with_signature(b, signature_of(b) + b"\0"),
    ),
    Change("no bytes of signature", WRONG, always, text=respelled(lambda text: "")),
    Change(
        "two signatures",
        SPELLING,
        envelope,
        bundle=lambda b, plan, rng: b._replace(
            content=b.content._replace(signatures=b.content.signatures * 2)  # type: ignore[union-attr,call-arg]
        ),
    ),
    Change(
        "a key id beside the signature",
        GOOD,
        envelope,
        bundle=lambda b, plan, rng: b._replace(
            content=b.content._replace(signatures=(EnvelopeSignature(signature_of(b), "any"),))  # type: ignore[call-arg]
        ),
    ),
    Change(
        "a bit of the payload",
        WRONG,
        envelope,
        bundle=lambda b, plan, rng: b._replace(
            content=b.content._replace(payload=flip(b.content.payload, rng))  # type: ignore[union-attr,call-arg]
        ),
    ),
)
