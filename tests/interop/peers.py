"""The real programs that interop tests run against: found where an earlier run left them, or built with Go.

They are peers of tests only. `XDG_CACHE_HOME/sigstore-peers/bin` keeps them between runs.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path

GO_PACKAGES: Mapping[str, str] = {
    "cosign3": "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.2",
    "cosign2": "github.com/sigstore/cosign/v2/cmd/cosign@v2.6.4",
    "crane": "github.com/google/go-containerregistry/cmd/crane@v0.22.1",
    "rekor-cli": "github.com/sigstore/rekor/cmd/rekor-cli@v1.5.3",
}
SIGSTORE_PYTHON = "sigstore==4.5.1"


def cache() -> Path:
    """Where peers are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sigstore-peers"


def find(name: str) -> Path | None:
    """A peer that is already there, or None."""
    path = cache() / "bin" / name
    return path if path.exists() else None


def build(name: str) -> Path:
    """The peer, built with Go when it is not there yet (Cosign: five minutes the first time).

    Raises: RuntimeError: Go is missing, or the build failed; the text says which.
    """
    if (ready := find(name)) is not None:
        return ready
    go = shutil.which("go")
    if go is None:
        raise RuntimeError(f"{name} is not in {cache() / 'bin'}, and Go is not installed to build it")
    target = cache() / "bin" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    print(f"building {name} from {GO_PACKAGES[name]}; this takes minutes, once", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as bin_dir:
        done = subprocess.run(
            [go, "install", GO_PACKAGES[name]],
            env={**os.environ, "GOBIN": bin_dir},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"cannot build {name}: {done.stderr.strip()[-400:]}")
        (built,) = Path(bin_dir).iterdir()
        shutil.move(built, target)
    return target


def docker_registry() -> Path | None:
    """Debian's docker-registry, or None."""
    found = shutil.which("docker-registry")
    return Path(found) if found else None


def sigstore_python() -> Path:
    """The `sigstore` command in a virtual environment of its own.

    Raises: RuntimeError: it cannot be installed (no network the first time).
    """
    home = cache() / "sigstore-python"
    command = home / "bin" / "sigstore"
    if command.exists():
        return command
    print(f"installing {SIGSTORE_PYTHON}", file=sys.stderr, flush=True)
    venv.create(home, with_pip=True)
    done = subprocess.run(
        [home / "bin" / "python", "-m", "pip", "install", "--quiet", SIGSTORE_PYTHON],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(home)
        raise RuntimeError(f"cannot install {SIGSTORE_PYTHON}: {done.stderr.strip()[-400:]}")
    return command
