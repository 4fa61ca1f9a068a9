"""What npm, GitHub and PyPI answer for attestations: judged by what was signed, not by what stands beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from pycosign.codec.strict_json import compact_json
from pycosign.crypto.keys import load_public_key
from pycosign.errors import (
    ArtifactNameMismatchError,
    IdentityMismatchError,
    InvalidSignatureError,
    KeyMismatchError,
    MalformedError,
    MissingEntryError,
    PredicateTypeMismatchError,
    SigningError,
)
from pycosign.flows.attest_blob import attest_statement
from pycosign.flows.blob_source import blob_from_digest, blob_from_path
from pycosign.flows.candidates import (
    conclude,
    judge_candidates,
    read_candidates,
    verify_candidates,
)
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from pycosign.verify.result import Verified
from tests.corpus.load import corpus
from tests.flows.presented import (
    ARTIFACT,
    CORPUS,
    DIGEST,
    PUBLISH,
    REVIEW,
    WHEEL,
    as_provenance,
    as_pypi,
    judged,
    statement,
)
from tests.flows.tools import Workshop, key_requirements
from tests.verify.vectors import DATA, NOW, read_trust


@pytest.fixture(scope="module")
def attestation(workshop: Workshop) -> bytes:
    return attest_statement(statement(), context=workshop.keyless(workshop.v1))


@pytest.fixture(scope="module")
def published(workshop: Workshop) -> dict[str, Any]:
    """A publish attestation for WHEEL."""
    return as_pypi(attest_statement(statement(PUBLISH, WHEEL), context=workshop.keyless(workshop.v1)))


def test_a_single_candidate_gives_its_own_error(workshop: Workshop, published: dict[str, Any]) -> None:
    somebody = workshop.identity(email="nobody@example.com")
    for data in (compact_json(published), as_provenance(published)):
        with pytest.raises(IdentityMismatchError):
            conclude(judged(workshop, data, somebody))


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
