"""Statements about files: signed, verified, and refused where they say something else than what was asked for."""

import hashlib

import pytest

import pycosign
from pycosign.testing import Sandbox
from tests.recordings import recorded_file

ALICE = "alice@example.com"
TYPE = "https://example.com/review/v1"


@pytest.fixture(scope="module")
def review(sandbox: Sandbox) -> pycosign.Bundle:
    return pycosign.attest_file(
        b"code",
        name="main.py",
        predicate_type=TYPE,
        predicate={"approved": True, "lines": [1, 2]},
        signer=sandbox.sign_in(ALICE),
        instance=sandbox.instance,
    )


@pytest.fixture(scope="module")
def verifier(sandbox: Sandbox) -> pycosign.Verifier:
    return pycosign.Verifier(signer=sandbox.identity(ALICE), trust=sandbox.instance.trust)


def test_what_was_said_comes_back(verifier: pycosign.Verifier, review: pycosign.Bundle) -> None:
    verified = verifier.verify_attestation(b"code", bundle=review, predicate_type=TYPE)
    assert verified.statement is not None
    assert verified.statement.predicate == {"approved": True, "lines": [1, 2]}
    assert [subject.name for subject in verified.statement.subjects] == ["main.py"]


def test_another_type_is_refused(verifier: pycosign.Verifier, review: pycosign.Bundle) -> None:
    with pytest.raises(pycosign.RefusedError) as caught:
        verifier.verify_attestation(b"code", bundle=review, predicate_type="spdxjson")
    assert caught.value.code == "predicate-type.mismatch"
    with pytest.raises(pycosign.UsageError):
        verifier.verify_attestation(b"code", bundle=review, predicate_type="")


def test_another_file_is_refused(verifier: pycosign.Verifier, review: pycosign.Bundle) -> None:
    with pytest.raises(pycosign.RefusedError) as caught:
        verifier.verify_attestation(b"other", bundle=review, predicate_type=TYPE)
    assert caught.value.code == "artifact.digest-mismatch"


def test_the_signature_of_a_file_is_no_attestation(sandbox: Sandbox, verifier: pycosign.Verifier) -> None:
    signature = pycosign.sign_file(b"code", signer=sandbox.sign_in(ALICE), instance=sandbox.instance)
    with pytest.raises(pycosign.RefusedError) as caught:
        verifier.verify_attestation(b"code", bundle=signature, predicate_type=TYPE)
    assert caught.value.code == "predicate-type.mismatch"


def test_a_statement_that_is_there_already_is_signed_as_it_is(sandbox: Sandbox) -> None:
    digest = hashlib.sha256(b"code").hexdigest()
    subject = f'{{"digest": {{"sha256": "{digest}"}}}}'
    start = f'{{ "_type": "https://in-toto.io/Statement/v1",\n  "subject": [ {subject} ]'
    statement = f'{start}, "predicateType": "{TYPE}" }}'.encode()
    key = pycosign.PrivateKey.generate()
    said = pycosign.attest_statement(statement, signer=key, instance=sandbox.instance)
    verified = pycosign.verify_attestation(
        b"code", bundle=said, predicate_type=TYPE, signer=key.public, trust=sandbox.instance.trust
    )
    assert verified.payload == statement


def test_a_file_that_is_known_by_its_digest_is_attested(sandbox: Sandbox) -> None:
    key, digest = pycosign.PrivateKey.generate(), hashlib.sha512(b"code").hexdigest()
    said = pycosign.attest_file(
        pycosign.Digest(f"sha512:{digest}"),
        predicate_type=TYPE,
        predicate=None,
        signer=key,
        instance=sandbox.instance,
    )
    verified = pycosign.verify_attestation(
        b"code", bundle=said, predicate_type=TYPE, signer=key.public, trust=sandbox.instance.trust
    )
    assert verified.digest == ("sha512", bytes.fromhex(digest))


@pytest.mark.parametrize("predicate", [float("nan"), object(), "\ud800", {1: 2}])
def test_a_predicate_that_is_no_json_is_malformed(predicate: object) -> None:
    with pytest.raises(pycosign.MalformedError):
        pycosign.attest_file(
            b"code",
            predicate_type=TYPE,
            predicate=predicate,  # type: ignore[arg-type]
            signer=pycosign.PrivateKey.generate(),
            instance=None,
        )


@pytest.mark.usefixtures("no_sockets")
@pytest.mark.parametrize("log", ["v1", "v2"])
def test_what_cosign_attested_is_verified_without_a_socket(log: str) -> None:
    verified = pycosign.verify_attestation(
        b"hello\n",
        bundle=recorded_file(f"bundle-cosign3-attest-blob-rekor-{log}.json"),
        predicate_type="https://example.com/predicate",
        signer=pycosign.Identity("test@example.com", issuer="http://127.0.0.1:8080"),
        trust=pycosign.Trust.from_json(recorded_file("file-trusted_root.json")),
    )
    assert verified.statement is not None
