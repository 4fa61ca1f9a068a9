"""The library against calls that would demand less than a policy does."""

import json
from pathlib import Path
from typing import Any

import pytest

import pycosign
from pycosign.crypto.signers import generate_signer
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


@pytest.mark.parametrize("junk", [b"", b"{}", b"{}\n{}", b'{"base64Signature": 1}'])
def test_a_bundle_that_is_none_takes_nothing_away_from_the_signatures_beside_it(sandbox: Sandbox, junk: bytes) -> None:
    """Who can add a file to those that are presented must not be able to have a good one refused."""
    content, people = b"content", (ALICE, "bob@example.com")
    good = [pycosign.sign_file(content, signer=sandbox.sign_in(name), instance=sandbox.instance) for name in people]
    trust = sandbox.instance.trust
    two = pycosign.Policy([sandbox.identity(name) for name in people], threshold=2)
    orders: tuple[tuple[bytes | pycosign.Bundle, ...], ...] = ((junk, *good), (*good, junk))
    for bundles in orders:
        assert len(pycosign.verify_signers(content, bundles=bundles, policy=two, trust=trust)) == 2
    one = pycosign.Policy([sandbox.identity(ALICE)])
    assert pycosign.verify_signers(content, bundles=(junk, *good), policy=one, trust=trust)[0].identity == ALICE
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_signers(content, bundles=(good[0], junk), policy=two, trust=trust)
    assert caught.value.code == "signers.threshold"
    with pytest.raises((pycosign.MalformedError, pycosign.RefusedError)):
        pycosign.verify_signers(content, bundles=(junk,), policy=two, trust=trust)


NUMBERS = (0, -1, 1.5, float("nan"), float("inf"), "1", None, True)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", ["threshold", "min_logs", "min_timestamp_authorities"])
def test_a_number_that_is_none_demands_nothing_and_is_refused(name: str, number: Any) -> None:
    """No comparison with NaN holds: as a minimum it would be met by nothing."""
    if (name, number) == ("min_timestamp_authorities", 0):
        return  # the one number that demands none on purpose
    with pytest.raises(UsageError, match=name):
        pycosign.Policy([pycosign.Identity(ALICE, issuer="https://idp.example")], **{name: number})


@pytest.mark.parametrize("waive", ["tlog", b"tlog", None, 5, ["tlog"], [["tlog"]]])
def test_checks_are_waived_by_waivers_only(waive: Any) -> None:
    with pytest.raises(UsageError, match="a check is waived by a Waiver"):
        pycosign.Policy([pycosign.Identity(ALICE, issuer="https://idp.example")], waive=waive)


@pytest.mark.parametrize("hash_name", ["md5", "SHA256", "sha224", "", 256])
def test_a_key_has_no_other_hash_than_those_that_are_checked(hash_name: Any) -> None:
    key = generate_signer("ecdsa-p256").public_key
    with pytest.raises(UsageError, match="hash_name is sha256, sha384, sha512 or None"):
        pycosign.Key(key, hash_name=hash_name)
    with pytest.raises(UsageError, match="not a public key"):
        pycosign.Key(key.pem())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="time zone"):
        pycosign.Key(key, valid_from="2026-01-01")  # type: ignore[arg-type]


def test_one_bundle_is_not_taken_for_several(tmp_path: Path, sandbox: Sandbox) -> None:
    one = pycosign.Policy([sandbox.identity(ALICE)])
    bundles: Any
    for bundles in ("bundle.json", b"{}", tmp_path, None, pycosign.Bundle(b"{}")):
        with pytest.raises(UsageError, match="in a list"):
            pycosign.verify_signers(b"content", bundles=bundles, policy=one, trust=sandbox.instance.trust)
