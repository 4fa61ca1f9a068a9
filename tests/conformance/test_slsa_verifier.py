"""The judge of slsa-verifier's test data, on the few of its files that are in this repository."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.slsa_verifier import TEST_DATA, compare, judge_checkout, main, read_table
from tests.verify.vectors import DATA

SAMPLES = DATA / "corpus" / "slsa-verifier"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one file of each kind that is here."""
    root = tmp_path / TEST_DATA
    for sample, place in {
        "attestation.intoto.sigstore": "gha_container-based/v1/provenance.sigstore",
        "valid-v0.3.intoto.sigstore": "gha_generic/v2.1.0/provenance.jsonl",
        "provenance-npm-test-cli-v1-prega.tgz.json": "npm/gha/good.tgz.json",
        "provenance-npm-test-cli-v1-prega-invalidsigprov.tgz.json": "npm/gha/bad.tgz.json",
        "generic-v1.10.0-push-v14.2.intoto.jsonl": "gha_generic/v1.10.0/old.jsonl",
        "gke-gce-pre.bcid-vsa.jsonl": "vsa/gce/v1/summary.jsonl",
        "vsa_signing_public_key.pem": "vsa/gce/v1/key.pem",
    }.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / sample, root / place)
    (root / "gcb_container" / "v0.2").mkdir(parents=True)
    (root / "gcb_container" / "v0.2" / "build.json").write_text('{"image_summary": {}}')
    return tmp_path


def outcomes(checkout: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in judge_checkout(checkout / TEST_DATA, read_table()):
        found.setdefault(item.group, []).append(item.outcome)
    return found


def test_each_kind_of_file_is_judged_as_the_page_says(checkout: Path) -> None:
    assert outcomes(checkout) == {
        "bundles": ["verified", "verified"],
        "npm": ["verified", "signature.invalid", "verified", "verified"],
        "envelopes": ["tlog.missing, else good"],
        "cloud-build": ["malformed"],
        "summaries": ["signature.invalid"],
    }


def test_a_provenance_beside_another_artifact_is_refused(checkout: Path) -> None:
    (checkout / TEST_DATA / "gha_container-based" / "v1" / "provenance").write_bytes(b"another")
    assert outcomes(checkout)["bundles"] == ["artifact.digest-mismatch", "verified"]


def test_anything_that_the_table_does_not_say_ends_with_status_1(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(checkout)]) == 1
    out = capsys.readouterr().out
    assert "Of 2 Sigstore bundles 2 verify." in out
    assert "NOT AS EXPECTED: bundles" in out
    assert main([]) == 2
    table: dict[str, Any] = {"npm": {**read_table()["npm"], "outcomes": {"verified": 3, "signature.invalid": 1}}}
    assert compare(list(judge_checkout(checkout / TEST_DATA, table)), table) == []
