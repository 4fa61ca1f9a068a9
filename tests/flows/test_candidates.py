"""A file with several signatures or attestations: one that holds is enough, and no other thing is."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from pycosign.codec.b64 import encode_b64
from pycosign.codec.strict_json import compact_json
from pycosign.crypto.keys import load_public_key
from pycosign.crypto.signers import LocalSigner
from pycosign.errors import (
    ArtifactDigestMismatchError,
    ArtifactNameMismatchError,
    IdentityMismatchError,
    InvalidSignatureError,
    KeyMismatchError,
    MalformedError,
    MissingEntryError,
    NoCandidateAcceptedError,
    PredicateTypeMismatchError,
    SigningError,
    UnavailableError,
    UsageError,
)
from pycosign.flows.attest_blob import attest_statement
from pycosign.flows.blob_source import BlobSource, blob_from_bytes, blob_from_digest, blob_from_path, blob_from_stream
from pycosign.flows.candidates import (
    JudgedCandidate,
    conclude,
    judge_candidates,
    read_candidates,
    verify_candidates,
)
from pycosign.flows.sign_blob import sign_blob
from pycosign.flows.verify_blob import read_bundle_evidence, read_evidences
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot
from tests.corpus.load import corpus
from tests.flows.tools import NO_SERVICES, Workshop, key_requirements, new_key
from tests.verify.vectors import DATA, NOW, read_trust

ARTIFACT = b"hello\n"
DIGEST = hashlib.sha256(ARTIFACT).hexdigest()
REVIEW = "https://example.com/review/v1"
PUBLISH = "https://docs.pypi.org/attestations/publish/v1"
WHEEL = "sample-1.0-py3-none-any.whl"
CORPUS = DATA / "corpus"


def judged(
    workshop: Workshop,
    data: bytes,
    requirements: Requirements,
    *,
    source: BlobSource | None = None,
    predicate_type: str | None = None,
    trust: TrustRoot | None = None,
) -> list[JudgedCandidate]:
    return list(
        judge_candidates(
            source or blob_from_bytes(ARTIFACT, "artifact"),
            read_candidates(data),
            trust=trust or workshop.trust,
            requirements=requirements,
            now=workshop.now,
            predicate_type=predicate_type,
        )
    )


def errors_of(items: list[JudgedCandidate]) -> list[type]:
    return [type(item.outcome) for item in items]


def lines(*documents: bytes) -> bytes:
    return b"\n".join(documents) + b"\n"


def signature(workshop: Workshop, signer: LocalSigner, content: bytes = ARTIFACT) -> bytes:
    return sign_blob(io.BytesIO(content), context=workshop.keyed(signer, NO_SERVICES)).bundle


def statement(predicate_type: str = REVIEW, name: str = "artifact", *more: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": DIGEST}}, *more],
            "predicateType": predicate_type,
            "predicate": {},
        }
    ).encode()


def as_pypi(bundle: bytes) -> dict[str, Any]:
    """The same attestation in PyPI's form."""
    value = json.loads(bundle)
    material = value["verificationMaterial"]
    envelope = value["dsseEnvelope"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
    }


def as_provenance(*attestations: dict[str, Any]) -> bytes:
    publisher = {"kind": "GitHub", "repository": "someone/else", "workflow": "release.yml"}
    return compact_json(
        {"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": list(attestations)}]}
    )


@pytest.fixture(scope="module")
def attestation(workshop: Workshop) -> bytes:
    return attest_statement(statement(), context=workshop.keyless(workshop.v1))


@pytest.fixture(scope="module")
def published(workshop: Workshop) -> dict[str, Any]:
    """A publish attestation for WHEEL."""
    return as_pypi(attest_statement(statement(PUBLISH, WHEEL), context=workshop.keyless(workshop.v1)))


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


def test_a_single_candidate_gives_its_own_error(workshop: Workshop, published: dict[str, Any]) -> None:
    somebody = workshop.identity(email="nobody@example.com")
    for data in (compact_json(published), as_provenance(published)):
        with pytest.raises(IdentityMismatchError):
            conclude(judged(workshop, data, somebody))


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
    (evidence,) = read_evidences(data, is_attestation=True)
    with pytest.raises(MissingEntryError):
        verify_candidates(
            blob_from_digest(f"sha256:{DIGEST}"),
            read_candidates(data),
            trust=read_trust(DATA / "public-good" / "trusted_root.json"),
            requirements=Requirements(who),
            now=NOW,
        )
    assert evidence.entries == ()


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


# ---- registries' lists
def test_the_list_of_npm_verifies_by_the_workflow_and_by_the_registrys_key() -> None:
    data = (CORPUS / "slsa-verifier" / "provenance-npm-test-cli-v1-prega.tgz.json").read_bytes()
    broken = (CORPUS / "slsa-verifier" / "provenance-npm-test-cli-v1-prega-invalidsigprov.tgz.json").read_bytes()
    trust = read_trust(DATA / "public-good" / "trusted_root.json")
    by_workflow = Requirements(
        SignerIdentity(
            TextRule("https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"),
            TextRule("https://token.actions.githubusercontent.com"),
        )
    )
    by_registry = key_requirements(load_public_key((CORPUS / "sigstore-go" / "publish_key.pub").read_bytes()))
    source = blob_from_digest(
        "sha512:f06fbf5c353cc0db093904b9cac0d53b412d83dff6b80e6047d9786708a38e5c3105cad4e913dfc22dbe8c999b3fe029d47969"
        "fe75406843b8163db6fd22f681"
    )

    def outcomes(document: bytes, requirements: Requirements) -> list[type]:
        items = judge_candidates(source, read_candidates(document), trust=trust, requirements=requirements, now=NOW)
        return [type(item.outcome) for item in items]

    assert outcomes(data, by_workflow) == [KeyMismatchError, Verified]
    assert outcomes(data, by_registry) == [Verified, KeyMismatchError]
    assert outcomes(broken, by_workflow) == [KeyMismatchError, InvalidSignatureError]
    assert outcomes(broken, by_registry) == [Verified, KeyMismatchError]


def test_what_a_list_says_beside_the_bundle_decides_nothing(workshop: Workshop, attestation: bytes) -> None:
    listed = {"bundle": json.loads(attestation), "predicateType": PUBLISH, "bundle_url": "https://example.com/asked"}
    data = compact_json({"attestations": [listed]})
    (item,) = judged(workshop, data, workshop.identity(), predicate_type=REVIEW)
    assert isinstance(item.outcome, Verified)
    (item,) = judged(workshop, data, workshop.identity(), predicate_type=PUBLISH)
    assert isinstance(item.outcome, PredicateTypeMismatchError)


# ---- PyPI
def test_an_attestation_of_pypi_verifies_the_file_by_its_name(
    workshop: Workshop, published: dict[str, Any], tmp_path: Path
) -> None:
    for name in (WHEEL, "Sample-1.0-py3-none-any.whl"):
        (tmp_path / name).write_bytes(ARTIFACT)
        source = blob_from_path(str(tmp_path / name))
        for data in (compact_json(published), as_provenance(published)):
            (item,) = judged(workshop, data, workshop.identity(), source=source, predicate_type=PUBLISH)
            assert isinstance(item.outcome, Verified)
            assert item.outcome.source == "PyPI attestation"


@pytest.mark.parametrize("name", ["other-1.0-py3-none-any.whl", "sample-2.0-py3-none-any.whl", "renamed"])
def test_the_same_bytes_under_another_name_are_not_what_was_published(
    workshop: Workshop, published: dict[str, Any], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(ARTIFACT)
    source = blob_from_path(str(tmp_path / name))
    (item,) = judged(workshop, compact_json(published), workshop.identity(), source=source)
    assert isinstance(item.outcome, ArtifactNameMismatchError)


def test_where_only_the_digest_is_known_the_digest_decides(workshop: Workshop, published: dict[str, Any]) -> None:
    source = blob_from_digest(f"sha256:{DIGEST}")
    (item,) = judged(workshop, compact_json(published), workshop.identity(), source=source)
    assert isinstance(item.outcome, Verified)


def test_an_attestation_of_pypi_speaks_of_one_file(workshop: Workshop) -> None:
    second = {"name": WHEEL, "digest": {"sha256": "0" * 64}}
    two = as_pypi(attest_statement(statement(PUBLISH, WHEEL, second), context=workshop.keyless(workshop.v1)))
    (item,) = judged(workshop, compact_json(two), workshop.identity())
    assert isinstance(item.outcome, MalformedError)
    assert "has 2 elements, not 1" in str(item.outcome)


def test_the_publisher_that_the_index_names_is_shown_and_not_believed(
    workshop: Workshop, published: dict[str, Any]
) -> None:
    """The index says that someone/else published it; the certificate says who did."""
    data = as_provenance(published)
    (item,) = judged(workshop, data, workshop.identity())
    assert isinstance(item.outcome, Verified)
    assert item.note == "published by GitHub, repository someone/else, workflow release.yml, says the index"
    (item,) = judged(workshop, data, workshop.identity(email="someone@else"))
    assert isinstance(item.outcome, IdentityMismatchError)


@pytest.mark.parametrize(
    "path",
    [
        ("verification_material", "certificate"),
        ("verification_material", "transparency_entries", 0, "canonicalizedBody"),
        ("verification_material", "transparency_entries", 0, "inclusionPromise", "signedEntryTimestamp"),
        ("verification_material", "transparency_entries", 0, "inclusionProof", "rootHash"),
        ("envelope", "statement"),
        ("envelope", "signature"),
    ],
)
def test_an_attestation_of_pypi_with_a_part_of_another_is_refused(
    workshop: Workshop, published: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    other = as_pypi(attest_statement(statement(PUBLISH, "b-1.0.zip"), context=workshop.keyless(workshop.v1)))
    mixed, source = json.loads(json.dumps(published)), other
    place: Any = mixed
    for step in path[:-1]:
        place, source = place[step], source[step]  # type: ignore[index]
    place[path[-1]] = source[path[-1]]  # type: ignore[index]
    (item,) = judged(workshop, compact_json(mixed), workshop.identity())
    assert isinstance(item.outcome, SigningError)


def test_an_attestation_of_pypi_needs_the_proof_that_the_log_holds_it(
    workshop: Workshop, published: dict[str, Any]
) -> None:
    promised = json.loads(json.dumps(published))
    del promised["verification_material"]["transparency_entries"][0]["inclusionProof"]
    (item,) = judged(workshop, compact_json(promised), workshop.identity())
    assert isinstance(item.outcome, MissingEntryError)


def test_real_files_of_pypi_verify_by_name(tmp_path: Path) -> None:
    folder = CORPUS / "pypi-attestations"
    entry = corpus()["pypi-attestations-rfc8785-0.1.2-py3-none-any.whl"]
    data = (folder / "rfc8785-0.1.2-py3-none-any.whl.publish.attestation").read_bytes()
    real = folder / "rfc8785-0.1.2-py3-none-any.whl"
    renamed = tmp_path / "rfc8785-0.1.3-py3-none-any.whl"
    renamed.write_bytes(real.read_bytes())

    def verified(path: Path) -> Verified:
        return verify_candidates(
            blob_from_path(str(path)),
            read_candidates(data),
            trust=entry.trust,
            requirements=entry.requirements,
            now=NOW,
            predicate_type=PUBLISH,
        )

    assert verified(real).identity == "william@yossarian.net"
    with pytest.raises(ArtifactNameMismatchError):
        verified(renamed)


# ---- reading
def test_the_evidences_of_a_file_are_those_that_can_be_read(workshop: Workshop, attestation: bytes) -> None:
    one = read_bundle_evidence(attestation)
    assert read_evidences(attestation, is_attestation=True) == (one,)
    assert read_evidences(lines(attestation, b"{}", attestation), is_attestation=True) == (one, one)
    with pytest.raises(MalformedError, match=r"line 1\.mediaType is missing"):
        read_evidences(lines(b"{}", b"{}"), is_attestation=True)
    legacy = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyed(new_key(), NO_SERVICES), legacy=True).bundle
    (old,) = read_evidences(legacy, is_attestation=False)
    assert isinstance(old, Evidence)
    assert old.source == "legacy bundle"


def test_an_envelope_with_two_signatures_is_a_candidate_that_is_refused(workshop: Workshop) -> None:
    value = {
        "payloadType": "application/vnd.in-toto+json",
        "payload": encode_b64(statement()),
        "signatures": [{"sig": "QUI="}] * 2,
    }
    (item,) = judged(workshop, compact_json(value), workshop.identity())
    assert str(item.outcome) == "envelope signatures are 2, not 1"
