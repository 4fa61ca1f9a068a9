"""Signed content that does not say what it seems to say, about artifacts, images and annotations."""

import hashlib
import json
from typing import Any

import pytest

from pycosign.codec.b64 import encode_b64
from pycosign.crypto.signers import generate_signer
from pycosign.errors import MalformedError, SigningError
from pycosign.verify.evidence import (
    evidence_from_bundle,
    evidence_from_legacy_bundle,
    evidence_from_legacy_layer,
)
from pycosign.verify.requirements import TextRule, Waiver
from pycosign.wire.bundle import Bundle, format_bundle, parse_bundle
from pycosign.wire.dsse import Envelope, EnvelopeSignature
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE, STATEMENT_V1, format_sign_statement
from pycosign.wire.legacy import SIGNATURE_ANNOTATION, LegacyBundle, format_legacy_bundle, parse_legacy_bundle
from tests.verify.attempts import GOOD, Attempt, by_key, certificate_pem, key_pem
from tests.verify.factory import ARTIFACT, World
from tests.verify.test_images import HEX, IMAGE

GOOD_HEX = GOOD.digests["sha256"].hex()


def refuse(world: World, attempt: Attempt, code: str) -> None:
    with pytest.raises(SigningError) as refusal:
        attempt.run(world)
    assert refusal.value.code == code, refusal.value


# ---- statements ----------------------------------------------------------------------------------------------------
def statement(**changes: Any) -> bytes:
    document = {
        "_type": STATEMENT_V1,
        "subject": [{"digest": {"sha256": HEX}}],
        "predicateType": COSIGN_SIGN_PREDICATE,
        "predicate": {},
    }
    return json.dumps(document | changes).encode()


STATEMENTS: dict[str, tuple[str, bytes]] = {
    "two subjects members": ("malformed", statement().replace(b'"subject":', b'"subject": [], "subject":')),
    "two predicate types": ("malformed", statement()[:-1] + b', "predicateType": "https://evil.example"}'),
    "a digest twice": ("malformed", statement().replace(b'{"sha256":', b'{"sha256": "00", "sha256":')),
    "an escaped name that is the same": ("malformed", statement()[:-1] + b', "subj\\u0065ct": []}'),
    "an upper-case digest": ("malformed", statement(subject=[{"digest": {"sha256": HEX.upper()}}])),
    "a digest with a prefix": ("malformed", statement(subject=[{"digest": {"sha256": f"sha256:{HEX}"}}])),
    "a digest in base64": (
        "malformed",
        statement(subject=[{"digest": {"sha256": encode_b64(bytes.fromhex(HEX))}}]),
    ),
    "a short digest": ("malformed", statement(subject=[{"digest": {"sha256": HEX[:-2]}}])),
    "a digest under another name": ("artifact.digest-mismatch", statement(subject=[{"digest": {"SHA256": HEX}}])),
    "a digest under a full-width name": (
        "artifact.digest-mismatch",
        statement(subject=[{"digest": {"\uff53ha256": HEX}}]),
    ),
    "a null subject": ("malformed", statement(subject=[None, {"digest": {"sha256": HEX}}])),
    "a subject without digest": ("malformed", statement(subject=[{"name": HEX}])),
    "an empty digest set": ("malformed", statement(subject=[{"digest": {}}])),
    "no subject": ("malformed", statement(subject=[])),
    "a subject that is none": ("malformed", statement(subject={"digest": {"sha256": HEX}})),
    "the digest as the name": (
        "artifact.digest-mismatch",
        statement(subject=[{"name": HEX, "digest": {"sha1": "0" * 40}}]),
    ),
    "another statement type": ("malformed", statement(_type="https://in-toto.io/Statement/v2")),
    "another predicate type": ("predicate-type.mismatch", statement(predicateType=COSIGN_SIGN_PREDICATE + "/")),
    "a predicate type in another case": (
        "predicate-type.mismatch",
        statement(predicateType=COSIGN_SIGN_PREDICATE.replace("https", "HTTPS")),
    ),
    "a list of predicate types": ("malformed", statement(predicateType=[COSIGN_SIGN_PREDICATE])),
    "a lone surrogate": ("malformed", statement()[:-1] + b', "x": "\\ud800"}'),
    "bytes after it": ("malformed", statement() + b"{}"),
    "UTF-16": ("malformed", statement().decode().encode("utf-16")),
    "deep nesting": ("malformed", statement().replace(b"{}", b"[" * 100_000 + b"]" * 100_000)),
    "a huge number": ("malformed", statement().replace(b"{}", b"9" * 10_000)),
    "NaN": ("malformed", statement().replace(b"{}", b"NaN")),
    "nothing": ("malformed", b""),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_that_does_not_name_the_image_is_refused(world: World, name: str) -> None:
    code, payload = STATEMENTS[name]
    refuse(world, Attempt(world.attestation(payload), IMAGE), code)


def test_a_statement_that_names_the_image_verifies(world: World) -> None:
    Attempt(world.attestation(statement()), IMAGE).run(world)


@pytest.mark.parametrize("wrong", ["sha384", "sha512"])
def test_a_subject_whose_longer_digest_is_another_file_s_is_not_the_file(world: World, wrong: str) -> None:
    digests = {"sha256": GOOD_HEX, wrong: hashlib.new(wrong, b"another").hexdigest()}
    refuse(world, Attempt(world.attestation(statement(subject=[{"digest": digests}]))), "artifact.digest-mismatch")


@pytest.mark.parametrize(
    "payload_type",
    ["application/vnd.in-toto+json ", "application/vnd.in-toto+JSON", "text/plain", "", "application/json"],
)
def test_a_payload_of_another_type_is_no_statement(world: World, payload_type: str) -> None:
    evidence = world.attestation(statement(), payload_type=payload_type)
    refuse(world, Attempt(evidence, IMAGE), "predicate-type.mismatch")


def test_the_payload_type_is_under_the_signature(world: World) -> None:
    evidence = world.attestation(statement(), payload_type="text/plain")
    content = evidence.content
    assert isinstance(content, Envelope)
    claimed = content._replace(payload_type="application/vnd.in-toto+json")
    refuse(world, Attempt(evidence._replace(content=claimed), IMAGE), "signature.invalid")


def test_annotations_that_are_no_text_equal_none(world: World) -> None:
    subject = [{"digest": {"sha256": HEX}, "annotations": {"env": ["prod"], "n": 1, "t": True}}]
    evidence = world.attestation(statement(subject=subject))
    for name, value in (("env", "prod"), ("env", "['prod']"), ("n", "1"), ("t", "True"), ("t", "true")):
        wanted = world.requirements()._replace(annotations={name: value})
        refuse(world, Attempt(evidence, IMAGE, requirements=wanted), "annotation.mismatch")


def test_annotations_of_another_subject_do_not_count(world: World) -> None:
    subjects = [
        {"digest": {"sha256": "0" * 64}, "annotations": {"env": "prod"}},
        {"digest": {"sha256": HEX}, "annotations": {"env": "test"}},
    ]
    wanted = world.requirements()._replace(annotations={"env": "prod"})
    refuse(
        world,
        Attempt(world.attestation(statement(subject=subjects)), IMAGE, requirements=wanted),
        "annotation.mismatch",
    )


# ---- envelopes -----------------------------------------------------------------------------------------------------
def bundle_of(world: World, **changes: Any) -> bytes:
    """A bundle of an attestation, its JSON edited at the envelope."""
    evidence = world.attestation(statement())
    assert isinstance(evidence.content, Envelope)
    raw = format_bundle(Bundle("0.3", evidence.chain_der, None, evidence.entries, (), evidence.content))
    document = json.loads(raw)
    document["dsseEnvelope"] |= changes
    return json.dumps(document).encode()


SIG = {"sig": encode_b64(b"signature")}
ENVELOPES: dict[str, dict[str, Any]] = {
    "no signature": {"signatures": []},
    "two signatures": {"signatures": [SIG, SIG]},
    "an empty signature": {"signatures": [{"sig": ""}]},
    "a signature that is null": {"signatures": [None]},
    "a list for a signature": {"signatures": [[SIG["sig"]]]},
    "an unknown member": {"payload_encoding": "hex"},
    "the payload in both spellings": {"payload_type": "text/plain"},
    "URL-safe base64": {"payload": "_-_-"},
    "base64 with left-over bits": {"payload": "QUJ="},
    "base64 without padding": {"payload": "QUI"},
    "base64 with a line break": {"payload": "QUJD\nQUJD"},
    "a payload that is an object": {"payload": {}},
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_an_envelope_of_another_form_is_malformed(world: World, name: str) -> None:
    raw = bundle_of(world, **ENVELOPES[name])
    with pytest.raises(MalformedError):
        evidence_from_bundle(parse_bundle(raw))


def test_an_envelope_and_a_bare_signature_in_one_bundle_are_malformed(world: World) -> None:
    document = json.loads(bundle_of(world))
    document["messageSignature"] = {"signature": SIG["sig"]}
    with pytest.raises(MalformedError):
        parse_bundle(json.dumps(document).encode())


def test_a_second_signature_does_not_slip_in_behind_the_first(world: World) -> None:
    evidence = world.attestation(statement())
    assert isinstance(evidence.content, Envelope)
    more = evidence.content._replace(signatures=(*evidence.content.signatures, EnvelopeSignature(b"x")))
    refuse(world, Attempt(evidence._replace(content=more), IMAGE), "malformed")


# ---- legacy images -------------------------------------------------------------------------------------------------
def payload(**changes: Any) -> bytes:
    critical = {
        "identity": {"docker-reference": "example.com/app"},
        "image": {"docker-manifest-digest": f"sha256:{HEX}"},
        "type": "cosign container image signature",
    }
    return json.dumps({"critical": critical | changes, "optional": None}).encode()


OTHER_DIGEST = "sha256:" + "0" * 64
PAYLOADS: dict[str, tuple[str, bytes]] = {
    "a second digest": (
        "malformed",
        payload().replace(
            b'{"docker-manifest', b'{"docker-manifest-digest": "%b", "docker-manifest' % OTHER_DIGEST.encode()
        ),
    ),
    "a second critical": ("malformed", payload()[:-1] + b', "critical": {}}'),
    "the digest among the optional ones": (
        "artifact.digest-mismatch",
        payload(image={"docker-manifest-digest": OTHER_DIGEST}).replace(
            b"null", b'{"docker-manifest-digest": "sha256:%b"}' % HEX.encode()
        ),
    ),
    "an upper-case digest": ("malformed", payload(image={"docker-manifest-digest": f"sha256:{HEX.upper()}"})),
    "no algorithm": ("malformed", payload(image={"docker-manifest-digest": HEX})),
    "an unknown critical member": ("malformed", payload(expires="2020-01-01")),
    "an unknown member of the image": (
        "malformed",
        payload(image={"docker-manifest-digest": f"sha256:{HEX}", "platform": "x"}),
    ),
    "another type": ("predicate-type.mismatch", payload(type="atomic container signature")),
    "an optional list": ("malformed", payload().replace(b"null", b"[]")),
    "an image that is a list": ("malformed", payload(image=[f"sha256:{HEX}"])),
    "another image": ("artifact.digest-mismatch", payload(image={"docker-manifest-digest": OTHER_DIGEST})),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_legacy_payload_that_does_not_name_the_image_is_refused(world: World, name: str) -> None:
    code, content = PAYLOADS[name]
    signer = generate_signer()
    evidence = evidence_from_legacy_layer(content, {SIGNATURE_ANNOTATION: encode_b64(signer.sign(content))})
    refuse(world, Attempt(evidence, IMAGE, requirements=by_key(signer.public_key, Waiver.TLOG)), code)


def test_critical_annotations_are_not_the_optional_ones(world: World) -> None:
    signer = generate_signer()
    content = payload()
    evidence = evidence_from_legacy_layer(content, {SIGNATURE_ANNOTATION: encode_b64(signer.sign(content))})
    for name in ("type", "critical", "docker-reference", "identity"):
        wanted = by_key(signer.public_key, Waiver.TLOG)._replace(annotations={name: "cosign container image signature"})
        refuse(world, Attempt(evidence, IMAGE, requirements=wanted), "annotation.mismatch")


def test_a_legacy_payload_is_no_signature_of_a_file_and_a_statement_no_legacy_payload(world: World) -> None:
    signer = generate_signer()
    requirements = by_key(signer.public_key, Waiver.TLOG)
    for content, code in ((payload(), "usage"), (statement(), "malformed")):
        evidence = evidence_from_legacy_layer(content, {SIGNATURE_ANNOTATION: encode_b64(signer.sign(content))})
        refuse(world, Attempt(evidence, GOOD if code == "usage" else IMAGE, requirements=requirements), code)


# ---- legacy bundles of files ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["two keys", "text before", "DER of a key", "a private key", "a key in a chain"])
def test_another_thing_in_a_legacy_bundle_s_cert_never_becomes_the_key(world: World, form: str) -> None:
    """GHSA-fx35-mq7g-6g98, in disguise: whatever stands in `cert`, the attacker's signature is not the demanded."""
    attacker, demanded = generate_signer(), generate_signer()
    cert = {
        "two keys": key_pem(demanded) + key_pem(attacker),
        "text before": b"x\n" + key_pem(attacker),
        "DER of a key": attacker.public_key.spki_der,
        "a private key": key_pem(attacker).replace(b"PUBLIC", b"PRIVATE"),
        "a key in a chain": certificate_pem(world.certificate(attacker).der) + key_pem(attacker),
    }[form]
    signature = world.blob(attacker, log=None).signature
    raw = format_legacy_bundle(LegacyBundle(signature, cert, None))
    for requirements in (
        by_key(demanded.public_key, Waiver.TLOG),
        world.requirements()._replace(waivers=frozenset(Waiver)),
    ):
        try:
            evidence = evidence_from_legacy_bundle(parse_legacy_bundle(raw))
        except MalformedError:
            continue
        with pytest.raises(SigningError):
            Attempt(evidence, requirements=requirements).run(world)


def test_the_members_of_a_bundle_are_not_those_of_a_legacy_bundle(world: World) -> None:
    document = json.loads(bundle_of(world)) | {"base64Signature": SIG["sig"]}
    raw = json.dumps(document).encode()
    with pytest.raises(MalformedError):
        parse_bundle(raw)
    with pytest.raises(MalformedError):
        parse_legacy_bundle(raw)


# ---- rules of the caller -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^a$", "a\n"),
        (r"^a$", "b\na\nb"),
        (r"^a.c$", "a\nc"),
        (r"^\d$", "\u0661"),
        (r"^\w+$", "\u00e9"),
        (r"^a\z", "a\n"),
    ],
)
def test_a_regexp_means_what_it_means_in_go(pattern: str, text: str) -> None:
    assert not TextRule(regexp=pattern).accepts(text)


def test_a_regexp_that_would_take_ages_elsewhere_is_linear() -> None:
    assert not TextRule(regexp=r"^(a+)+$").accepts("a" * 50_000 + "!")


def test_an_image_signature_made_for_a_file_s_digest_is_one_of_that_image_only(world: World) -> None:
    """`verify-blob` takes an envelope over a file, also one that signs an image: the digest decides, nothing else."""
    evidence = world.attestation(format_sign_statement(GOOD_HEX, {}))
    Attempt(evidence).run(world)
    refuse(world, Attempt(evidence, IMAGE), "artifact.digest-mismatch")
    assert hashlib.sha256(ARTIFACT).hexdigest() == GOOD_HEX
