"""The library against calls that would demand less than a policy does."""

import json
from pathlib import Path

import pytest

import pycosign
from pycosign.errors import UsageError
from pycosign.testing import Sandbox

ALICE = "alice@example.com"


def test_a_caller_adds_to_the_annotations_of_a_policy_and_replaces_none(sandbox: Sandbox, tmp_path: Path) -> None:
    image = sandbox.push_image("api/demands")
    pycosign.sign_image(
        image, signer=sandbox.sign_in(ALICE), instance=sandbox.instance, annotations={"env": "test", "by": "ci"}
    )
    who = {"identity": ALICE, "issuer": sandbox.issuer}
    verifiers = {}
    for env in ("test", "prod"):
        path = tmp_path / f"{env}.yaml"
        path.write_text(json.dumps({"schema": 1, "signers": [who], "annotations": {"env": env}}))
        verifiers[env] = pycosign.Verifier(signer=pycosign.Policy.load(path), trust=sandbox.instance.trust)
    assert verifiers["test"].verify_image(image, annotations={"by": "ci", "env": "test"}).signatures
    with pytest.raises(UsageError, match="different values of the annotation 'env'"):
        verifiers["prod"].verify_image(image, annotations={"env": "test"})
    with pytest.raises(pycosign.RefusedError):
        verifiers["prod"].verify_image(image)
