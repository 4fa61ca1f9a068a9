"""What `verify` prints speaks of what was verified."""

import json
from datetime import UTC, datetime

from pycosign.cli.render_verify import json_array
from pycosign.crypto.signers import generate_signer
from pycosign.flows.verify_image import BUNDLE, AcceptedSignature, ImageVerdict
from pycosign.verify.artifact import image_artifact
from pycosign.verify.evidence import evidence_from_bundle
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerKey, Waiver
from pycosign.wire.bundle import Bundle
from pycosign.wire.dsse import Envelope, EnvelopeSignature, pae
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE, IN_TOTO_PAYLOAD_TYPE
from pycosign.wire.reference import parse_reference

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
