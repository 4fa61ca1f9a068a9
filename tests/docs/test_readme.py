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
    return Home(tmp_path, {"PATH": f"{programs}:{os.environ['PATH']}"})


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


def test_the_session_for_many_files_works_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + blocks["keyless"] + blocks["key"] + blocks["batch"])
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [row["verdict"] for row in rows] == ["verified", "refused", "unavailable"]
    assert "exit status 1\n" in said
    assert "proved by inclusion" in said


def test_the_session_for_an_image_works_as_written(home: Home) -> None:
    blocks = _blocks()
    push = f"""
registry=$("{sys.executable}" -c 'import json; print(json.load(open("sigstore/stack.json"))["registry"])')
(cd "{ROOT}" && "{sys.executable}" -m tests.interop.images "$registry" readme/app 1.0)
IMAGE=$registry/readme/app:1.0
"""
    said = _run(home, blocks["stack"] + push + blocks["image"])
    assert "https://sigstore.dev/cosign/sign/v1" in said


def test_the_session_with_a_named_instance_works_as_written(home: Home) -> None:
    blocks = _blocks()
    said = _run(home, blocks["stack"] + blocks["keyless"] + blocks["instance"])
    assert said.count("Verified OK") == 2
    assert "* local " in said
    assert "signs with services from" in said


def test_the_library_session_works_as_written(home: Home) -> None:
    done = home.run([sys.executable, "-c", _blocks()["python"]])
    assert done.status == 0, done.stderr
    assert "http://127.0.0.1:" in done.stdout


def test_every_block_that_is_marked_is_run() -> None:
    assert set(_blocks()) == {"stack", "keyless", "key", "batch", "image", "instance", "python"}
