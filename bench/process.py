"""Whole processes, measured by the operating system: wall and processor time, peak memory, medians of runs in turn.

In turn (A B C A B C ...), because a machine's speed drifts; quote the ratios, not the milliseconds.
"""

import compileall
import functools
import importlib.util
import marshal
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pycosign
from pycosign.verify import pipeline

OURS = "pycosign"


class Usage(NamedTuple):
    """One process: seconds of wall clock and of processor, and peak resident memory in MB (10^6 bytes)."""

    wall: float
    cpu: float
    peak_mb: float


def program() -> list[str]:
    """Our command as a user has it: the installed script, or `python -m pycosign` where there is none."""
    script = Path(sys.executable).with_name("pycosign")
    return [str(script)] if script.exists() else [sys.executable, "-m", "pycosign"]


def build() -> str:
    """Which build of pycosign this interpreter has: docs/adr/0004."""
    origin = pipeline.__file__ or ""
    return "pure Python" if origin.endswith(".py") else "compiled"


def plain_install(directory: Path) -> Path:
    """Our command installed as users have it, in an environment of its own, and its byte code compiled.

    A checkout's environment is slower to start: an editable install and a test runner are found in it. The
    dependencies are those of this interpreter, found by links, so nothing is downloaded.
    """
    venv.create(directory, symlinks=True)
    python = directory / "bin" / "python"
    packages = next(directory.glob("lib/python*/site-packages"))
    shutil.copytree(Path(pycosign.__file__).parent, packages / "pycosign", ignore=shutil.ignore_patterns("__pycache__"))
    for library in Path(pycosign.__file__).parent.parent.glob("*__mypyc*.so"):  # what a compiled build shares
        (packages / library.name).symlink_to(library)
    for name in ("cryptography", "nacl", "_cffi_backend"):
        _link(name, packages)
    compileall.compile_dir(packages / "pycosign", quiet=1)
    script = directory / "bin" / "pycosign"
    script.write_text(f"#!{python}\nimport sys\nfrom pycosign.__main__ import run\n\nsys.exit(run())\n")
    script.chmod(0o755)
    return script


def _link(name: str, packages: Path) -> None:
    """Make a dependency of this interpreter importable in another one of the same version."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    origin = Path(spec.origin)
    target = origin.parent if origin.name.startswith("__init__") else origin
    (packages / target.name).symlink_to(target)


def environment(home: str, **extra: str) -> dict[str, str]:
    """What the measured commands see; byte code is cached, as in any installation."""
    return {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8", **extra}


@functools.cache
def _launcher() -> subprocess.Popen[bytes]:
    """Started once; it ends when this process does, with its standard input."""
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py"))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def run_once(command: Sequence[str], variables: Mapping[str, str]) -> Usage:
    """Run a command to its end. Raises: RuntimeError with its last words when it fails."""
    launcher = _launcher()
    assert launcher.stdin is not None
    assert launcher.stdout is not None
    with tempfile.NamedTemporaryFile() as said:
        marshal.dump((list(command), dict(variables), said.name), launcher.stdin)
        launcher.stdin.flush()
        status, wall, cpu, peak_kib = marshal.load(launcher.stdout)
        if status:
            raise RuntimeError(f"{' '.join(command[:6])} ...: {said.read()[-400:].decode(errors='replace')}")
    return Usage(wall, cpu, peak_kib * 1024 / 1e6)


def in_turn(
    commands: Mapping[str, Sequence[str]], variables: Mapping[str, str], *, rounds: int = 9
) -> dict[str, Usage]:
    """Medians over `rounds` interleaved runs of each command, after one that does not count."""
    runs: dict[str, list[Usage]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            usage = run_once(command, variables)
            if turn:
                runs[name].append(usage)
    return {
        name: Usage(*(statistics.median(column) for column in zip(*many, strict=True))) for name, many in runs.items()
    }


def table(title: str, usages: Mapping[str, Usage], reference: str, *, target: str) -> None:
    """Print one line per command, with its ratio to `reference`; our own line carries the target."""
    print(f"\n{title}")
    for name, usage in usages.items():
        ratio = usage.wall / usages[reference].wall
        note = f"  (target: {target})" if target and name == OURS else ""
        print(
            f"  {name:28} {usage.wall * 1000:8.1f} ms wall  {usage.cpu * 1000:8.1f} ms cpu  "
            f"{usage.peak_mb:7.1f} MB  {ratio:6.2f}x {reference}{note}",
            flush=True,
        )
