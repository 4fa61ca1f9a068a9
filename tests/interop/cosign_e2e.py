"""`make cosign-e2e SRC=DIR`: Cosign's own end-to-end tests, unmodified, against `stack up` on its default ports.

SRC is a checkout of Cosign's source (v3.1.2). Compiling the tests takes minutes the first time. They expect the layout
of the ecosystem's test scaffolding, which `stack env` describes. Prints every test that failed with the line that says
why, and the number that passed. There is no threshold: the exit status tells only whether the tests could be run.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.interop.environment import Stack, our_stack


def _environment(stack: Stack, home: Path) -> dict[str, str]:
    """The scaffolding's variables, and a home of its own for what the tests cache."""
    wanted = ("OIDC_URL", "ISSUER_URL", "CT_LOG_KEY", "TRUSTED_ROOT", "SIGNING_CONFIG", "SIGSTORE_ID_TOKEN")
    keep = {name: os.environ[name] for name in os.environ if name.startswith("GO") or name == "PATH"}
    shown = {name: stack.variables[name] for name in wanted}
    go_home = {"GOPATH": _go("GOPATH"), "GOCACHE": _go("GOCACHE"), "GOMODCACHE": _go("GOMODCACHE")}
    return keep | go_home | shown | {"HOME": str(home), "SIGSTORE_ID_TOKEN": stack.token("foo@bar.com")}


def _go(name: str) -> str:
    return subprocess.run(["go", "env", name], capture_output=True, text=True, check=True).stdout.strip()


def _outcomes(lines: Iterable[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """`go test -json` events -> each top-level test's outcome, and what the tests said."""
    outcome: dict[str, str] = {}
    said: dict[str, list[str]] = {}
    for line in lines:
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        name = event.get("Test", "").split("/")[0]
        if not name:
            continue
        if event["Action"] == "output":
            said.setdefault(name, []).append(event["Output"].rstrip())
        elif event["Action"] in {"pass", "fail", "skip"} and "/" not in event["Test"]:
            outcome[name] = event["Action"]
            print(f"{event['Action']:5} {name}", flush=True)
    return outcome, said


def _reason(lines: list[str]) -> str:
    telling = [line.strip() for line in lines if "_test.go:" in line or "helpers.go:" in line]
    return (telling or [line.strip() for line in lines if line.strip()] or ["it said nothing"])[-1][:300]


def main(arguments: list[str]) -> int:
    """Run the tests of the checkout in `arguments[0]`; further words go to `go test` (for example `-run TestTree`)."""
    if not arguments or not (Path(arguments[0]) / "test" / "e2e_test.go").exists():
        print("usage: make cosign-e2e SRC=DIR, a checkout of github.com/sigstore/cosign at v3.1.2")
        return 2
    if shutil.which("go") is None:
        print("SKIPPED: Go is not installed, so Cosign's tests cannot be compiled")
        return 2
    source, more = Path(arguments[0]).resolve(), arguments[1:]
    outcome: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        (work / "home").mkdir()
        with our_stack(work / "stack") as stack:
            environment = _environment(stack, work / "home")
            for run in _runs(stack):
                outcome |= _run(run, source, environment | run.variables, more)
    count = {kind: sum(value == kind for value in outcome.values()) for kind in ("pass", "fail", "skip")}
    print(f"\n{count['pass']} passed, {count['fail']} failed, {count['skip']} skipped")
    print(LEFT_OUT)
    return 0 if outcome else 1


class Run(NamedTuple):
    """One call of `go test`."""

    title: str
    tags: str
    variables: dict[str, str]


LEFT_OUT = """left out: TestSignVerifyWithRepoOverride (two registries, one without referrers API), tag kms (Vault),
piv (a smart card), pkcs11 (SoftHSM), tag registry (registries with self-signed certificates)"""


def _runs(stack: Stack) -> tuple[Run, ...]:
    return (
        Run("their own registry", "e2e", {}),
        Run("their own registry, tests of every platform", "e2e,cross", {}),
        Run("our registry", "e2e", {"COSIGN_TEST_REPO": stack.info["registry"]}),
    )


def _run(run: Run, source: Path, environment: dict[str, str], more: list[str]) -> dict[str, str]:
    print(f"\n== {run.title} (tags {run.tags}) ==", flush=True)
    tests = subprocess.Popen(
        ["go", "test", f"-tags={run.tags}", "-json", "-count=1", "-timeout=40m", "./test/...", *more],
        cwd=source,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert tests.stdout is not None
    outcome, said = _outcomes(tests.stdout)
    tests.wait()
    for name in sorted(name for name in outcome if outcome[name] != "pass"):
        print(f"\n{outcome[name]}: {name}\n    {_reason(said.get(name, []))}")
    return {f"{run.title}: {name}": result for name, result in outcome.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
