"""`verify-blob ALG:HEX` and its relatives: a digest of an algorithm that was not signed leaves the answer open."""

import hashlib
import json
from pathlib import Path

import pytest

from pycosign.crypto.signers import generate_signer
from pycosign.flows.attest_blob import attest_statement
from pycosign.flows.signing import KeySigning, SigningContext
from pycosign.sign.services import SigningServices
from pycosign.wire.intoto import STATEMENT_V1
from tests.cli.stage import OLD_STYLE, Stage, assert_one_error
from tests.cli.test_explain import REVIEW
from tests.cli.test_explain_digest import NEEDED, digest


def test_a_digest_of_another_algorithm_is_unavailable_and_not_refused(stage: Stage, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_bytes(b"\n".join((stage.keyless_v2.read_bytes(), stage.keyed.read_bytes())))
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"schema: 1\nsigners: [{{key: {stage.public_key}}}]\n")
    ways = (
        ("--bundle", stage.keyless_v2, *stage.who),
        ("--bundle", stage.legacy_keyed, "--key", stage.public_key),
        ("--bundle", lines, "--key", stage.public_key),
    )
    for words in ways:
        stage.must("verify-blob", *words, digest(stage))
        assert_one_error(stage.run("verify-blob", *words, digest(stage, "sha512")), 20, naming="sha512", code=NEEDED)
        other = stage.run("verify-blob", *words, "sha256:" + "00" * 32)
        assert other.status == 1
    ran = stage.run("verify-blob", "--policy-file", policy, "--bundle", stage.keyed, digest(stage, "sha512"))
    assert (ran.status, NEEDED in ran.err) == (20, True)


def test_a_digest_may_be_written_in_capitals(stage: Stage) -> None:
    """As PowerShell prints it."""
    words = ("verify-blob", "--bundle", stage.keyless_v2, *stage.who)
    name, _, digits = digest(stage).partition(":")
    for text in (f"{name}:{digits.upper()}", f"SHA256:{digits}"):
        stage.must(*words, text)
    assert stage.run(*words, "SHA256:" + "AB" * 32).status == 1
    for given in ("SHA256", ""):
        stage.must("verify-blob", "--bundle", stage.keyed, "--key", stage.public_key, digest(stage),
                   "--signature-digest-algorithm", given)  # fmt: skip


def test_a_digest_of_another_algorithm_beside_loose_files(stage: Stage, tmp_path: Path) -> None:
    signature = tmp_path / "signature"
    words = (*OLD_STYLE, "--rekor-url", stage.sandbox.urls["rekor"], "--output-signature", signature)
    stage.must("sign-blob", "--key", stage.key, *words, stage.artifact)
    ran = stage.run("verify-blob", "--key", stage.public_key, "--signature", signature, digest(stage, "sha512"))
    assert_one_error(ran, 20, naming="sha512", code=NEEDED)


def test_rows_of_a_batch_say_the_same(stage: Stage, tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text(json.dumps({"artifact": digest(stage, "sha384"), "bundle": str(stage.keyless_v2)}))
    ran = stage.run("verify-blob", "--batch", batch, "--output", "json", *stage.who)
    row = json.loads(ran.out)
    assert (ran.status, row["verdict"], row["code"], row["check"]) == (20, "unavailable", NEEDED, "signature")


@pytest.mark.parametrize(("algorithm", "status"), [("sha256", 0), ("sha512", 20)])
def test_an_attestation_that_states_another_digest(stage: Stage, algorithm: str, status: int) -> None:
    signer = generate_signer("ecdsa-p256")
    subject = [{"name": "x", "digest": {"sha256": digest(stage).removeprefix("sha256:")}}]
    statement = {"_type": STATEMENT_V1, "subject": subject, "predicateType": REVIEW, "predicate": {}}
    context = SigningContext(KeySigning(signer), SigningServices(), stage.sandbox.clock)
    bundle = stage.file("stated.json", attest_statement(json.dumps(statement).encode(), context=context))
    key = stage.file("stated.pub", signer.public_key.pem())
    digits = hashlib.new(algorithm, stage.artifact.read_bytes()).hexdigest()
    words = ("--bundle", bundle, "--key", key, "--insecure-ignore-tlog", "--type", REVIEW)
    ran = stage.run("verify-blob-attestation", *words, "--digest", digits, "--digestAlg", algorithm)
    assert (ran.status, NEEDED in ran.err) == (status, status == 20)
    same = stage.run("verify-blob-attestation", *words, f"{algorithm}:{digits}")
    assert (same.status, NEEDED in same.err) == (status, status == 20)
