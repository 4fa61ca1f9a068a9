"""The README's sessions run as they are written, on a stack of their own."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.interop.environment import Home

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"<!-- run: (\w+) -->\n```(\w+)\n(.*?)```", re.DOTALL)


def _blocks() -> dict[str, str]:
    return {name: code for name, _language, code in BLOCK.findall((ROOT / "README.md").read_text())}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A directory where `pycosign` is this checkout's, and whose stack is stopped at the end."""
    programs = tmp_path / "bin"
    programs.mkdir()
    command = programs / "pycosign"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pycosign "$@"\n')
    command.chmod(0o755)
    return Home(tmp_path, {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")})


def _run(home: Home, script: str) -> str:
    """Run a script as one shell, stopping its stack when it ends."""
    whole = f"set -eu\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n{script}"
    done = home.run(["bash", "-c", whole])
    assert done.status == 0, done.stderr
    return done.stdout + done.stderr


def test_the_sessions_for_a_file_work_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + blocks["keyless"] + blocks["key"])
    assert said.count("Verified OK") == 2


def test_the_story_of_a_bundle_is_told_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + blocks["keyless"] + blocks["explain"])
    assert "So it is consistent: all of it fits together. hello.txt is what was signed." in said
    assert "pycosign verify-blob --bundle hello.sigstore.json --certificate-identity foo@bar.com" in said


def test_the_session_for_many_files_works_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + blocks["keyless"] + blocks["key"] + blocks["batch"])
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [row["verdict"] for row in rows] == ["verified", "refused", "unavailable"]
    assert "exit status 1\n" in said
    assert "proved by inclusion" in said


def test_the_session_with_a_policy_works_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + blocks["keyless"] + blocks["key"] + blocks["policy"])
    assert said.count("Verified OK") == 3


PUSH = f"""
registry=$("{sys.executable}" -c 'import json; print(json.load(open("sigstore/stack.json"))["registry"])')
(cd "{ROOT}" && "{sys.executable}" -m tests.interop.images "$registry" readme/app 1.0)
export IMAGE=$registry/readme/app:1.0
"""


def test_the_session_for_an_image_works_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + PUSH + blocks["image"])
    assert "https://sigstore.dev/cosign/sign/v1" in said


def test_the_session_with_a_named_instance_works_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + blocks["keyless"] + blocks["instance"])
    assert said.count("Verified OK") == 2
    assert "* local " in said
    assert "signs with services from" in said


def _program(home: Home, name: str) -> str:
    """The shell's line that runs a block of Python, which is written into a file."""
    path = home.directory / f"{name}.py"
    path.write_text(_blocks()[name])
    return f'"{sys.executable}" {path.name}\n'


def test_the_library_verifies_a_file_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + blocks["keyless"] + _program(home, "library_file"))
    assert "foo@bar.com 20" in said
    assert "artifact.digest-mismatch" in said


def test_the_library_verifies_an_image_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + PUSH + blocks["image"] + _program(home, "library_image"))
    assert re.search(r"/readme/app@sha256:[0-9a-f]{64} \['foo@bar.com'\]", said)


def test_the_library_signs_in_a_test_as_written(home: Home) -> None:
    path = home.directory / "test_release.py"
    path.write_text(_blocks()["library_test"])
    options = ["-q", "-p", "pycosign.testing.pytest_plugin", "-p", "no:cacheprovider"]
    home.environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # an installed pycosign brings it by its entry point
    done = home.run([sys.executable, "-m", "pytest", *options, str(path)])
    assert "1 passed" in done.stdout, done.stdout


def test_every_block_that_is_marked_is_run() -> None:
    sessions = {"stack", "keyless", "key", "batch", "explain", "image", "instance", "policy"}
    assert set(_blocks()) == {*sessions, "library_file", "library_image", "library_test"}
