"""`--bundle` with a file that holds several: the command's words, statuses and reports."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.stage import Stage, assert_one_error
from tests.verify.vectors import DATA

CORPUS = DATA / "corpus"
NPM = CORPUS / "slsa-verifier" / "provenance-npm-test-cli-v1-prega.tgz.json"
NPM_SUBJECT = (
    "f06fbf5c353cc0db093904b9cac0d53b412d83dff6b80e6047d9786708a38e5c3105cad4e913dfc22dbe8c999b3fe029d47969fe75406843b8"
    "163db6fd22f681"
)
WORKFLOW = (
    *(
        "--certificate-identity",
        "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
    ),
    *("--certificate-oidc-issuer", "https://token.actions.githubusercontent.com"),
)
PUBLIC_GOOD = ("--trusted-root", DATA / "public-good" / "trusted_root.json")


def joined(stage: Stage, name: str, *paths: Path) -> Path:
    """The bundles of several files, one a line."""
    lines = [json.dumps(json.loads(path.read_bytes())) for path in paths]
    return stage.file(name, "\n".join(lines).encode())


@pytest.fixture
def several(stage: Stage) -> Path:
    return joined(stage, "several.jsonl", stage.keyed, stage.keyless_v1, stage.keyless_v2)


def test_one_of_several_bundles_is_enough(stage: Stage, several: Path) -> None:
    trust = ("--trusted-root", stage.trusted_root)
    for who in (stage.who, ("--key", stage.public_key)):
        ran = stage.run("verify-blob", "--bundle", several, *trust, *who, stage.artifact)
        assert (ran.status, ran.err.splitlines()[-1]) == (0, "Verified OK"), ran.err


def test_none_of_several_is_refused_with_every_reason(stage: Stage, several: Path) -> None:
    trust = ("--trusted-root", stage.trusted_root)
    ran = stage.run("verify-blob", "--bundle", several, *trust, "--key", stage.other_public_key, stage.artifact)
    assert_one_error(ran, 1, naming="none of the 3 in the file was accepted", code="bundle.none-accepted")
    for place in ("line 1: ", "line 2: ", "line 3: "):
        assert place in ran.err


def test_a_batch_takes_such_files_too(stage: Stage, several: Path) -> None:
    lines = [
        json.dumps({"artifact": str(stage.artifact), "bundle": str(several)}),
        json.dumps({"artifact": str(stage.file("another.txt", b"another\n")), "bundle": str(several)}),
        json.dumps({"artifact": str(stage.artifact), "bundle": str(joined(stage, "one.jsonl", stage.keyless_v2))}),
    ]
    words = ("verify-blob", "--trusted-root", stage.trusted_root, *stage.who, "--batch", "-", "--output", "json")
    ran = stage.run(*words, stdin="\n".join(lines).encode())
    rows = [json.loads(row) for row in ran.out.splitlines()]
    assert [row["code"] for row in rows] == [None, "bundle.none-accepted", None]
    assert ran.status == 1


def test_npms_answer_verifies_by_workflow_and_type(stage: Stage) -> None:
    for kind, code in (("slsaprovenance1", ""), ("slsaprovenance02", "bundle.none-accepted")):
        words = ("--bundle", NPM, *PUBLIC_GOOD, *WORKFLOW, "--type", kind, "--digest", NPM_SUBJECT)
        ran = stage.run("verify-blob-attestation", *words, "--digestAlg", "sha512")
        if code:
            assert_one_error(ran, 1, naming="attestations[1].bundle: ", code=code)
        else:
            assert ran.status == 0, ran.err


def test_pypis_attestation_wants_the_file_under_its_name(stage: Stage) -> None:
    folder = CORPUS / "pypi-attestations"
    wheel = folder / "rfc8785-0.1.2-py3-none-any.whl"
    words = (
        "verify-blob-attestation",
        *("--bundle", folder / "rfc8785-0.1.2-py3-none-any.whl.publish.attestation"),
        *("--trusted-root", CORPUS / "trust" / "staging.json"),
        *("--certificate-identity", "william@yossarian.net"),
        *("--certificate-oidc-issuer", "https://github.com/login/oauth"),
        *("--type", "https://docs.pypi.org/attestations/publish/v1"),
    )
    assert stage.run(*words, wheel).status == 0
    copy = stage.file("other-1.0-py3-none-any.whl", wheel.read_bytes())
    assert_one_error(stage.run(*words, copy), 1, naming="other-1.0", code="artifact.name-mismatch")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert stage.run(*words, "--digest", digest, "--digestAlg", "sha256").status == 0


def test_flags_that_repeat_what_bundles_say_are_refused_for_several_too(stage: Stage, several: Path) -> None:
    ran = stage.run(
        "verify-blob", "--bundle", several, *stage.who, "--certificate-chain", several, "--offline", stage.artifact
    )
    assert ran.status == 1
    assert "unsupported: certificate chain must be in bundle" in ran.err


def test_a_report_says_what_was_proved(stage: Stage, several: Path) -> None:
    trust = ("--trusted-root", stage.trusted_root)
    ran = stage.run("verify-blob", "--bundle", several, *trust, *stage.who, "--report", "json", stage.artifact)
    report = json.loads(ran.out)
    assert report["verdict"] == "verified"
    assert ran.status == 0
