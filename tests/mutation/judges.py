"""The peers as judges of many bundles in one go: Cosign's own command and sigstore-python's library, a process each.

Starting Cosign costs 50 ms and more, a bundle 15; so its command is linked into a program that runs it again and again.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.interop.environment import Home
from tests.interop.peers import GO_PACKAGES, cache, sigstore_python

_PYTHON_SIDE = Path(__file__).with_name("sigstore_python_judge.py")
_GO_SIDE = Path(__file__).with_name("cosign_judge") / "main.go"


def cosign_judge() -> Path:
    """The program, built with Go when it is not there yet (a minute or more).

    Raises: RuntimeError: Go is missing, or the build failed; the text says which.
    """
    target = cache() / "bin" / "cosign3-judge"
    if target.exists() and target.stat().st_mtime >= _GO_SIDE.stat().st_mtime:
        return target
    go = shutil.which("go")
    if go is None:
        raise RuntimeError(f"{target} is not there, and Go is not installed to build it")
    module, _, version = GO_PACKAGES["cosign3"].partition("@")
    module = module.removesuffix("/cmd/cosign")
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        listed = json.loads(_go(go, folder, "mod", "download", "-json", f"{module}@{version}"))
        # Cosign's own requirements and sums: the libraries are those of the released program
        text = Path(listed["GoMod"]).read_text().replace(f"module {module}", "module pycosign.invalid/judge", 1)
        (folder / "go.mod").write_text(f"{text}\nrequire {module} {version}\n")
        (folder / "go.sum").write_bytes((Path(listed["Dir"]) / "go.sum").read_bytes())
        shutil.copy(_GO_SIDE, folder)
        _go(go, folder, "build", "-mod=mod", "-buildvcs=false", "-o", str(folder / "judge"), ".")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / "judge", target)
    return target


def _go(go: str, folder: Path, *words: str) -> str:
    done = subprocess.run([go, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"go {words[0]}: {done.stderr.strip()[-400:]}")
    return done.stdout


def ask_cosign(home: Home, commands: list[list[str]]) -> list[str]:
    """Of each command line without the program's name: "" if Cosign accepts, else its words."""
    lines = "".join(json.dumps(words) + "\n" for words in commands)
    done = subprocess.run(
        [cosign_judge()], input=lines, capture_output=True, text=True, check=True, env=home.environment
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(commands)
    return answers


def ask_sigstore_python(questions: list[dict[str, Any] | None]) -> list[str | None]:
    """The same of sigstore-python; None where nothing was asked."""
    python = sigstore_python().with_name("python")
    done = subprocess.run(
        [python, _PYTHON_SIDE], input=json.dumps(questions, default=str), capture_output=True, text=True, check=True
    )
    answers: list[str | None] = json.loads(done.stdout)
    return answers
