"""Run the command line in this process, with streams and an environment of the test's own; and find the real one."""

import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pycosign.cli.context import Context
from pycosign.cli.main import main

if TYPE_CHECKING:
    from tests.cli.stage import Stage


class Ran(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


Cli = Callable[..., Ran]


def run_cli(*words: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Ran:
    """One run of `pycosign WORDS`, in this process."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape"), io.StringIO()
    context = Context(dict(env or {}), stdin=io.TextIOWrapper(io.BytesIO(stdin)), stdout=out, stderr=err)
    status = main(list(words), context)
    out.seek(0)
    return Ran(status, out.read(), err.getvalue())


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run commands in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return run_cli


def find_peer(name: str) -> str | None:
    """A real Cosign's program: from $PYCOSIGN_PEERS, or where `make interop` builds it."""
    folder = os.environ.get("PYCOSIGN_PEERS") or os.path.expanduser("~/.cache/sigstore-peers/bin")
    return shutil.which(name, path=folder) or shutil.which(name)


@pytest.fixture
def cosign3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run Cosign 3.1.2 in the same directory; the test is skipped without it."""
    program = find_peer("cosign3")
    if program is None:
        pytest.skip("cosign 3.1.2 is not built (`make interop` does)")
    monkeypatch.chdir(tmp_path)

    def run(*words: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Ran:
        ended = subprocess.run(
            [program, *words],
            input=stdin,
            capture_output=True,
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], **(env or {})},
            timeout=60,
            check=False,
        )
        return Ran(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return run


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Stage]":
    """One Sigstore, with keys and files, for all black-box tests."""
    from pycosign.testing import Sandbox
    from tests.cli.stage import Stage

    with Sandbox() as sandbox:
        yield Stage(sandbox, tmp_path_factory.mktemp("stage"))
