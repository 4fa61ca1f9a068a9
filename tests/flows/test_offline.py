"""Offline is offline, and verifying a file stays cheap to start."""

import socket
import subprocess
import sys
from typing import NoReturn

import pytest

from pycosign.codec.rfc3339 import parse_rfc3339
from pycosign.flows.blob_source import blob_from_bytes
from pycosign.flows.verify_blob import (
    LegacyPieces,
    is_legacy_bundle,
    legacy_evidence,
    read_bundle_evidence,
    verify_blob,
)
from pycosign.flows.verify_blob_attestation import verify_blob_attestation
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from pycosign.verify.trust import compile_trust
from pycosign.wire.trusted_root import parse_trusted_root
from tests.recordings import recorded_file

NOW = parse_rfc3339("2030-01-01T00:00:00Z", what="now")
WANTED = Requirements(SignerIdentity(TextRule("test@example.com"), TextRule("http://127.0.0.1:8080")))
BUNDLES = ["bundle-cosign2-blob-legacy", "bundle-cosign3-blob-rekor-v1", "bundle-cosign3-blob-rekor-v2"]


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_and_a_trust_root_need_no_socket(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def refuse(*arguments: object, **named: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    data = recorded_file(f"{name}.json")
    evidence = legacy_evidence(LegacyPieces(), bundle=data) if is_legacy_bundle(data) else read_bundle_evidence(data)
    verified = verify_blob(
        blob_from_bytes(b"hello\n", "hello"),
        evidence=evidence,
        trust=compile_trust(parse_trusted_root(recorded_file("file-trusted_root.json"))),
        requirements=WANTED,
        now=NOW,
    )
    assert verified.identity == "test@example.com"


@pytest.mark.parametrize("log", ["v1", "v2"])
def test_an_attestation_and_a_trust_root_need_no_socket(monkeypatch: pytest.MonkeyPatch, log: str) -> None:
    def refuse(*arguments: object, **named: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    verified = verify_blob_attestation(
        blob_from_bytes(b"hello\n", "hello"),
        evidence=read_bundle_evidence(recorded_file(f"bundle-cosign3-attest-blob-rekor-{log}.json")),
        predicate_type="https://example.com/predicate",
        trust=compile_trust(parse_trusted_root(recorded_file("file-trusted_root.json"))),
        requirements=WANTED,
        now=NOW,
    )
    assert verified.identity == "test@example.com"


HEAVY = ["urllib3", "tuf", "dataclasses", "pathlib", "logging", "asyncio", "argparse", "msgspec", "base64", "ssl"]
OURS = ["pycosign.oci", "pycosign.clients", "pycosign.net", "pycosign.instances.refresh", "cryptography.x509"]


def test_verifying_a_file_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys, pycosign.flows.verify_blob, pycosign.flows.blob_source, pycosign.instances.trust\n"
        f"print([name for name in {HEAVY + OURS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
