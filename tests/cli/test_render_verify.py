"""What `verify` prints speaks of what was verified."""

import json
from datetime import UTC, datetime

from pycosign.cli.render_verify import json_array
from pycosign.crypto.signers import generate_signer
from pycosign.flows.verify_image import BUNDLE, AcceptedSignature, ImageVerdict
from pycosign.net.http import HttpClient
from pycosign.oci.attach import append_signature, find_layers
from pycosign.oci.client import RegistryClient
from pycosign.verify.artifact import image_artifact
from pycosign.verify.evidence import evidence_from_bundle
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerKey, Waiver
from pycosign.wire.bundle import Bundle
from pycosign.wire.dsse import Envelope, EnvelopeSignature, pae
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE, IN_TOTO_PAYLOAD_TYPE
from pycosign.wire.reference import parse_reference
from tests.cli.stage import OLD_STYLE, Stage

OTHER, IMAGE = "aa" * 32, "bb" * 32


def test_of_several_subjects_the_verified_image_is_printed_and_not_the_first() -> None:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"digest": {"sha256": OTHER}, "annotations": {"of": "another"}},
            {"digest": {"sha256": IMAGE}, "annotations": {"of": "this"}},
        ],
        "predicateType": COSIGN_SIGN_PREDICATE,
        "predicate": {},
    }
    payload, signer = json.dumps(statement).encode(), generate_signer("ecdsa-p256")
    signature = EnvelopeSignature(signer.sign(pae(IN_TOTO_PAYLOAD_TYPE, payload)), "")
    bundle = Bundle("0.3", (), "hint", (), (), Envelope(payload, IN_TOTO_PAYLOAD_TYPE, (signature,)))
    evidence = evidence_from_bundle(bundle)
    verified = verify(
        evidence,
        image_artifact(f"sha256:{IMAGE}", name="image"),
        trust=None,
        requirements=Requirements(SignerKey(signer.public_key), waivers=frozenset({Waiver.TLOG})),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    accepted = AcceptedSignature(verified, evidence, BUNDLE, b"{}", {}, "sha256:cc")
    reference = parse_reference(f"registry.example.com/app@sha256:{IMAGE}")
    (element,) = json.loads(json_array(ImageVerdict(reference, f"sha256:{IMAGE}", (accepted,), (), ()), "app"))
    assert element["critical"]["image"]["docker-manifest-digest"] == f"sha256:{IMAGE}"
    assert element["optional"] == {"of": "this"}


def test_a_log_entry_that_was_not_looked_at_is_not_shown_as_proved(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('render/logged', b'logged')}"
    stage.must("sign", "--key", stage.key, *OLD_STYLE, "--rekor-url", stage.sandbox.urls["rekor"], image)
    words = ("verify", "--key", stage.public_key, "-o", "json", image)
    assert "Bundle" in json.loads(stage.must(*words).out)[0]["optional"]
    assert "Bundle" not in (json.loads(stage.must(*words, "--insecure-ignore-tlog").out)[0]["optional"] or {})


def test_where_claims_are_waived_the_digest_does_not_count_as_verified(stage: Stage) -> None:
    """A legacy signature is then accepted whatever image it is of: who takes the digest from here must be told."""
    registry, place = RegistryClient(HttpClient()), stage.sandbox.registry
    signed, other = (f"{place}/{stage.image(f'render/{name}', name.encode())}" for name in ("signed", "other"))
    stage.must("sign", "--key", stage.key, *OLD_STYLE, "--tlog-upload=false", signed)
    of, target = parse_reference(signed), parse_reference(other)
    (layer,) = find_layers(registry, of.context, registry.resolve(of).digest)
    digest = registry.resolve(target).digest
    assert layer.descriptor is not None
    assert layer.content is not None
    append_signature(registry, target.context, digest, layer.content, dict(layer.descriptor.annotations))
    words = ("verify", "--key", stage.public_key, "--insecure-ignore-tlog")
    assert stage.run(*words, other).status == 12
    unsure = stage.must(*words, "--check-claims=false", other)
    assert "was verified" not in unsure.err
    assert unsure.err.endswith(f"The digest of the image, with which no signature was compared: {digest}\n")
    assert f"The digest that was verified: {registry.resolve(of).digest}\n" in stage.must(*words, signed).err
    report = stage.must(*words, "--check-claims=false", "--report", "text", other)
    assert report.out.startswith(f"{other} ({digest}): verified, but no signature was compared with it\n")
    assert stage.must(*words, "--report", "text", signed).out.splitlines()[0].endswith("): verified")
