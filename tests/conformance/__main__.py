"""`make conformance SUITE=DIR`: sigstore-conformance's own tests, run with pycosign as the client.

SUITE is a checkout of sigstore/sigstore-conformance (commit a73de4970176). It is copied, because two of its fixtures
download what our own stack gives here: the identity token, and the staging instance's configuration. The verification
cases need no network; the signing tests run against our stack, and sigstore-python judges what was signed. There is no
list of expected failures: the exit status is 0 only if everything passed, and each bad bundle was refused by a check.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.interop import peers
from tests.interop.environment import Home, Stack, our_stack

ENTRYPOINT = Path(__file__).parent / "entrypoint"
EMAIL = "conformance@example.com"

# Later definitions replace the suite's own.
_FIXTURES = """

@pytest.fixture
def identity_token() -> str:
    return os.environ["CONFORMANCE_TOKEN"]


@pytest.fixture
def staging_config() -> tuple[Path, Path]:
    return Path(os.environ["CONFORMANCE_TRUSTED_ROOT"]), Path(os.environ["CONFORMANCE_SIGNING_CONFIG"])
"""

# The suite's judge is sigstore-python; where a test names no trust root, the one of our stack is meant.
_JUDGE = """#!/bin/sh
case " $* " in
*" --trusted-root "*) ;;
*) command=$1; shift; set -- "$command" --trusted-root "$CONFORMANCE_TRUSTED_ROOT" "$@" ;;
esac
exec "$CONFORMANCE_JUDGE" "$(dirname "$0")/sigstore-python-conformance" "$@"
"""


class Run(NamedTuple):
    """One call of pytest."""

    title: str
    words: Sequence[str]
    variables: Mapping[str, str]


class Outcome(NamedTuple):
    """How one call of pytest ended. refusals: code -> how often; unproved: calls that failed without a verdict."""

    passed: int
    failed: int
    skipped: int
    refusals: Counter[str]
    unproved: tuple[str, ...]


def suite_python(suite: Path) -> Path:
    """The interpreter of a virtual environment with what the suite's tests import.

    Raises: RuntimeError: it cannot be installed (no network the first time).
    """
    home = peers.cache() / "sigstore-conformance"
    python = home / "bin" / "python"
    wanted = (suite / "requirements.txt").read_text()
    stamp = home / "requirements.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print("installing the suite's requirements", file=sys.stderr, flush=True)
    venv.create(home, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--requirement", str(suite / "requirements.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"cannot install the suite's requirements: {done.stderr.strip()[-400:]}")
    stamp.write_text(wanted)
    return python


def copy_suite(suite: Path, to: Path) -> Path:
    """The suite, with the two fixtures replaced and sigstore-python as it is installed here."""
    shutil.copytree(suite, to, ignore=shutil.ignore_patterns(".git", "__pycache__"))
    with (to / "test" / "conftest.py").open("a") as file:
        file.write(_FIXTURES)
    (to / "selftest-client").write_text(_JUDGE)
    (to / "selftest-client").chmod(0o755)
    return to


def keep_attestations(suite: Path) -> None:
    """Leave only the cases whose bundle holds an envelope."""
    for case in (suite / "test" / "assets" / "bundle-verify").iterdir():
        if case.is_dir() and b'"dsseEnvelope"' not in (case / "bundle.sigstore.json").read_bytes():
            shutil.rmtree(case)


def play(run: Run, suite: Path, python: Path, home: Home) -> Outcome:
    """One call of pytest, and what our entry point noted meanwhile."""
    report = home.directory / "report.jsonl"
    report.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "test"]
    print(f"\n== {run.title} ==", flush=True)
    done = subprocess.run(
        [*command, f"--entrypoint={ENTRYPOINT}", *run.words],
        cwd=suite,
        env={**home.environment, **run.variables, "CONFORMANCE_REPORT": str(report)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr.strip()[-400:]
    if done.returncode:
        print(done.stdout[-8000:], done.stderr[-2000:])
    calls = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
    refused = Counter(call["code"] for call in calls if call["status"] == 1 and call["code"])
    odd = (call for call in calls if call["status"] and not (call["status"] == 1 and call["code"]))
    unproved = tuple(Path(call["bundle"]).parent.name for call in odd)
    count = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", last)}
    failed = count.get("failed", 0) + count.get("error", 0) or int(bool(done.returncode))
    outcome = Outcome(count.get("passed", 0), failed, count.get("skipped", 0), refused, unproved)
    print(f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped", flush=True)
    return outcome


def environment(stack: Stack) -> dict[str, str]:
    """What every run shares. Our entry point's first line finds the interpreter that has pycosign."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONFORMANCE_TOKEN": stack.token(EMAIL),
        "CONFORMANCE_TRUSTED_ROOT": stack.info["trusted_root"],
        "CONFORMANCE_SIGNING_CONFIG": stack.info["signing_config"],
    }


def main(arguments: list[str]) -> int:
    """Run the suite in `arguments[0]`."""
    if not arguments or not (Path(arguments[0]) / "test" / "assets" / "bundle-verify").is_dir():
        print("usage: make conformance SUITE=DIR, a checkout of github.com/sigstore/sigstore-conformance")
        return 2
    source = Path(arguments[0]).resolve()
    try:
        python = suite_python(source)
    except RuntimeError as exc:
        print(f"SKIPPED: {exc}")
        return 2
    with tempfile.TemporaryDirectory() as directory, our_stack(Path(directory) / "stack", "--ports", "auto") as stack:
        work = Path(directory)
        home = Home(work / "home", environment(stack))
        suite, attestations = copy_suite(source, work / "suite"), copy_suite(source, work / "attestations")
        keep_attestations(attestations)
        # Without a cached trust root, and told not to ask for one, the public instance's own is the built-in one.
        offline = {"COSIGN_OFFLINE": "true"}
        verify = Run("verify-blob, by path and by digest", ["--skip-signing"], offline)
        attest = Run(
            "verify-blob-attestation, by path and by digest",
            ["--skip-signing"],
            {**offline, "CONFORMANCE_ATTESTATIONS": "1"},
        )
        outcomes = [play(verify, suite, python, home), play(attest, attestations, python, home)]
        try:
            judge = {"CONFORMANCE_JUDGE": str(peers.sigstore_python().parent / "python")}
        except RuntimeError as exc:
            print(f"\nSKIPPED: the signing tests, because {exc}")
        else:
            sign = Run("signing, on our stack", ["-m", "signing"], {**stack.variables, **judge})
            outcomes.append(play(sign, suite, python, home))
    return _summary(outcomes)


def _summary(outcomes: Sequence[Outcome]) -> int:
    refusals: Counter[str] = sum((outcome.refusals for outcome in outcomes), Counter())
    print("\nwhat the bad bundles were refused as:")
    for code, times in sorted(refusals.items()):
        print(f"  {times:4} {code}")
    unproved = sorted({name for outcome in outcomes for name in outcome.unproved})
    if unproved:
        print(f"failed without a verdict on the bundle: {', '.join(unproved)}")
    passed, failed = sum(outcome.passed for outcome in outcomes), sum(outcome.failed for outcome in outcomes)
    verified = sum(outcome.passed for outcome in outcomes[:2])
    print(f"\nconformance: {passed} passed, {failed} failed; {verified} of them verification cases")
    return 1 if failed or unproved else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
