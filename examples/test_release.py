"""Tests of a program that signs what it releases: `pytest test_release.py`. They need no account and no network.

`release` is the program; the tests hand it a private Sigstore in place of the public one.
"""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

import pycosign
from pycosign.testing import Sandbox


def release(files: list[Path], signer: pycosign.Token, instance: pycosign.Instance) -> Path:
    """Write the checksums of some files, and beside them the bundle that proves who wrote them."""
    sums = files[0].parent / "SHA256SUMS"
    sums.write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files))
    pycosign.sign_file(sums, signer=signer, instance=instance).save(f"{sums}.sigstore.json")
    return sums


@pytest.fixture
def sums(tmp_path: Path, pycosign_sandbox: Sandbox) -> Path:
    program = tmp_path / "program.tar"
    program.write_bytes(b"the program")
    return release([program], pycosign_sandbox.sign_in("ci@example.com"), pycosign_sandbox.instance)


def verify(sums: Path, sandbox: Sandbox, name: str) -> pycosign.Verified:
    return pycosign.verify_file(
        sums, bundle=f"{sums}.sigstore.json", signer=sandbox.identity(name), trust=sandbox.instance.trust
    )


def test_a_release_verifies_for_years(sums: Path, pycosign_sandbox: Sandbox) -> None:
    pycosign_sandbox.advance(timedelta(days=3 * 365))
    assert verify(sums, pycosign_sandbox, "ci@example.com").identity == "ci@example.com"


def test_a_release_of_somebody_else_does_not(sums: Path, pycosign_sandbox: Sandbox) -> None:
    with pytest.raises(pycosign.RefusedError) as refusal:
        verify(sums, pycosign_sandbox, "boss@example.com")
    assert refusal.value.code == "identity.mismatch"


def test_changed_checksums_do_not(sums: Path, pycosign_sandbox: Sandbox) -> None:
    sums.write_text(sums.read_text().replace("program", "malware"))
    with pytest.raises(pycosign.RefusedError) as refusal:
        verify(sums, pycosign_sandbox, "ci@example.com")
    assert refusal.value.code == "artifact.digest-mismatch"


def test_what_is_signed_too_late_is_not_a_release(tmp_path: Path, pycosign_sandbox: Sandbox) -> None:
    token = pycosign_sandbox.sign_in("ci@example.com")
    pycosign_sandbox.advance(timedelta(hours=2))  # the token has expired
    program = tmp_path / "program.tar"
    program.write_bytes(b"the program")
    with pytest.raises(pycosign.RefusedError) as refusal:
        release([program], token, pycosign_sandbox.instance)
    assert refusal.value.code == "service.rejected"
    assert not (tmp_path / "SHA256SUMS.sigstore.json").exists()
