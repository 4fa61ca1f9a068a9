"""What a command may load. Start-up is paid on every run: a module that is not needed is a tax on every user."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

WIRE = Path(__file__).parent.parent / "data" / "wire"
VERIFY_BLOB = (
    "verify-blob",
    "--bundle",
    str(WIRE / "bundle-cosign3-blob-rekor-v2.json"),
    "--trusted-root",
    str(WIRE / "file-trusted_root.json"),
    "--certificate-identity",
    "test@example.com",
    "--certificate-oidc-issuer",
    "http://127.0.0.1:8080",
)
VERIFY_ATTESTATION = (
    "verify-blob-attestation",
    *("--bundle", str(WIRE / "bundle-cosign3-attest-blob-rekor-v2.json"), *VERIFY_BLOB[3:]),
    *("--type", "https://example.com/predicate"),
)
# Beyond what bare Python loads. Names end in "." where everything below is meant.
LIGHT = ("gc", "pycosign", "pycosign._version", "pycosign.errors", "pycosign.cli", "pycosign.cli.", "pycosign.__main__")
STANDARD_LIBRARY = frozenset(
    """__future__ _collections _collections_abc _datetime _functools _json _operator _sre _typing binascii
    collections collections.abc contextlib copyreg datetime enum errno functools gc genericpath itertools json
    json.decoder json.encoder json.scanner keyword math operator re re._casefix re._compiler re._constants re._parser
    reprlib types typing warnings""".split()  # noqa: SIM905
)
NEVER_TO_VERIFY = (
    "argparse",
    "asyncio",
    "base64",
    "cryptography.x509",
    "dataclasses",
    "email",
    "hashlib",
    "http",
    "importlib.metadata",
    "ipaddress",
    "logging",
    "msgspec",
    "pathlib",
    "random",
    "rfc3161_client",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "tuf",
    "urllib",
    "urllib3",
    "uvicorn",
    "yaml",
)


def loaded(*words: str) -> set[str]:
    """The modules that a command loads beyond those of bare Python."""
    start = "import sys; sys.argv = ['pycosign', *sys.argv[1:]]; from pycosign.__main__ import run; run()"
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("COSIGN_", "SIGSTORE_", "PYCOSIGN_", "TUF_"))
    }

    def modules(code: str, arguments: tuple[str, ...]) -> set[str]:
        command = [sys.executable, "-X", "importtime", "-c", code, *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, env=env, check=True, timeout=60)
        lines = [line for line in ended.stderr.splitlines() if line.startswith("import time:")]
        return {line.rpartition("|")[2].strip() for line in lines[1:]}

    return modules(start, words) - modules("pass", ())


@pytest.fixture(scope="module", params=[VERIFY_BLOB, VERIFY_ATTESTATION], ids=lambda words: words[0])
def verify_blob(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> set[str]:
    artifact = tmp_path_factory.mktemp("artifact") / "hello"
    artifact.write_bytes(b"hello\n")
    return loaded(*request.param, str(artifact))


def allowed(name: str, names: tuple[str, ...]) -> bool:
    return any(name == entry or (entry.endswith(".") and name.startswith(entry)) for entry in names)


@pytest.mark.parametrize(
    "words", [("version",), ("--help",), ("sign", "--help"), ("verify-blob", "--help"), ("completion", "bash")]
)
def test_version_and_help_load_only_the_command_line(words: tuple[str, ...]) -> None:
    assert {name for name in loaded(*words) if not allowed(name, LIGHT)} == set()


def test_the_root_help_loads_no_command() -> None:
    assert not any(name.startswith("pycosign.cli.commands") for name in loaded("--help"))


def test_verifying_a_file_loads_nothing_that_is_slow(verify_blob: set[str]) -> None:
    heavy = {name for name in verify_blob if any(name == bad or name.startswith(f"{bad}.") for bad in NEVER_TO_VERIFY)}
    assert heavy == set()


def test_verifying_a_file_loads_only_what_is_listed(verify_blob: set[str]) -> None:
    others = {name for name in verify_blob if name.split(".")[0] not in ("pycosign", "cryptography", "_cffi_backend")}
    assert others - STANDARD_LIBRARY == set()
    assert not {name for name in verify_blob if name.startswith(("pycosign.net", "pycosign.oci", "pycosign.clients"))}
    assert len(verify_blob) <= 150
