"""The programs in examples/ do what they say they do, run as users run them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pycosign
from pycosign.testing import Sandbox

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
ALICE = "alice@example.com"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def run(*words: str, sandbox: Sandbox | None = None) -> "subprocess.CompletedProcess[str]":
    """Run Python in the directory of the examples, with the variables that name the sandbox."""
    variables = {} if sandbox is None else sandbox.environment()
    environment = {**os.environ, **variables, "PYTHONPATH": str(ROOT / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=EXAMPLES, env=environment)


def test_every_example_is_run_here() -> None:
    text = Path(__file__).read_text()
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in text] == []


def test_many_files_are_verified(tmp_path: Path, sandbox: Sandbox) -> None:
    def verify() -> "subprocess.CompletedProcess[str]":
        return run("verify_many.py", str(tmp_path), ALICE, sandbox.issuer, sandbox=sandbox)

    assert verify().returncode == 20  # nothing was verified
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text(name)
        bundle = pycosign.sign_file(tmp_path / name, signer=sandbox.sign_in(ALICE), instance=sandbox.instance)
        bundle.save(tmp_path / f"{name}.sigstore.json")
    done = verify()
    assert (done.returncode, done.stdout.count("verified ")) == (0, 3), done.stderr
    (tmp_path / "one").unlink()
    assert verify().returncode == 20
    (tmp_path / "two").write_text("edited")
    done = verify()
    assert (done.returncode, "artifact.digest-mismatch" in done.stdout) == (1, True)


def test_an_image_is_verified(sandbox: Sandbox) -> None:
    image = sandbox.push_image("examples/app:1.0")
    tag = f"{sandbox.registry}/examples/app:1.0"
    pattern = r"[a-z]+@example\.com"
    assert run("verify_image.py", tag, pattern, sandbox.issuer, sandbox=sandbox).returncode == 1
    pycosign.sign_image(tag, signer=sandbox.sign_in(ALICE), instance=sandbox.instance)
    done = run("verify_image.py", tag, pattern, sandbox.issuer, sandbox=sandbox)
    assert (done.returncode, done.stdout) == (0, f"{image}\n"), done.stderr
    assert run("verify_image.py", tag, "alice", sandbox.issuer, sandbox=sandbox).returncode == 1
    assert run("verify_image.py", "127.0.0.1:1/app", pattern, sandbox.issuer, sandbox=sandbox).returncode == 20


def test_a_release_needs_two_of_three_maintainers(tmp_path: Path, sandbox: Sandbox) -> None:
    def verify(*bundles: str) -> "subprocess.CompletedProcess[str]":
        paths = [str(tmp_path / name) for name in ("keys", "release.tar", *bundles)]
        return run("two_of_three.py", *paths, sandbox=sandbox)

    (tmp_path / "keys").mkdir()
    (tmp_path / "release.tar").write_bytes(b"release")
    for name in ("ann", "ben", "cat", "eve"):
        key = pycosign.PrivateKey.generate()
        bundle = pycosign.sign_file(tmp_path / "release.tar", signer=key, instance=sandbox.instance)
        bundle.save(tmp_path / f"{name}.json")
        if name != "eve":
            (tmp_path / "keys" / f"{name}.pub").write_bytes(key.public.to_pem())
    done = verify("ann.json", "eve.json", "cat.json")
    assert (done.returncode, done.stdout.count("signed")) == (0, 2), done.stderr
    for too_few in (["ann.json"], ["ann.json", "ann.json"], ["ann.json", "eve.json"]):
        done = verify(*too_few)
        assert (done.returncode, "signers.threshold" in done.stderr) == (1, True), done.stderr


def test_a_release_is_tested() -> None:
    elsewhere = ["-c", os.devnull, "--rootdir", str(EXAMPLES)]  # not as a part of this project's tests
    options = [*elsewhere, "-q", "-p", "pycosign.testing.pytest_plugin", "-p", "no:cacheprovider"]
    done = run("-m", "pytest", *options, "test_release.py")
    assert "4 passed" in done.stdout, done.stdout
