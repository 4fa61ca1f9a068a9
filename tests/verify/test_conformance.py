"""Sigstore's own verification cases, by file and by digest, with the suite's trust roots or the public instance's."""

import json
import socket
import sys
from collections.abc import Iterator

import pytest

from pycosign.errors import MalformedError, RefusedError, SigningError, TimestampOutsideValidityError
from pycosign.verify.artifact import Artifact, artifact_from_bytes
from pycosign.verify.pipeline import digests_needed, message_needed, verify
from pycosign.verify.result import Verified
from tests.verify.vectors import NOW, ConformanceCase, artifact_by_digest, conformance_cases, read_evidence

CASES = conformance_cases()


def judge(case: ConformanceCase, artifact: Artifact | None) -> Verified | SigningError:
    """The suite's question: is it good? Asked as a flow would: parse, hash what is needed, verify."""
    try:
        evidence, trust, requirements = case.evidence(), case.trust(), case.requirements()
        if artifact is None:
            hashed = artifact_from_bytes(case.artifact())
            needed = digests_needed(evidence, requirements)
            message = hashed.message if message_needed(evidence, requirements) else None
            artifact = Artifact({name: hashed.digests[name] for name in needed}, message)
        return verify(evidence, artifact, trust=trust, requirements=requirements, now=NOW)
    except (RefusedError, MalformedError) as refusal:
        return refusal


@pytest.mark.parametrize("name", CASES)
def test_a_case_has_the_result_that_its_name_says(name: str) -> None:
    case = ConformanceCase(name)
    outcome = judge(case, None)
    assert isinstance(outcome, Verified) != case.must_fail, outcome


@pytest.mark.parametrize("name", CASES)
def test_a_case_has_the_same_result_by_digest(name: str) -> None:
    case = ConformanceCase(name)
    outcome = judge(case, artifact_by_digest(case.artifact(), "sha256"))
    assert isinstance(outcome, Verified) != case.must_fail, outcome


# Why each is refused: a case that fails for another reason than its own proves nothing.
REASONS = {
    "bundle-empty-certificate-chain_fail": "malformed",
    "bundle-from-wrong-instance_fail": "tlog.unknown-log",
    "bundle-invalid-base64-signature_fail": "malformed",
    "bundle-malformed-json_fail": "malformed",
    "bundle-negative-log-index_fail": "malformed",
    "bundle-unknown-version_fail": "malformed",
    "bundle-with-root-cert_fail": "cert.untrusted",
    "checkpoint-bad-keyhint_fail": "checkpoint.invalid",
    "checkpoint-wrong-roothash_fail": "tlog.root-mismatch",
    "dsse-invalid-sig_fail": "signature.invalid",
    "dsse-mismatch-envelope_fail": "tlog.entry-mismatch",
    "dsse-mismatch-sig_fail": "tlog.entry-mismatch",
    "inclusion-proof-corrupted-hash_fail": "tlog.root-mismatch",
    "incorrect-public-key_fail": "tlog.entry-mismatch",
    "integrated-time-in-future_fail": "cert.not-valid-at-time",
    "intoto-expired-certificate_fail": "cert.not-valid-at-time",
    "intoto-log-entry-mismatch_fail": "malformed",
    "intoto-missing-inclusion-proof_fail": "malformed",
    "intoto-set-outside-signing-cert-validity_fail": "cert.not-valid-at-time",
    "intoto-tsa-timestamp-outside-cert-validity_fail": "timestamp.outside-validity",
    "invalid-checkpoint-signature_fail": "checkpoint.invalid",
    "invalid-ct-key_fail": "sct.invalid",
    "invalid-inclusion-proof_fail": "malformed",
    "managed-key-no-key_fail": "key.mismatch",
    "managed-key-wrong-key_fail": "malformed",  # the last digit of the key's base64 has unused bits set
    "message-digest-mismatch_fail": "artifact.digest-mismatch",
    "rekor2-checkpoint-missing-log-signature_fail": "malformed",
    "rekor2-checkpoint-missing-origin_fail": "malformed",
    "rekor2-checkpoint-missing-root-hash_fail": "malformed",
    "rekor2-checkpoint-missing-size_fail": "malformed",
    "rekor2-checkpoint-no-matching-signature_fail": "checkpoint.invalid",
    "rekor2-dsse-invalid-sig_fail": "signature.invalid",
    "rekor2-dsse-mismatch-envelope_fail": "tlog.entry-mismatch",
    "rekor2-dsse-mismatch-sig_fail": "tlog.entry-mismatch",
    "rekor2-no-inclusion-proof_fail": "malformed",
    "rekor2-no-timestamp_fail": "timestamp.missing",
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": "timestamp.outside-validity",
    "rekor2-timestamp-outside-tsa-cert-validity_fail": "timestamp.outside-validity",
    "rekor2-timestamp-payload-mismatch_fail": "timestamp.invalid",
    "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail": "timestamp.missing",
    "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": "timestamp.missing",
    "rekor2-timestamp-with-incorrect-time_fail": "malformed",  # base64 in lines; see the next test
    "set-invalid-signature_fail": "tlog.promise-invalid",
    "signature-mismatch_fail": "signature.invalid",
    "trust-root-tlog-missing-validity-start_fail": "malformed",
    "wrong-hashedrekord-artifact_fail": "tlog.entry-mismatch",
    "wrong-hashedrekord-cert-and-sig_fail": "tlog.entry-mismatch",
    "wrong-hashedrekord-entry_fail": "tlog.entry-mismatch",
    "wrong-material_fail": "artifact.digest-mismatch",
}


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith("_fail")])
def test_a_bad_case_is_refused_for_its_own_reason(name: str) -> None:
    outcome = judge(ConformanceCase(name), None)
    assert isinstance(outcome, SigningError)
    assert outcome.code == REASONS[name], outcome


def test_the_timestamp_of_another_time_is_refused_as_such_once_its_base64_is_canonical() -> None:
    case = ConformanceCase("rekor2-timestamp-with-incorrect-time_fail")
    document = json.loads((case.folder / "bundle.sigstore.json").read_text())
    (stamp,) = document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    stamp["signedTimestamp"] = "".join(stamp["signedTimestamp"].split())
    evidence = read_evidence(json.dumps(document).encode())
    artifact = artifact_from_bytes(case.artifact())
    with pytest.raises(TimestampOutsideValidityError):
        verify(evidence, artifact, trust=case.trust(), requirements=case.requirements(), now=NOW)


def test_there_are_as_many_cases_as_the_suite_has() -> None:
    assert len(CASES) == 70


# ---- offline is offline --------------------------------------------------------------------------------------------
class _SocketOpenedError(Exception):
    """A verification touched the network."""


_armed = False


def _hook(event: str, _args: tuple[object, ...]) -> None:
    if _armed and event.startswith("socket."):
        raise _SocketOpenedError(event)


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Any use of a socket raises. An audit hook cannot be taken away again, so it is armed for the test alone."""
    global _armed
    sys.addaudithook(_hook)
    _armed = True
    try:
        yield
    finally:
        _armed = False


def test_the_hook_sees_a_socket(no_sockets: None) -> None:
    with pytest.raises(_SocketOpenedError):
        socket.socket()


@pytest.mark.usefixtures("no_sockets")
@pytest.mark.parametrize("name", [name for name in CASES if not name.endswith("_fail")])
def test_verification_opens_no_socket(name: str) -> None:
    assert isinstance(judge(ConformanceCase(name), None), Verified)
