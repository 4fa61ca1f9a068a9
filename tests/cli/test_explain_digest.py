"""`explain --artifact ALG:HEX`: a digest stands for the file where that is enough, and is never enough by mistake."""

import hashlib
import io
import json
import shlex

import pytest

from pycosign.crypto.signers import generate_signer
from pycosign.flows.attest_blob import attest_statement
from pycosign.flows.sign_blob import sign_blob
from pycosign.flows.signing import KeySigning, SigningContext
from pycosign.sign.services import SigningServices
from pycosign.wire.intoto import STATEMENT_V1
from tests.cli.stage import Stage
from tests.cli.test_explain import REVIEW, nobody_is_called_verified, results, told

NEEDED = "artifact.needed"


def digest(stage: Stage, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, stage.artifact.read_bytes()).hexdigest()}"


def test_a_digest_stands_for_the_file(stage: Stage) -> None:
    for bundle, who in ((stage.keyless_v2, stage.who), (stage.legacy_keyed, ("--key", stage.public_key))):
        story = told(stage, bundle, *who, "--artifact", digest(stage))["stories"][0]
        assert (story["verdict"], story["compared"]) == ("verified", True)
        assert story["next"].endswith(f" {digest(stage)}")
        assert stage.must(*shlex.split(story["next"])[1:]).err == "Verified OK\n"
    ran = stage.run("explain", stage.keyless_v2, "--artifact", digest(stage))
    assert f"{digest(stage)} is what was signed." in ran.out
    nobody_is_called_verified(ran.out)


def test_the_digest_of_another_file_is_refused(stage: Stage) -> None:
    for algorithm in ("sha256", "sha384", "sha512"):
        other = f"{algorithm}:" + "00" * hashlib.new(algorithm).digest_size
        story = told(stage, stage.keyless_v2, *stage.who, "--artifact", other)["stories"][0]
        expected = ("refused", "artifact.digest-mismatch") if algorithm == "sha256" else ("unavailable", NEEDED)
        assert (story["verdict"], story["code"]) == expected


def test_a_digest_in_an_algorithm_that_was_not_signed_says_nothing(stage: Stage) -> None:
    ran = stage.run("explain", stage.keyless_v2, *stage.who, "--artifact", digest(stage, "sha512"))
    assert ran.status == 20
    assert "speaks of sha256, and of the artifact only sha512 is known" in ran.out
    nobody_is_called_verified(ran.out)
    story = told(stage, stage.keyless_v2, *stage.who, "--artifact", digest(stage, "sha512"))["stories"][0]
    assert (story["compared"], results(story)["content"], story["next"][-5:]) == (False, "not-needed", " FILE")


def test_a_signature_of_the_file_itself_needs_more_than_its_digest(stage: Stage) -> None:
    signer = generate_signer("ed25519")
    context = SigningContext(KeySigning(signer), SigningServices(), stage.sandbox.clock)
    key = stage.file("ed25519.pub", signer.public_key.pem())
    for legacy in (False, True):
        signed = sign_blob(io.BytesIO(stage.artifact.read_bytes()), context=context, legacy=legacy)
        bundle = stage.file("ed25519.json", signed.bundle)
        words = ("explain", bundle, "--key", key, "--insecure-ignore-tlog", "--artifact")
        assert stage.run(*words, stage.artifact).status == 0
        for algorithm in ("sha256", "sha384", "sha512"):
            ran = stage.run(*words, digest(stage, algorithm))
            assert (ran.status, "[artifact.needed]" in ran.out) == (20, True)
            assert "So it is " not in ran.out


def test_an_existing_file_wins_over_the_reading_as_a_digest(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("explain", stage.keyless_v2, *stage.who, "--artifact", digest(stage))
    stage.must(*words)
    stage.file(digest(stage), b"another file\n")
    monkeypatch.chdir(stage.folder)
    assert "[artifact.digest-mismatch]" in stage.run(*words).out


@pytest.mark.parametrize("word", ["sha256:", "sha256:00", "sha512:" + "0" * 64, "sha256:" + "G" * 64, "md5:00", ""])
def test_what_is_neither_a_file_nor_a_digest_is_a_usage_error(stage: Stage, word: str) -> None:
    ran = stage.run("explain", stage.keyless_v2, f"--artifact={word}")
    assert (ran.status, ran.out == "") == ((1, True) if word else (0, False))


def test_an_attestation_by_the_digest_of_its_file(stage: Stage) -> None:
    signer, named = generate_signer("ecdsa-p256"), digest(stage).removeprefix("sha256:")
    subject = [{"name": "x", "digest": {"sha256": named}}]
    statement = {"_type": STATEMENT_V1, "subject": subject, "predicateType": REVIEW, "predicate": {}}
    context = SigningContext(KeySigning(signer), SigningServices(), stage.sandbox.clock)
    bundle = stage.file("review.json", attest_statement(json.dumps(statement).encode(), context=context))
    key = stage.file("reviewer.pub", signer.public_key.pem())
    words = (bundle, "--key", key, "--insecure-ignore-tlog", "--artifact")
    story = told(stage, *words, digest(stage))["stories"][0]
    assert story["verdict"] == "verified"
    assert story["next"].endswith(f" sha256:{named}")
    assert stage.must(*shlex.split(story["next"])[1:]).err.endswith("\nVerified OK\n")
    assert told(stage, *words, "sha256:" + "0" * 64)["stories"][0]["code"] == "artifact.digest-mismatch"
    assert told(stage, *words, digest(stage, "sha384"))["stories"][0]["code"] == NEEDED
