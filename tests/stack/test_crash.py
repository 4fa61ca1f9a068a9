"""A log that is killed: no acknowledged entry is lost, and the tree goes on from the same place."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import pycosign
from pycosign.crypto.merkle import check_consistency, leaf_hash, root_from_inclusion_proof
from pycosign.crypto.signers import generate_signer
from pycosign.errors import LogStateError, UsageError
from pycosign.stack.tlog.open import open_rekor_v1, open_rekor_v2
from pycosign.wire.checkpoint import parse_signed_checkpoint
from pycosign.wire.log_entry import InclusionProof, parse_tlog_entry, parse_v1_response
from pycosign.wire.rekor_request import hashedrekord_v1_request, hashedrekord_v2_request
from pycosign.wire.tile import parse_entry_bundle

from .logs import NOW

APPENDS = 200
TESTS = Path(__file__).parent.parent


SOURCE = Path(pycosign.__file__).parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{SOURCE}{os.pathsep}{TESTS}"}


class Server:
    """Both Rekors as a process that can be killed."""

    def __init__(self, directory: Path) -> None:
        command = [sys.executable, "-m", "stack.serve_rekor", str(directory)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TESTS, env=ENVIRONMENT)
        assert self.process.stdout is not None
        self.urls: dict[str, str] = json.loads(self.process.stdout.readline())

    def end(self, how: signal.Signals) -> None:
        """Send the signal and wait for the end."""
        self.process.send_signal(how)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


class WholeStack(Server):
    """`pycosign stack up --data DIR`, which finds its ports again by itself."""

    def __init__(self, directory: Path, *words: str) -> None:
        info = directory / "stack.json"
        info.unlink(missing_ok=True)  # one that a killed stack left behind
        command = [sys.executable, "-m", "pycosign", "stack", "up", "--data", str(directory), *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        end = time.monotonic() + 30
        while not info.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                self.end(signal.SIGKILL)
                raise AssertionError("the stack did not start")
            time.sleep(0.02)
        self.urls = json.loads(info.read_text())


async def exchange(base_url: str, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request on a connection of its own. Raises: OSError, EOFError: no whole answer came."""
    host, _, port = base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer_head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in answer_head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        return int(answer_head[9:12]), await reader.readexactly(length)
    finally:
        writer.close()


def proposals() -> list[tuple[str, str, bytes]]:
    """Entries for both logs, in turn."""
    signer = generate_signer()
    made = []
    for number in range(APPENDS):
        digest = number.to_bytes(32, "big")
        signature = signer.sign_digest(digest, "sha256")
        if number % 2:
            request = hashedrekord_v2_request(
                digest, signature, "PKIX_ECDSA_P256_SHA_256", key_der=signer.public_key.spki_der
            )
            made.append(("rekor_v2", "/api/v2/log/entries", request))
        else:
            request = hashedrekord_v1_request("sha256", digest, signature, signer.public_key.pem())
            made.append(("rekor", "/api/v1/log/entries", request))
    return made


class Acknowledged(NamedTuple):
    """An entry that the client was told is logged."""

    log: str
    entry_id: str
    body: bytes
    proof: InclusionProof


def acknowledged(log: str, answer: bytes) -> Acknowledged:
    """Read an answer and check its proof."""
    entry_id, entry = parse_v1_response(answer) if log == "rekor" else ("", parse_tlog_entry(answer))
    proof = entry.proof
    assert proof is not None
    assert root_from_inclusion_proof(leaf_hash(entry.body), proof.log_index, proof.size, proof.hashes) == proof.root
    return Acknowledged(log, entry_id, entry.body, proof)


async def append_until_killed(server: Server, kill_after: int) -> list[Acknowledged]:
    """Append concurrently; kill the server when that many entries are acknowledged."""
    told: list[Acknowledged] = []

    async def one(log: str, path: str, request: bytes) -> None:
        try:
            status, answer = await exchange(server.urls[log], "POST", path, request)
        except (OSError, EOFError):
            return  # never acknowledged
        assert status == 201
        told.append(acknowledged(log, answer))
        if len(told) == kill_after:
            server.process.send_signal(signal.SIGKILL)

    await asyncio.gather(*(one(*proposal) for proposal in proposals()))
    return told


async def check_v1(url: str, told: list[Acknowledged]) -> None:
    """Every acknowledged entry is there, and each old checkpoint is a beginning of the new tree."""
    info = json.loads((await exchange(url, "GET", "/api/v1/log"))[1])
    size, root = info["treeSize"], bytes.fromhex(info["rootHash"])
    assert size >= len(told)
    for item in told:
        status, answer = await exchange(url, "GET", f"/api/v1/log/entries/{item.entry_id}")
        assert status == 200
        found = acknowledged("rekor", answer)
        assert (found.body, found.proof.log_index) == (item.body, item.proof.log_index)
        path = f"/api/v1/log/proof?firstSize={item.proof.size}&lastSize={size}"
        hashes = [bytes.fromhex(text) for text in json.loads((await exchange(url, "GET", path))[1])["hashes"]]
        check_consistency(item.proof.size, item.proof.root, size, root, hashes)


async def check_v2(url: str, told: list[Acknowledged]) -> None:
    """Every acknowledged entry is in the entry bundle at its index."""
    _, note = await exchange(url, "GET", "/api/v2/checkpoint")
    size = parse_signed_checkpoint(note.decode())[1].size
    assert size >= len(told)
    _, bundle = await exchange(url, "GET", f"/api/v2/tile/entries/000.p/{size}")
    entries = parse_entry_bundle(bundle, size)
    for item in told:
        assert entries[item.proof.log_index] == item.body


@pytest.mark.parametrize("kill_after", [1, 40, 120])
def test_kill_during_concurrent_appends_loses_nothing_acknowledged(tmp_path: Path, kill_after: int) -> None:
    server = Server(tmp_path)
    told = asyncio.run(append_until_killed(server, kill_after))
    server.end(signal.SIGKILL)
    assert len(told) >= kill_after
    again = Server(tmp_path)
    try:
        asyncio.run(check_all(again, told))
    finally:
        again.end(signal.SIGTERM)


def test_a_killed_stack_comes_back_on_its_ports_with_everything_acknowledged(tmp_path: Path) -> None:
    server = WholeStack(tmp_path, "--ports", "auto")
    told = asyncio.run(append_until_killed(server, 60))
    server.end(signal.SIGKILL)
    again = WholeStack(tmp_path)
    try:
        assert again.urls == server.urls
        asyncio.run(check_all(again, told))
    finally:
        again.end(signal.SIGTERM)


async def check_all(server: Server, told: list[Acknowledged]) -> None:
    """What was acknowledged before is there, and the logs go on from there."""
    for entries in (told, told + await append_the_rest(server)):
        await check_v1(server.urls["rekor"], [item for item in entries if item.log == "rekor"])
        await check_v2(server.urls["rekor_v2"], [item for item in entries if item.log == "rekor_v2"])


async def append_the_rest(server: Server) -> list[Acknowledged]:
    """New entries go on where the killed process stopped."""
    rest = []
    for log, path, request in proposals()[:10]:
        status, answer = await exchange(server.urls[log], "POST", path, request)
        assert status == 201
        rest.append(acknowledged(log, answer))
    return rest


# ---- the directory -------------------------------------------------------------------------------------------------
def v1(directory: Path, **changes: Any) -> int:
    """Open a Rekor v1 and close it; its tree's number."""
    values: dict[str, Any] = {"host": "rekor.test", "signer": KEY, "clock": lambda: NOW, "entropy": os.urandom}
    opened = open_rekor_v1(str(directory), **(values | changes))
    asyncio.run(opened.log.close())
    return opened.tree_id


KEY = generate_signer("ecdsa-p256")


def test_a_new_log_has_a_new_tree_number_and_keeps_it(tmp_path: Path) -> None:
    first = v1(tmp_path / "one")
    assert v1(tmp_path / "one") == first
    assert v1(tmp_path / "two") != first
    assert 0 < first < 2**63


def test_a_log_is_not_taken_up_under_another_host_or_key(tmp_path: Path) -> None:
    v1(tmp_path)
    for changes in ({"host": "other.test"}, {"signer": generate_signer("ecdsa-p256")}):
        with pytest.raises(LogStateError):
            v1(tmp_path, **changes)
    with pytest.raises(LogStateError):
        open_rekor_v2(str(tmp_path), host="rekor.test", signer=generate_signer("ed25519"), clock=lambda: NOW)


def test_a_log_without_its_record_is_not_given_a_new_name(tmp_path: Path) -> None:
    v1(tmp_path)
    (tmp_path / "log.json").unlink()
    with pytest.raises(LogStateError):
        v1(tmp_path)


def test_a_log_of_a_newer_format_is_refused_with_its_code(tmp_path: Path) -> None:
    v1(tmp_path)
    record = json.loads((tmp_path / "log.json").read_text())
    (tmp_path / "log.json").write_text(json.dumps(record | {"format": 2}))
    with pytest.raises(UsageError) as raised:
        v1(tmp_path)
    assert raised.value.code == "stack.format-version"


def test_a_rekor_v1_signs_with_p256_only(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        v1(tmp_path, signer=generate_signer("ed25519"))
