"""Images: bundles with Cosign's own predicate, and the legacy layers of `.sig` and `.att` images."""

import hashlib
import json
from datetime import timedelta

import pytest

from pycosign.codec.b64 import encode_b64
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import MalformedError, SigningError
from pycosign.policy.decide import VerificationPolicy, decide
from pycosign.verify.artifact import artifact_from_bytes, image_artifact
from pycosign.verify.evidence import (
    Evidence,
    SimpleSigningPayload,
    evidence_from_legacy_attestation,
    evidence_from_legacy_layer,
)
from pycosign.verify.requirements import Requirements, SignerKey, Waiver
from pycosign.wire.dsse import Envelope, EnvelopeSignature, format_envelope, pae
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE, format_sign_statement
from pycosign.wire.legacy import (
    BUNDLE_ANNOTATION,
    CERTIFICATE_ANNOTATION,
    CHAIN_ANNOTATION,
    SIGNATURE_ANNOTATION,
    TIMESTAMP_ANNOTATION,
    format_rekor_bundle,
    format_rfc3161,
)
from pycosign.wire.rekor_body import format_dsse_v1, format_hashedrekord_v1, format_intoto_v001
from pycosign.wire.simplesigning import SimpleSigning, format_simple_signing
from tests.verify.attempts import Attempt, by_key, certificate_pem
from tests.verify.factory import IDENTITY, NOW, SIGNED_AT, World
from tests.verify.issuing import Issued

HEX = hashlib.sha256(b"a manifest").hexdigest()
IMAGE = image_artifact(f"sha256:{HEX}")
OTHER_IMAGE = image_artifact("sha256:" + hashlib.sha256(b"another manifest").hexdigest())
SBOM = "https://spdx.dev/Document"


def statement(predicate_type: str, hex_digest: str = HEX) -> bytes:
    subject = [{"name": "example.com/app", "digest": {"sha256": hex_digest}}]
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v0.1",
            "subject": subject,
            "predicateType": predicate_type,
            "predicate": {},
        }
    ).encode()


def layer(
    world: World,
    issued: Issued | LocalSigner,
    *,
    annotations: dict[str, str] | None = None,
    digest: str = f"sha256:{HEX}",
    stamped: bool = False,
) -> Evidence:
    """A layer of a `.sig` image as Cosign 2 wrote it."""
    payload = format_simple_signing(SimpleSigning("example.com/app", digest, optional=annotations))
    signer = issued.signer if isinstance(issued, Issued) else issued
    signature = signer.sign(payload)
    pem = certificate_pem(issued.der) if isinstance(issued, Issued) else issued.public_key.pem()
    body = format_hashedrekord_v1("sha256", hashlib.sha256(payload).digest(), signature, pem)
    entry = world.log_v1.append("hashedrekord", "0.0.1", body, SIGNED_AT)
    found = {
        SIGNATURE_ANNOTATION: encode_b64(signature),
        BUNDLE_ANNOTATION: format_rekor_bundle(entry).decode(),
    }
    if isinstance(issued, Issued):
        chain = certificate_pem(world.ca.der) + certificate_pem(world.root.der)
        found |= {CERTIFICATE_ANNOTATION: pem.decode(), CHAIN_ANNOTATION: chain.decode()}
    if stamped:
        found[TIMESTAMP_ANNOTATION] = format_rfc3161(world.stamp(signature)).decode()
    return evidence_from_legacy_layer(payload, found)


def refusal(world: World, attempt: Attempt) -> str:
    with pytest.raises(SigningError) as raised:
        attempt.run(world)
    return raised.value.code


# ---- bundles -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("log", ["v1", "v2"])
def test_a_signature_bundle_of_an_image_verifies(world: World, log: str) -> None:
    payload = format_sign_statement(HEX, {"env": "prod"})
    evidence = world.attestation(payload, log=log, stamped_at=SIGNED_AT)
    requirements = world.requirements()._replace(annotations={"env": "prod"})
    verified = Attempt(evidence, IMAGE, requirements=requirements).run(world)
    assert verified.digest == ("sha256", bytes.fromhex(HEX))
    assert verified.annotations == {"env": "prod"}
    assert verified.payload == payload


def test_an_attestation_is_no_signature_of_an_image_unless_any_predicate_is_allowed(world: World) -> None:
    evidence = world.attestation(statement(SBOM))
    assert refusal(world, Attempt(evidence, IMAGE)) == "predicate-type.mismatch"
    lenient = world.requirements()._replace(allow_any_predicate=True)
    assert Attempt(evidence, IMAGE, requirements=lenient).run(world).statement is not None
    asked = world.requirements()._replace(predicate_type=SBOM)
    assert Attempt(evidence, IMAGE, requirements=asked).run(world).statement is not None


def test_a_signature_over_the_manifest_file_is_no_signature_of_an_image(world: World) -> None:
    evidence = world.blob(artifact=b"a manifest")
    assert refusal(world, Attempt(evidence, IMAGE)) == "predicate-type.mismatch"


def test_a_bundle_of_another_image_is_refused_even_if_claims_are_waived(world: World) -> None:
    evidence = world.attestation(format_sign_statement(HEX, {}))
    assert refusal(world, Attempt(evidence, OTHER_IMAGE)) == "artifact.digest-mismatch"
    waived = world.requirements()._replace(waivers=frozenset((Waiver.CLAIMS,)))
    assert refusal(world, Attempt(evidence, OTHER_IMAGE, requirements=waived)) == "artifact.digest-mismatch"


def test_annotations_must_be_there_and_equal_unless_claims_are_waived(world: World) -> None:
    evidence = world.attestation(format_sign_statement(HEX, {"env": "prod"}))
    for wanted in ({"env": "dev"}, {"team": "a"}):
        requirements = world.requirements()._replace(annotations=wanted)
        assert refusal(world, Attempt(evidence, IMAGE, requirements=requirements)) == "annotation.mismatch"
        waived = requirements._replace(waivers=frozenset((Waiver.CLAIMS,)))
        assert Attempt(evidence, IMAGE, requirements=waived).run(world).waivers == {Waiver.CLAIMS}


def test_an_envelope_of_another_type_says_nothing_about_an_image(world: World) -> None:
    evidence = world.attestation(format_sign_statement(HEX, {}), payload_type="text/plain")
    assert refusal(world, Attempt(evidence, IMAGE)) == "predicate-type.mismatch"


def test_a_subject_whose_digests_contradict_each_other_is_not_the_artifact(world: World) -> None:
    message = b"file"
    digests = {"sha256": hashlib.sha256(message).hexdigest(), "sha512": hashlib.sha512(b"other").hexdigest()}
    payload = statement(SBOM).replace(json.dumps({"sha256": HEX}).encode(), json.dumps(digests).encode())
    evidence = world.attestation(payload)
    assert refusal(world, Attempt(evidence, artifact_from_bytes(message))) == "artifact.digest-mismatch"


def test_an_edited_envelope_is_refused_as_a_bad_signature(world: World) -> None:
    evidence = world.attestation(format_sign_statement(HEX, {}))
    assert isinstance(evidence.content, Envelope)
    edited = evidence.content._replace(payload=format_sign_statement(OTHER_IMAGE.digests["sha256"].hex(), {}))
    assert refusal(world, Attempt(evidence._replace(content=edited), OTHER_IMAGE)) == "signature.invalid"


# ---- legacy signatures ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("stamped", [False, True])
def test_a_legacy_layer_verifies(world: World, stamped: bool) -> None:
    verified = Attempt(layer(world, world.certificate(), stamped=stamped), IMAGE).run(world)
    assert verified.identity == IDENTITY
    assert verified.digest == ("sha256", bytes.fromhex(HEX))
    assert len(verified.times) == 1 + stamped


@pytest.mark.parametrize("algorithm", ["ecdsa-p256", "ecdsa-p384", "rsa-2048", "ed25519"])
def test_a_legacy_layer_signed_with_a_key_verifies(world: World, algorithm: str) -> None:
    signer = generate_signer(algorithm)
    evidence = layer(world, signer, annotations={"env": "prod"})
    requirements = by_key(signer.public_key)._replace(annotations={"env": "prod"})
    assert Attempt(evidence, IMAGE, requirements=requirements).run(world).annotations == {"env": "prod"}


def test_a_legacy_signature_moved_to_another_image_is_refused(world: World) -> None:
    evidence = layer(world, world.certificate())
    assert refusal(world, Attempt(evidence, OTHER_IMAGE)) == "artifact.digest-mismatch"
    # Without claims the caller only asks who signed the payload.
    waived = world.requirements()._replace(waivers=frozenset((Waiver.CLAIMS,)))
    verified = Attempt(evidence, OTHER_IMAGE, requirements=waived).run(world)
    assert verified.digest is None


def test_an_edited_legacy_payload_is_refused(world: World) -> None:
    evidence = layer(world, world.certificate())
    payload = format_simple_signing(SimpleSigning("example.com/app", f"sha256:{OTHER_IMAGE.digests['sha256'].hex()}"))
    moved = evidence._replace(content=SimpleSigningPayload(payload))
    assert refusal(world, Attempt(moved, OTHER_IMAGE)) == "signature.invalid"


def test_legacy_annotations_are_compared(world: World) -> None:
    evidence = layer(world, world.certificate(), annotations={"env": "prod"})
    requirements = world.requirements()._replace(annotations={"env": "dev"})
    assert refusal(world, Attempt(evidence, IMAGE, requirements=requirements)) == "annotation.mismatch"


def test_a_legacy_layer_is_not_an_attestation_of_another_type(world: World) -> None:
    requirements = world.requirements()._replace(predicate_type=SBOM)
    assert refusal(world, Attempt(layer(world, world.certificate()), IMAGE, requirements=requirements)) == (
        "predicate-type.mismatch"
    )


def test_a_legacy_layer_with_a_certificate_of_the_demanded_key_verifies_under_that_key(world: World) -> None:
    """What Cosign 2 makes of `sign --key --certificate` verifies with `--key` there too."""
    issued = world.certificate()
    key = issued.signer.public_key
    verified = Attempt(layer(world, issued), IMAGE, requirements=by_key(key)).run(world)
    assert (verified.key, verified.certificate, verified.identity) == (key, None, None)
    stranger = by_key(generate_signer("ecdsa-p256").public_key)
    assert refusal(world, Attempt(layer(world, issued), IMAGE, requirements=stranger)) == "key.mismatch"
    policy = VerificationPolicy((stranger.signer, SignerKey(key)), names=("stranger", "owner"))
    answer = decide([layer(world, issued)], IMAGE, policy, world.trust(), NOW)
    assert [counted.rules for counted in answer.counted] == [("owner",)]


def test_a_certificate_beside_the_demanded_key_only_ever_takes_away(world: World) -> None:
    """It must be that key's, the one that the log names, and valid at every moment: as Cosign demands it."""
    issued = world.certificate()
    requirements = by_key(issued.signer.public_key)
    logged_by_key = layer(world, issued.signer)
    anothers = world.certificate()
    renewed = world.certificate(issued.signer)
    for chain, code in (((anothers.der,), "key.mismatch"), ((renewed.der,), "tlog.entry-mismatch")):
        evidence = logged_by_key._replace(chain_der=chain)
        assert refusal(world, Attempt(evidence, IMAGE, requirements=requirements)) == code
    swapped = layer(world, issued)._replace(chain_der=(renewed.der,))
    assert refusal(world, Attempt(swapped, IMAGE, requirements=requirements)) == "tlog.entry-mismatch"
    expired = layer(world, world.certificate(issued.signer, start=SIGNED_AT - timedelta(hours=1)))
    assert refusal(world, Attempt(expired, IMAGE, requirements=requirements)) == "cert.not-valid-at-time"
    no_log = by_key(issued.signer.public_key, Waiver.TLOG)
    assert refusal(world, Attempt(layer(world, issued), IMAGE, requirements=no_log)) == "cert.not-valid-at-time"
    assert Attempt(layer(world, issued), IMAGE, requirements=no_log, now=SIGNED_AT).run(world).certificate is None


@pytest.mark.parametrize(
    "annotations",
    [
        {},
        {SIGNATURE_ANNOTATION: "not base64"},
        {SIGNATURE_ANNOTATION: "AAAA", CERTIFICATE_ANNOTATION: " \n"},
        {SIGNATURE_ANNOTATION: "AAAA", BUNDLE_ANNOTATION: "{}"},
        {SIGNATURE_ANNOTATION: "AAAA", TIMESTAMP_ANNOTATION: "null"},
    ],
)
def test_malformed_annotations_are_refused_with_their_name(annotations: dict[str, str]) -> None:
    with pytest.raises(MalformedError):
        evidence_from_legacy_layer(b"{}", annotations)


def test_what_attach_signature_keeps_of_its_files_is_read(world: World) -> None:
    """`base64` wraps and ends lines, a certificate's file may hold its chain; and what is empty is not there."""
    issued = world.certificate()
    payload = format_simple_signing(SimpleSigning("example.com/app", f"sha256:{HEX}"))
    text = encode_b64(issued.signer.sign(payload))
    chain = "".join(certificate_pem(der).decode() for der in (issued.der, world.ca.der, world.root.der))
    plain = {SIGNATURE_ANNOTATION: text, CERTIFICATE_ANNOTATION: chain}
    expected = evidence_from_legacy_layer(payload, plain)
    assert expected.chain_der == (issued.der, world.ca.der, world.root.der)
    for wrapped in (f"{text}\n", f"{text[:64]}\r\n{text[64:]}\r\n"):
        nothing = {BUNDLE_ANNOTATION: "", TIMESTAMP_ANNOTATION: "", CHAIN_ANNOTATION: ""}
        assert evidence_from_legacy_layer(payload, {**plain, **nothing, SIGNATURE_ANNOTATION: wrapped}) == expected
    bare = {SIGNATURE_ANNOTATION: text, CERTIFICATE_ANNOTATION: ""}
    assert evidence_from_legacy_layer(payload, bare).chain_der == ()


# ---- legacy attestations -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("stamp_envelope", [False, True])
@pytest.mark.parametrize("kind", ["dsse", "intoto"])
def test_a_legacy_attestation_verifies_with_either_timestamp(world: World, kind: str, stamp_envelope: bool) -> None:
    signer = generate_signer()
    evidence = attestation_layer(world, signer, kind, stamp_envelope=stamp_envelope)
    requirements = Requirements(SignerKey(signer.public_key), predicate_type=SBOM)
    verified = Attempt(evidence, IMAGE, requirements=requirements).run(world)
    assert [time.source for time in verified.times] == ["timestamp", "log"]


def test_an_intoto_entry_of_another_envelope_is_refused(world: World) -> None:
    signer = generate_signer()
    one = attestation_layer(world, signer, "intoto")
    other = attestation_layer(world, signer, "intoto")
    requirements = Requirements(SignerKey(signer.public_key), predicate_type=SBOM)
    moved = one._replace(entries=other.entries)
    assert refusal(world, Attempt(moved, IMAGE, requirements=requirements)) == "tlog.entry-mismatch"


def attestation_layer(world: World, signer: LocalSigner, kind: str, *, stamp_envelope: bool = False) -> Evidence:
    """A layer of a `.att` image, logged as dsse or (by Cosign 1 and on request) as intoto 0.0.1."""
    payload = statement(SBOM)
    signature = signer.sign(pae(IN_TOTO_PAYLOAD_TYPE, payload))
    stored = format_envelope(Envelope(payload, IN_TOTO_PAYLOAD_TYPE, (EnvelopeSignature(signature),)))
    digests = hashlib.sha256(stored).digest(), hashlib.sha256(payload).digest()
    pem = signer.public_key.pem()
    if kind == "dsse":
        entry = world.log_v1.append("dsse", "0.0.1", format_dsse_v1(*digests, [(signature, pem)]), SIGNED_AT)
    else:
        entry = world.log_v1.append("intoto", "0.0.1", format_intoto_v001(*digests, pem), SIGNED_AT)
    stamp = world.stamp(stored if stamp_envelope else signature)
    return evidence_from_legacy_attestation(
        stored,
        {
            SIGNATURE_ANNOTATION: "",
            BUNDLE_ANNOTATION: format_rekor_bundle(entry).decode(),
            TIMESTAMP_ANNOTATION: format_rfc3161(stamp).decode(),
        },
    )
