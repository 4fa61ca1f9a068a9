"""`make interop`: the real Cosign 3.1.2 and 2.6.4 and pycosign, each signing for the others, on our stack.

Prints one line per row and a summary; the exit status is 0 only when every row behaved. Rows that a missing peer
makes impossible are listed as skipped, with the reason.
"""

import contextlib
import itertools
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from tests.interop import matrix, own_pki, peers, sigstore_python
from tests.interop.environment import Home, Stack, debian_registry, our_stack
from tests.interop.matrix import Row, Stage
from tests.interop.tools import EMAIL, Services, Tool, our_tool

COSIGNS = {"cosign 3.1.2": "cosign3", "cosign 2.6.4": "cosign2"}


def _services(stack: Stack) -> Services:
    info = stack.info
    return Services(
        fulcio=info["fulcio"],
        rekor=info["rekor"],
        oidc=info["oidc"],
        trusted_root=info["trusted_root"],
        signing_config_v2=info["signing_config"],
        signing_config_v1=info["signing_config_rekor_v1"],
        tuf=info["tuf"],
        tuf_root=info["tuf_root"],
    )


def cosigns(work: Path, services: Services) -> tuple[tuple[Tool, ...], list[str]]:
    """Both Cosigns with a home each, and why one is missing."""
    found, missing = [], []
    for name, program in COSIGNS.items():
        try:
            command = [peers.build(program)]
        except RuntimeError as exc:
            missing.append(str(exc))
            continue
        found.append(Tool(name, command, Home(work / f"home-{program}"), services))
    return tuple(found), missing


def play(rows: Iterable[Row]) -> tuple[int, int]:
    """Check every row and print its line; returns how many passed and failed."""
    passed = failed = 0
    for row in rows:
        began = time.monotonic()
        try:
            row.check()
        except AssertionError as exc:
            failed += 1
            print(f"FAIL  ({row.part}) {row.title}\n        {exc}", flush=True)
        else:
            passed += 1
            print(f"ok    ({row.part}) {row.title}  {time.monotonic() - began:.1f} s", flush=True)
    return passed, failed


def python_rows(stage: Stage, work: Path, missing: list[str]) -> Iterable[Row]:
    """The rows of sigstore-python, or none and the reason."""
    try:
        command = peers.sigstore_python()
    except RuntimeError as exc:
        missing.append(str(exc))
        return ()
    home = Home(work / "home-sigstore-python")
    return sigstore_python.rows(stage, sigstore_python.SigstorePython(command, home, stage.ours.services))


def main() -> int:
    """Run the whole table."""
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack_of:
        work = Path(directory)
        stack = stack_of.enter_context(our_stack(work / "stack", "--ports", "auto"))
        services = _services(stack)
        peer_tools, missing = cosigns(work, services)
        registries = {"our registry": stack.info["registry"]}
        program = peers.docker_registry()
        if program is None:
            missing.append("docker-registry is not installed: rows without a referrers API are left out")
        else:
            registries["docker-registry"] = stack_of.enter_context(debian_registry(program, work / "registry"))
        ours = our_tool(Home(work / "home-pycosign"), services)
        for name in ("key", "other"):
            made = ours.run("generate-key-pair", "--output-key-prefix", str(work / name))
            if made.status:
                print(f"generate-key-pair failed: {made.last_words}")
                return 1
        (work / "files").mkdir()
        key, other = work / "key", work / "other"
        stage = Stage(ours, peer_tools, registries, key, other, lambda: stack.token(EMAIL), work / "files")
        passed, failed = play(
            itertools.chain(matrix.rows(stage), own_pki.rows(stage), python_rows(stage, work, missing))
        )
    for reason in missing:
        print(f"SKIPPED: {reason}")
    print(f"{passed} passed, {failed} failed, {len(missing)} skipped")
    return 1 if failed or not peer_tools else 0


if __name__ == "__main__":
    sys.exit(main())
