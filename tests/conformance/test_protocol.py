"""The entry point speaks the suite's protocol: its words become ours, and the answers are the verifier's."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance import protocol
from tests.conformance.protocol import command_line, main, read_request
from tests.verify.vectors import BEACON, CONFORMANCE, GITHUB

ENTRYPOINT = Path(__file__).parent / "entrypoint"
WHO = ("--certificate-identity", BEACON, "--certificate-oidc-issuer", GITHUB)
DIGEST = "sha256:" + "ab" * 32


def words(case: str, artifact: str) -> list[str]:
    """How the suite asks about one of its cases."""
    folder = CONFORMANCE / case
    root = folder / "trusted_root.json"
    trust = ["--trusted-root", str(root)] if root.exists() else []
    return ["verify-bundle", "--bundle", str(folder / "bundle.sigstore.json"), *WHO, *trust, artifact]


def artifact_of(case: str) -> Path:
    own = CONFORMANCE / case / "artifact"
    return own if own.exists() else CONFORMANCE / "a.txt"


def test_verification_becomes_verify_blob() -> None:
    request = read_request(["verify-bundle", "--bundle", "b", *WHO, "--trusted-root", "t", "a.txt"])
    assert command_line(request) == ["verify-blob", "--bundle", "b", *WHO, "--trusted-root", "t", "a.txt"]
    keyed = read_request(["verify-bundle", "--staging", "--bundle", "b", "--key", "k", DIGEST])
    assert command_line(keyed) == ["verify-blob", "--bundle", "b", "--key", "k", DIGEST]


def test_signing_becomes_sign_blob() -> None:
    request = read_request(["sign-bundle", "--identity-token", "T", "--bundle", "b", "--signing-config", "s", "a.txt"])
    wanted = ["sign-blob", "--yes", "--identity-token", "T", "--bundle", "b", "--signing-config", "s", "a.txt"]
    assert command_line(request) == wanted


@pytest.mark.parametrize(
    "said",
    [
        ["verify", "--bundle", "b", "a"],
        ["verify-bundle", "a"],
        ["verify-bundle", "--bundle", "b"],
        ["verify-bundle", "--bundle", "b", "--force", "x", "a"],
    ],
)
def test_other_words_are_not_the_protocol(said: list[str]) -> None:
    with pytest.raises(ValueError, match="not the suite's protocol"):
        read_request(said)


def test_a_digest_is_one_only_if_no_file_has_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    request = read_request(["verify-bundle", "--bundle", "b", DIGEST])
    assert request.is_digest
    assert not read_request(["verify-bundle", "--bundle", "b", DIGEST[:-1]]).is_digest
    Path(DIGEST).touch()
    assert not request.is_digest


@pytest.mark.parametrize("as_attestation", [False, True])
@pytest.mark.parametrize("by_digest", [False, True])
@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("intoto-with-custom-trust-root", ""),
        ("rekor2-dsse-happy-path", ""),
        ("rekor2-dsse-invalid-sig_fail", "signature.invalid"),
        ("intoto-tsa-timestamp-outside-cert-validity_fail", "timestamp.outside-validity"),
    ],
)
def test_a_case_is_judged_and_noted(
    case: str, code: str, by_digest: bool, as_attestation: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report"
    monkeypatch.setenv("CONFORMANCE_REPORT", str(report))
    monkeypatch.setenv("CONFORMANCE_ATTESTATIONS", "1" if as_attestation else "")
    monkeypatch.setenv("COSIGN_OFFLINE", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    path = artifact_of(case)
    artifact = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() if by_digest else str(path)
    status = main(words(case, artifact))
    noted = json.loads(report.read_text())
    assert (status, noted["status"], noted["code"]) == (int(bool(code)), int(bool(code)), code)


def test_the_staging_instance_is_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUF_MIRROR", "https://tuf.example")
    staging = protocol._environment(read_request(["verify-bundle", "--staging", "--bundle", "b", "a"]))
    assert staging["TUF_MIRROR"] == "https://tuf-repo-cdn.sigstage.dev"
    assert (
        protocol._environment(read_request(["verify-bundle", "--bundle", "b", "a"]))["TUF_MIRROR"]
        != staging["TUF_MIRROR"]
    )


def test_the_entry_point_is_a_program(tmp_path: Path) -> None:
    case = "rekor2-dsse-happy-path"
    command = [str(ENTRYPOINT), *words(case, str(artifact_of(case)))]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(tmp_path), "COSIGN_OFFLINE": "true"}
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "Verified OK")
