"""Verifiers of others that the benchmarks stand beside, and what installs them: `make bench-peers`.

They are kept beside the interop tests' peers (`tests.interop.peers`), never in a checkout and never as dependencies.
Where one is missing, the benchmarks say so and go on.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.interop import peers

_PROGRAMS = Path(__file__).with_name("peer_programs")
_SIGSTORE_GO = "v1.2.1"
_SIGSTORE_JS = ("@sigstore/verify@3", "@sigstore/bundle@4", "@sigstore/protobuf-specs@0.5")  # for Node 20 and later


def sigstore_python() -> Path | None:
    """The interpreter of the environment that has sigstore-python, or None."""
    python = peers.cache() / "sigstore-python" / "bin" / "python"
    return python if python.exists() else None


def sigstore_python_rate() -> Path:
    """A program for that interpreter: `sigstore_python.py.txt` says which arguments it takes."""
    return _PROGRAMS / "sigstore_python.py.txt"


def sigstore_go() -> Path | None:
    """The program built of `sigstore_go.go.txt`, or None."""
    return peers.find("bench-sigstore-go")


def sigstore_js() -> list[str] | None:
    """The command that runs `sigstore_js.mjs.txt`, or None."""
    node, script = shutil.which("node"), _js_home() / "verify.mjs"
    return [node, str(script)] if node is not None and script.exists() else None


def _js_home() -> Path:
    return peers.cache() / "sigstore-js"


def _build_go() -> None:
    target = peers.cache() / "bin" / "bench-sigstore-go"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(_PROGRAMS / "sigstore_go.go.txt", Path(directory) / "main.go")
        _run(["go", "mod", "init", "bench"], directory)
        _run(["go", "get", f"github.com/sigstore/sigstore-go@{_SIGSTORE_GO}"], directory)
        _run(["go", "mod", "tidy"], directory)
        _run(["go", "build", "-o", str(target), "."], directory)


def _install_js() -> None:
    home = _js_home()
    home.mkdir(parents=True, exist_ok=True)
    _run(["npm", "install", "--no-audit", "--no-fund", "--silent", *_SIGSTORE_JS], str(home))
    shutil.copy(_PROGRAMS / "sigstore_js.mjs.txt", home / "verify.mjs")


def _run(command: Sequence[str], directory: str) -> None:
    subprocess.run(command, cwd=directory, env=os.environ, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Install what can be: a line for each, and status 1 if one is missing at the end."""
    status = 0
    for name, needs, install in (
        ("sigstore-go", "go", _build_go),
        ("sigstore-js", "npm", _install_js),
        ("sigstore-python", sys.executable, peers.sigstore_python),
    ):
        if shutil.which(needs) is None:
            print(f"{name}: skipped, {needs} is not installed")
            status = 1
            continue
        install()
        print(f"{name}: installed")
    return status


if __name__ == "__main__":
    sys.exit(main())
