"""A file with several signatures or attestations: one that holds is enough, and no other thing is."""

import io
import json
from pathlib import Path

import pytest

from pycosign.codec.b64 import encode_b64
from pycosign.codec.strict_json import compact_json
from pycosign.crypto.keys import load_public_key
from pycosign.crypto.signers import LocalSigner
from pycosign.errors import (
    ArtifactDigestMismatchError,
    InvalidSignatureError,
    KeyMismatchError,
    MalformedError,
    MissingEntryError,
    NoCandidateAcceptedError,
    PredicateTypeMismatchError,
    UnavailableError,
    UsageError,
)
from pycosign.flows.attest_blob import attest_statement
from pycosign.flows.blob_source import blob_from_bytes, blob_from_digest, blob_from_path, blob_from_stream
from pycosign.flows.candidates import (
    Candidate,
    JudgedCandidate,
    conclude,
    read_candidates,
    verify_candidates,
)
from pycosign.flows.sign_blob import sign_blob
from pycosign.flows.verify_blob import read_bundle_evidence
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule, Waiver
from pycosign.verify.result import Verified
from tests.flows.presented import ARTIFACT, CORPUS, DIGEST, REVIEW, errors_of, judged, lines, statement
from tests.flows.tools import NO_SERVICES, Workshop, key_requirements, new_key
from tests.verify.vectors import DATA, NOW, read_trust


def signature(workshop: Workshop, signer: LocalSigner, content: bytes = ARTIFACT) -> bytes:
    return sign_blob(io.BytesIO(content), context=workshop.keyed(signer, NO_SERVICES)).bundle


@pytest.fixture(scope="module")
def attestation(workshop: Workshop) -> bytes:
    return attest_statement(statement(), context=workshop.keyless(workshop.v1))


# ---- the verdict over several
def test_one_that_holds_is_enough_wherever_it_stands(workshop: Workshop) -> None:
    wanted, other = new_key(), new_key()
    good, bad = signature(workshop, wanted), signature(workshop, other)
    requirements = key_requirements(wanted.public_key, Waiver.TLOG)
    for data in (lines(good, bad, bad), lines(bad, good), lines(b"nonsense{}", bad, good), lines(good, good)):
        items = read_candidates(data)
        verified = verify_candidates(
            blob_from_bytes(ARTIFACT, "artifact"), items, trust=None, requirements=requirements, now=workshop.now
        )
        assert verified.key.spki_der == wanted.public_key.spki_der


def test_none_that_holds_is_refused_with_the_reason_of_each(workshop: Workshop, attestation: bytes) -> None:
    wanted, other = new_key(), new_key()
    bundles = [signature(workshop, other), signature(workshop, wanted, b"another"), attestation]
    data = lines(*bundles, b"{}", b'{"payloadType":7}')
    requirements = key_requirements(wanted.public_key, Waiver.TLOG)
    items = judged(workshop, data, requirements)
    wrong = [KeyMismatchError, ArtifactDigestMismatchError, KeyMismatchError, MalformedError, MalformedError]
    assert errors_of(items) == wrong
    assert [item.place for item in items] == [f"line {n}" for n in range(1, 6)]
    with pytest.raises(NoCandidateAcceptedError) as caught:
        conclude(items)
    assert [type(cause) for cause in caught.value.causes] == wrong
    for word in ("line 1: ", "[key.mismatch]", "line 4.mediaType is missing"):
        assert word in str(caught.value)


def test_several_keys_files_and_algorithms_are_judged_by_one_reading_of_the_file(workshop: Workshop) -> None:
    kinds = ["ed25519", "ecdsa-p384", "rsa-2048", "ecdsa-p521", "ecdsa-p256"]
    keys = [new_key(kind) for kind in kinds]
    data = lines(*(signature(workshop, key) for key in keys))
    for index, key in enumerate(keys):
        source = blob_from_stream(io.BytesIO(ARTIFACT), "standard input")
        items = judged(workshop, data, key_requirements(key.public_key, Waiver.TLOG), source=source)
        assert [isinstance(item.outcome, Verified) for item in items] == [i == index for i in range(len(keys))]


def test_what_one_candidate_proves_is_never_mixed_with_another(workshop: Workshop, attestation: bytes) -> None:
    """The right signature without a log entry, and the log entry of another: neither is a verified signature."""
    bare = json.loads(attestation)
    del bare["verificationMaterial"]["tlogEntries"]
    other = attest_statement(statement(), context=workshop.keyless(workshop.v1))
    swapped = json.loads(other)
    swapped["dsseEnvelope"] = json.loads(attestation)["dsseEnvelope"]
    items = judged(workshop, lines(compact_json(bare), compact_json(swapped)), workshop.identity())
    assert not any(isinstance(item.outcome, Verified) for item in items)


def test_an_unreadable_file_is_unavailable_and_never_refused(workshop: Workshop, tmp_path: Path) -> None:
    key = new_key()
    data = lines(signature(workshop, key), signature(workshop, key))
    (tmp_path / "gone").write_bytes(ARTIFACT)
    gone = blob_from_path(str(tmp_path / "gone"))
    (tmp_path / "gone").unlink()
    with pytest.raises(UnavailableError) as caught:
        judged(workshop, data, key_requirements(key.public_key, Waiver.TLOG), source=gone)
    assert caught.value.code == "artifact.unreadable"


def test_what_could_not_be_decided_is_not_called_refused(workshop: Workshop) -> None:
    key = new_key("ed25519")
    data = lines(signature(workshop, key), signature(workshop, new_key()))
    items = judged(
        workshop,
        data,
        key_requirements(key.public_key, Waiver.TLOG),
        source=blob_from_digest(f"sha256:{DIGEST}"),
    )
    assert UsageError in errors_of(items)
    with pytest.raises(UsageError):
        conclude(items)
    unavailable = JudgedCandidate("line 3", "", UnavailableError("no answer"))
    with pytest.raises(UnavailableError):
        conclude([*items, unavailable])


# ---- attestations of a type
def test_each_must_be_of_the_demanded_type(workshop: Workshop, attestation: bytes) -> None:
    other = attest_statement(statement("https://example.com/other"), context=workshop.keyless(workshop.v1))
    bare = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyless(workshop.v1)).bundle
    items = judged(workshop, lines(bare, other, attestation), workshop.identity(), predicate_type=REVIEW)
    assert errors_of(items) == [PredicateTypeMismatchError, PredicateTypeMismatchError, Verified]
    assert errors_of(judged(workshop, lines(bare, other), workshop.identity())) == [Verified, Verified]


def test_claims_may_be_waived_for_attestations_alone(workshop: Workshop, attestation: bytes) -> None:
    items = read_candidates(lines(attestation, attestation))
    waived = workshop.identity(Waiver.CLAIMS)
    verified = verify_candidates(
        None, items, trust=workshop.trust, requirements=waived, now=workshop.now, predicate_type=REVIEW
    )
    assert verified.digest is None
    for requirements, kind in ((waived, None), (workshop.identity(), REVIEW)):
        with pytest.raises(UsageError):
            verify_candidates(
                None, items, trust=workshop.trust, requirements=requirements, now=workshop.now, predicate_type=kind
            )


# ---- envelopes without a proof
def test_a_bare_envelope_lacks_the_logs_proof(workshop: Workshop, attestation: bytes) -> None:
    value = json.loads(attestation)
    pem = "-----BEGIN CERTIFICATE-----\n" + value["verificationMaterial"]["certificate"]["rawBytes"]
    envelope = value["dsseEnvelope"]
    envelope["signatures"][0]["cert"] = f"{pem}\n-----END CERTIFICATE-----\n"
    (item,) = judged(workshop, compact_json(envelope), workshop.identity())
    assert isinstance(item.outcome, MissingEntryError)
    assert "bare DSSE envelope" in str(item.outcome)


def test_slsa_github_generators_old_provenance_is_refused_for_want_of_a_log_entry() -> None:
    data = (CORPUS / "slsa-verifier" / "generic-v1.10.0-push-v14.2.intoto.jsonl").read_bytes()
    who = SignerIdentity(TextRule(regexp=".*"), TextRule("https://token.actions.githubusercontent.com"))
    (item,) = read_candidates(data, is_attestation=True)
    with pytest.raises(MissingEntryError):
        verify_candidates(
            blob_from_digest(f"sha256:{DIGEST}"),
            read_candidates(data),
            trust=read_trust(DATA / "public-good" / "trusted_root.json"),
            requirements=Requirements(who),
            now=NOW,
        )
    assert isinstance(item.evidence, Evidence)
    assert item.evidence.entries == ()


def test_a_bare_envelope_verifies_with_a_key_where_the_log_is_waived(workshop: Workshop) -> None:
    """A verification summary (VSA) by its issuer's key is such a file."""
    key = new_key()
    envelope = json.loads(attest_statement(statement(), context=workshop.keyed(key, NO_SERVICES)))["dsseEnvelope"]
    waived = key_requirements(key.public_key, Waiver.TLOG)
    (item,) = judged(workshop, compact_json(envelope), waived, predicate_type=REVIEW)
    assert isinstance(item.outcome, Verified)
    assert item.outcome.source == "bare DSSE envelope"
    envelope["payload"] = encode_b64(statement(name="other"))
    (item,) = judged(workshop, compact_json(envelope), waived, predicate_type=REVIEW)
    assert isinstance(item.outcome, InvalidSignatureError)


def test_a_raw_ecdsa_signature_is_not_one() -> None:
    """Google's summaries for GKE hold r and s as they are (IEEE P1363); DSSE by Sigstore's clients is DER."""
    data = (CORPUS / "slsa-verifier" / "gke-gce-pre.bcid-vsa.jsonl").read_bytes()
    key = load_public_key((CORPUS / "slsa-verifier" / "vsa_signing_public_key.pem").read_bytes())
    with pytest.raises(InvalidSignatureError):
        verify_candidates(
            None,
            read_candidates(data),
            trust=None,
            requirements=key_requirements(key, Waiver.TLOG, Waiver.CLAIMS),
            now=NOW,
            predicate_type="https://slsa.dev/verification_summary/v1",
        )


# ---- reading
def test_the_evidences_of_a_file_are_those_that_can_be_read(workshop: Workshop, attestation: bytes) -> None:
    one = read_bundle_evidence(attestation)
    assert read_candidates(attestation, is_attestation=True) == (Candidate("", one),)
    first, second, third = read_candidates(lines(attestation, b"{}", attestation), is_attestation=True)
    assert (first.evidence, third.evidence) == (one, one)
    assert isinstance(second.evidence, MalformedError)
    unread = [item.evidence for item in read_candidates(lines(b"{}", b"{}"), is_attestation=True)]
    assert [str(item).partition(" (")[0] for item in unread] == [
        "line 1.mediaType is missing",
        "line 2.mediaType is missing",
    ]
    legacy = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyed(new_key(), NO_SERVICES), legacy=True).bundle
    (old,) = read_candidates(legacy)
    assert isinstance(old.evidence, Evidence)
    assert (old.place, old.evidence.source) == ("", "legacy bundle")


def test_an_envelope_with_two_signatures_is_a_candidate_that_is_refused(workshop: Workshop) -> None:
    value = {
        "payloadType": "application/vnd.in-toto+json",
        "payload": encode_b64(statement()),
        "signatures": [{"sig": "QUI="}] * 2,
    }
    (item,) = judged(workshop, compact_json(value), workshop.identity())
    assert str(item.outcome) == "envelope signatures are 2, not 1"
