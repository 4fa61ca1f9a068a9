"""What the real services and both Cosigns made, in one run, verifies with the trust root of that run."""

import pytest

from pycosign.errors import ArtifactDigestMismatchError, IdentityMismatchError, IssuerMismatchError
from pycosign.verify.artifact import artifact_from_bytes
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from tests.verify.vectors import (
    NOW,
    RECORDED,
    RECORDED_ARTIFACT,
    RECORDED_REQUIREMENTS,
    read_evidence,
    recorded_trust,
)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_bundle_verifies_and_says_what_was_proved(name: str) -> None:
    evidence = read_evidence(RECORDED[name].read_bytes())
    verified = verify(evidence, RECORDED_ARTIFACT, trust=recorded_trust(), requirements=RECORDED_REQUIREMENTS, now=NOW)
    assert (verified.identity, verified.issuer) == ("test@example.com", "http://127.0.0.1:8080")
    assert verified.digest == ("sha256", RECORDED_ARTIFACT.digests["sha256"])
    assert verified.sct_logs == ("http://127.0.0.1:6962/test",)
    assert verified.ignored == ()
    assert verified.waivers == frozenset()
    (entry,) = verified.log_entries
    (time,) = verified.times
    if "rekor-v2" in name:
        assert (entry.origin, entry.proved_by, entry.integrated_at) == ("127.0.0.1", ("inclusion",), None)
        assert time.source == "timestamp"
    else:
        assert "promise" in entry.proved_by
        assert (time.source, time.at) == ("log", entry.integrated_at)
    assert (verified.statement is not None) == ("attest" in name)


@pytest.mark.parametrize("name", RECORDED)
def test_another_artifact_is_refused_as_such(name: str) -> None:
    evidence = read_evidence(RECORDED[name].read_bytes())
    with pytest.raises(ArtifactDigestMismatchError):
        verify(
            evidence,
            artifact_from_bytes(b"hallo\n"),
            trust=recorded_trust(),
            requirements=RECORDED_REQUIREMENTS,
            now=NOW,
        )


@pytest.mark.parametrize("name", RECORDED)
def test_another_identity_or_issuer_is_refused_as_such(name: str) -> None:
    evidence, trust = read_evidence(RECORDED[name].read_bytes()), recorded_trust()
    other = Requirements(SignerIdentity(TextRule("tess@example.com"), TextRule("http://127.0.0.1:8080")))
    with pytest.raises(IdentityMismatchError, match=r"'test@example.com', not 'tess@example.com'"):
        verify(evidence, RECORDED_ARTIFACT, trust=trust, requirements=other, now=NOW)
    other = Requirements(SignerIdentity(TextRule("test@example.com"), TextRule("http://127.0.0.1:8081")))
    with pytest.raises(IssuerMismatchError, match=r"'http://127.0.0.1:8080', not 'http://127.0.0.1:8081'"):
        verify(evidence, RECORDED_ARTIFACT, trust=trust, requirements=other, now=NOW)
