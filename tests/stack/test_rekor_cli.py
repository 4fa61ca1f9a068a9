"""The real rekor-cli against our Rekor v1: it verifies promise, checkpoint, inclusion and consistency by itself."""

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.wire.dsse import Envelope, EnvelopeSignature, format_envelope, pae

from .test_crash import Server

REKOR_CLI = Path.home() / ".cache" / "sigstore-peers" / "bin" / "rekor-cli"

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not REKOR_CLI.exists(), reason=f"needs the peer rekor-cli at {REKOR_CLI}"),
]


class Cli:
    """rekor-cli with a home of its own, against one server."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory, self.url = directory, url

    def __call__(self, *words: str, status: int = 0) -> str:
        command = [str(REKOR_CLI), *words, "--rekor_server", self.url]
        environment = {"HOME": str(self.directory), "PATH": os.environ["PATH"]}
        done = subprocess.run(command, cwd=self.directory, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    server = Server(tmp_path_factory.mktemp("log"))
    try:
        yield Cli(tmp_path_factory.mktemp("home"), server.urls["rekor"])
    finally:
        server.end(signal.SIGTERM)


def signed_file(cli: Cli, name: str, signer: LocalSigner, content: bytes) -> list[str]:
    """Write a file, its signature and its key; the flags that name them."""
    for suffix, data in (("", content), (".sig", signer.sign(content)), (".pub", signer.public_key.pem())):
        (cli.directory / f"{name}{suffix}").write_bytes(data)
    return ["--artifact", name, "--signature", f"{name}.sig", "--public-key", f"{name}.pub", "--pki-format", "x509"]


@pytest.mark.parametrize("kind", ["hashedrekord", "rekord"])
def test_it_uploads_gets_verifies_and_finds(cli: Cli, kind: str) -> None:
    content = f"content for {kind}".encode()
    digest = hashlib.sha256(content).hexdigest()
    files = signed_file(cli, kind, generate_signer("ecdsa-p256"), content)
    files += ["--artifact-hash", digest] if kind == "hashedrekord" else []
    said = cli("upload", "--type", kind, *files)
    assert "Created entry at index" in said
    entry_id = said.strip().rpartition("/")[2]
    assert "already exists" in cli("upload", "--type", kind, *files)
    assert digest in cli("get", "--uuid", entry_id)
    index = json.loads(cli("get", "--uuid", entry_id, "--format", "json"))["LogIndex"]
    assert digest in cli("get", "--log-index", str(index))
    for words in (["--uuid", entry_id], ["--log-index", str(index)], ["--type", kind, *files]):
        assert f"Entry Hash: {entry_id[-64:]}" in cli("verify", *words)
    assert entry_id in cli("search", "--sha", digest)
    assert entry_id in cli("search", "--public-key", f"{kind}.pub", "--pki-format", "x509")
    assert entry_id in cli("search", "--artifact", kind)


@pytest.mark.parametrize("kind", ["dsse", "intoto"])
def test_it_uploads_envelopes(cli: Cli, kind: str) -> None:
    signer, payload_type = generate_signer("ecdsa-p256"), "application/vnd.in-toto+json"
    digest = hashlib.sha256(kind.encode()).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://example.com/predicate",
        "subject": [{"name": "artifact", "digest": {"sha256": digest}}],
        "predicate": {},
    }
    payload = json.dumps(statement).encode()
    signature = EnvelopeSignature(signer.sign(pae(payload_type, payload)))
    (cli.directory / f"{kind}.json").write_bytes(format_envelope(Envelope(payload, payload_type, (signature,))))
    (cli.directory / f"{kind}.pub").write_bytes(signer.public_key.pem())
    files = ["--artifact", f"{kind}.json", "--public-key", f"{kind}.pub", "--pki-format", "x509"]
    said = cli("upload", "--type", kind, *files)
    entry_id = said.strip().rpartition("/")[2]
    assert f"Entry Hash: {entry_id[-64:]}" in cli("verify", "--uuid", entry_id)
    assert entry_id in cli("search", "--sha", digest)


def test_it_proves_that_the_log_only_grew(cli: Cli) -> None:
    cli("upload", *signed_file(cli, "first", generate_signer("ecdsa-p256"), b"first"))
    assert "Verification Successful!" in cli("loginfo")
    for number in range(5):
        cli("upload", *signed_file(cli, f"more{number}", generate_signer("ecdsa-p256"), b"%d" % number))
    assert "Verification Successful!" in cli("loginfo")  # with a proof from the state that it kept
    proof = cli("logproof", "--first-size", "1", "--last-size", "4")
    assert "Current Root Hash: " in proof
    assert proof.count(",") == 1  # two hashes
