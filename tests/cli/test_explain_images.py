"""`explain` of images: what stands beside one, in whole stories."""

import json
import shlex

from pycosign.ambient import utc_now
from pycosign.api.instance import Instance
from pycosign.api.means import Token
from pycosign.api.signing import attest_statement
from pycosign.crypto.signers import generate_signer
from pycosign.net.http import HttpClient
from pycosign.oci.attach import push_bundle, signature_tag
from pycosign.oci.client import RegistryClient
from pycosign.wire.dsse import Envelope, EnvelopeSignature, format_go_envelope, pae
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE, IN_TOTO_PAYLOAD_TYPE, STATEMENT_V1, format_sign_statement
from pycosign.wire.oci_manifest import (
    OCI_MANIFEST,
    Descriptor,
    format_signature_config,
    format_signature_manifest,
)
from pycosign.wire.reference import parse_reference
from tests.cli.stage import EMAIL, OLD_STYLE, FaultyRegistry, Stage
from tests.cli.test_explain import HTTP, REVIEW, lines_of, nobody_is_called_verified, told


def test_everything_beside_an_image_is_told(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('explain/all', b'all')}"
    stage.must("sign", "--yes", HTTP, image)
    stage.must("sign", "--key", stage.key, *OLD_STYLE, "--rekor-url", stage.sandbox.urls["rekor"], HTTP, image)
    ran = stage.run("explain", HTTP, image)
    assert ran.status == 0
    assert lines_of(ran)[0].startswith(f"{image} stands for sha256:")
    assert f"pycosign verify {HTTP} --certificate-identity {EMAIL} " in ran.out
    assert f"pycosign verify {HTTP} --key KEY.pub {image}" in ran.out
    nobody_is_called_verified(ran.out)
    explanation = told(stage, HTTP, image)
    assert [story["format"] for story in explanation["stories"]] == ["bundle v0.3", "legacy image signature"]
    assert [story["verdict"] for story in explanation["stories"]] == ["consistent", "consistent"]
    demanded = told(stage, HTTP, image, *stage.who)
    assert [story["verdict"] for story in demanded["stories"]] == ["verified", "refused"]
    assert demanded["verdict"] == "verified"


def test_an_image_without_anything_beside_it(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('explain/bare', b'bare')}"
    ran = stage.run("explain", HTTP, image)
    assert ran.status == 1
    assert lines_of(ran)[1] == "Nothing that could be a signature or an attestation is beside it."
    assert stage.run("explain", HTTP, image + "9").status == 11


def test_a_place_that_could_not_be_asked_is_told_and_leaves_it_open(stage: Stage) -> None:
    name = stage.image("explain/denied", b"denied")
    registry = FaultyRegistry(stage.sandbox.registry)
    try:
        registry.at("/referrers/", 403)
        explanation = told(stage, HTTP, f"{registry.host}/{name}")
        ran = stage.run("explain", HTTP, f"{registry.host}/{name}")
    finally:
        registry.close()
    assert ran.status == 20
    assert [(story["source"], story["verdict"]) for story in explanation["stories"]] == [
        ("the bundles that refer to the image", "unavailable")
    ]
    assert "So nothing can be said [registry.denied]" in ran.out


# ---- attestations beside an image ------------------------------------------------------------------------------------
def attest(stage: Stage, image: str) -> None:
    """Attach a statement about the image that is no signature of it."""
    instance = Instance.from_files(trusted_root=stage.trusted_root, signing_config=stage.sandbox.urls["signing_config"])
    with HttpClient() as http:
        registry = RegistryClient(http, allow_http=True)
        found = registry.resolve(parse_reference(image))
        statement = {
            "_type": STATEMENT_V1,
            "subject": [{"name": image, "digest": {"sha256": found.digest.removeprefix("sha256:")}}],
            "predicateType": REVIEW,
            "predicate": {"score": 1},
        }
        signer = Token(stage.sandbox.token(EMAIL))
        bundle = attest_statement(json.dumps(statement).encode(), signer=signer, instance=instance).to_json()
        push_bundle(registry, image.rpartition(":")[0], found, bundle, predicate_type=REVIEW, created=utc_now())


def test_an_image_with_an_attestation_alone_is_told_as_such(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('explain/attested', b'attested')}"
    attest(stage, image)
    ran = stage.run("explain", HTTP, image)
    assert ran.status == 0
    assert f"signed          a statement of type {REVIEW} about" in ran.out
    assert f"pycosign verify --allow-any-predicate {HTTP} --certificate-identity {EMAIL} " in ran.out
    nobody_is_called_verified(ran.out)
    (story,) = told(stage, HTTP, image)["stories"]
    assert (story["content"]["kind"], story["content"]["predicate_type"]) == ("statement", REVIEW)
    assert stage.run(*shlex.split(story["next"])[1:]).status == 0


def test_a_signature_in_the_place_of_attestations_is_none(stage: Stage) -> None:
    """`verify` does not look there."""
    registry, signer = RegistryClient(HttpClient()), generate_signer("ecdsa-p256")
    image = f"{stage.sandbox.registry}/{stage.image('explain/misplaced', b'misplaced')}"
    reference = parse_reference(image)
    digest = registry.resolve(reference).digest
    payload = format_sign_statement(digest.removeprefix("sha256:"), {})
    signature = EnvelopeSignature(signer.sign(pae(IN_TOTO_PAYLOAD_TYPE, payload)))
    layer = format_go_envelope(Envelope(payload, IN_TOTO_PAYLOAD_TYPE, (signature,)))
    blob = registry.push_blob(reference.context, layer)
    note = {"dev.cosignproject.cosign/signature": "", "predicateType": COSIGN_SIGN_PREDICATE}
    layers = [Descriptor("application/vnd.dsse.envelope.v1+json", blob.digest, blob.size, annotations=note)]
    config = format_signature_config(layers)
    registry.push_blob(reference.context, config)
    manifest = format_signature_manifest(layers, config)
    registry.push_manifest(reference.context, manifest, OCI_MANIFEST, tag=signature_tag(digest, suffix="att"))
    key = stage.file("misplaced.pub", signer.public_key.pem())
    words = (HTTP, "--key", key, "--insecure-ignore-tlog", image)
    assert stage.run("verify", *words).status == 10
    ran = stage.run("explain", *words)
    assert ran.status == 1
    assert "It stands among the attestations" in ran.out
    assert "pycosign verify" not in ran.out.replace("`pycosign verify`", "")


def test_a_demanded_signer_of_an_attestation_alone_has_not_signed_the_image(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('explain/only-attested', b'only attested')}"
    attest(stage, image)
    explanation = told(stage, HTTP, image, *stage.who)
    assert (explanation["verdict"], explanation["stories"][0]["verdict"]) == ("refused", "verified")
    ran = stage.run("explain", HTTP, image, *stage.who)
    assert ran.status == 1
    assert "not a signature that approves of it." in ran.out
    assert stage.run("verify", HTTP, image, *stage.who).status == 10
