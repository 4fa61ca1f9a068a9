"""Rekor v2 against the recordings of the real one, and what the recordings do not hold."""

import asyncio
import base64
import hashlib
import json

import pytest

from pycosign.crypto.log_id import ed25519_note_key_id
from pycosign.crypto.merkle import leaf_hash, node_hash, root_from_inclusion_proof, tree_root
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.stack.tlog.engine import Pace
from pycosign.wire.checkpoint import parse_signed_checkpoint
from pycosign.wire.log_entry import LogEntry, parse_tlog_entry
from pycosign.wire.rekor_request import hashedrekord_v2_request
from pycosign.wire.tile import Tile, format_tile_path, parse_entry_bundle, parse_hash_tile, tiles_of_tree

from .logs import V2, V2_HOST, Answer, call, post, recording, rekor_v2, replay, run, shape

ENTRIES = "/api/v2/log/entries"
POSTED = ("rekor-v2-post-hashedrekord-cosign3", "rekor-v2-post-dsse-cosign3", "rekor-v2-post-hashedrekord-key")


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def checked_head(rekor: V2, note_text: str) -> tuple[int, bytes]:
    """Verify a checkpoint as a client does; its size and root."""
    note, checkpoint = parse_signed_checkpoint(note_text)
    [signature] = note.signatures
    key = rekor.signer.public_key
    assert (checkpoint.origin, signature.name) == (V2_HOST, V2_HOST)
    assert signature.key_hint == ed25519_note_key_id(V2_HOST, key.raw)[:4]
    key.verify(signature.signature, note.text.encode())
    return checkpoint.size, checkpoint.root


def checked(rekor: V2, answer: Answer) -> LogEntry:
    """Verify an answered entry as a client does: checkpoint, inclusion, log id."""
    assert answer.status == 201, answer.body
    entry = parse_tlog_entry(answer.body)
    assert entry.proof is not None
    assert (entry.integrated_at, entry.promise) == (None, None)
    assert entry.log_id == rekor.rekor.log_id == ed25519_note_key_id(V2_HOST, rekor.signer.public_key.raw)
    proof = entry.proof
    assert checked_head(rekor, proof.checkpoint) == (proof.size, proof.root)
    assert proof.log_index == entry.log_index
    root = root_from_inclusion_proof(leaf_hash(entry.body), proof.log_index, proof.size, proof.hashes)
    assert root == proof.root
    return entry


async def recorded_log(before: str | None = None) -> V2:
    """A log that holds what the recorded one held (before it got the entry `before`)."""
    rekor = rekor_v2()
    for name in POSTED[: POSTED.index(before) if before else None]:
        checked(rekor, await replay(rekor.app, name))
    return rekor


def request(
    signer: LocalSigner, digest: bytes, details: str = "PKIX_ECDSA_P256_SHA_256", name: str = "sha256"
) -> bytes:
    signature = signer.sign_digest(digest, name)
    return hashedrekord_v2_request(digest, signature, details, key_der=signer.public_key.spki_der)


# ---- the recordings ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", POSTED)
def test_a_recorded_post_is_answered_with_the_recorded_entry_and_proof(name: str) -> None:
    async def work() -> None:
        rekor = await recorded_log(before=name)
        answer = await replay(rekor.app, name)
        checked(rekor, answer)
        recorded = recording(name)["response"]
        ours, theirs = answer.json(), json.loads(recorded["body"])
        assert list(ours) == list(theirs)
        for each in (ours, theirs):
            each.pop("logId")
            each["inclusionProof"].pop("checkpoint")
        assert ours == theirs
        assert answer.headers["content-type"] == recorded["headers"]["Content-Type"]

    run(work)


@pytest.mark.parametrize("name", ["rekor-v2-entry-bundle", "rekor-v2-tile"])
def test_the_recorded_tiles_are_served_byte_for_byte(name: str) -> None:
    async def work() -> None:
        answer = await replay((await recorded_log()).app, name)
        assert answer.status == 200
        assert answer.body == base64.b64decode(recording(name)["response"]["body_base64"])
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]

    run(work)


def test_the_checkpoint_is_the_recorded_one_under_another_key() -> None:
    async def work() -> None:
        rekor = await recorded_log()
        answer = await replay(rekor.app, "rekor-v2-checkpoint")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        checked_head(rekor, answer.body.decode())
        recorded = recording("rekor-v2-checkpoint")["response"]["body"]
        assert answer.body.decode().split("\n")[:4] == recorded.split("\n")[:4]

    run(work)


ERRORS = (
    "rekor-v2-error-400-bad-signature",
    "rekor-v2-error-400-empty-request",
    "rekor-v2-error-400-malformed-json",
    "rekor-v2-error-409-duplicate",
)


@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_is_given_with_its_status_and_code(name: str) -> None:
    async def work() -> None:
        recorded = recording(name)["response"]
        answer = await replay((await recorded_log()).app, name)
        ours, theirs = answer.json(), json.loads(recorded["body"])
        assert (answer.status, ours["code"], shape(ours)) == (recorded["status"], theirs["code"], shape(theirs))
        if name != "rekor-v2-error-400-malformed-json":  # there the words are the reader's own
            assert ours["message"].startswith(theirs["message"])
        if "X-Log-Index" in recorded["headers"]:
            assert answer.headers["x-log-index"] == recorded["headers"]["X-Log-Index"]

    run(work)


# ---- reading -------------------------------------------------------------------------------------------------------
def test_a_monitor_rebuilds_the_tree_from_tiles_and_bundles_alone() -> None:
    async def work() -> None:
        rekor, signer = rekor_v2(pace=Pace(linger_seconds=0.001)), generate_signer()
        digests = [hashlib.sha256(b"%d" % number).digest() for number in range(600)]
        await asyncio.gather(*(post(rekor.app, ENTRIES, request(signer, digest)) for digest in digests))
        note = (await call(rekor.app, "GET", "/api/v2/checkpoint")).body.decode()
        size, root = checked_head(rekor, note)
        assert size == 600

        async def fetch(tile: Tile) -> bytes:
            answer = await call(rekor.app, "GET", f"/api/v2/{format_tile_path(tile)}")
            assert answer.status == 200
            return answer.body

        leaves = [
            leaf_hash(entry)
            for index, width in ((0, 256), (1, 256), (2, 88))
            for entry in parse_entry_bundle(await fetch(Tile(None, index, width)), width)
        ]
        hashes: list[bytes] = []
        for tile in tiles_of_tree(size):
            if tile.level == 0:
                hashes += parse_hash_tile(await fetch(tile), tile.width)
            else:
                await fetch(tile)
        assert hashes == leaves

        def node(level: int, index: int) -> bytes:
            if level == 0:
                return hashes[index]
            return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

        assert tree_root(size, node) == root

    run(work)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v2/tile/0/000", 404),  # not full yet
        ("/api/v2/tile/0/000.p/4", 404),
        ("/api/v2/tile/entries/000.p/4", 404),
        ("/api/v2/tile/entries/000", 404),
        ("/api/v2/tile/1/000.p/1", 404),
        ("/api/v2/tile/0/000.p/0", 400),
        ("/api/v2/tile/0/000.p/256", 400),
        ("/api/v2/tile/0/0", 400),
        ("/api/v2/tile/64/000", 400),
        ("/api/v2/tile/0/../../checkpoint", 400),
        ("/api/v2/tile/0/000.p/2", 200),  # an older checkpoint's tile stays
        ("/healthz", 200),
        ("/api/v2/log", 404),
        ("/api/v1/log", 404),
        (ENTRIES, 501),
    ],
)
def test_reads_of_what_is_not_there_have_their_status(path: str, status: int) -> None:
    async def work() -> None:
        assert (await call((await recorded_log()).app, "GET", path)).status == status

    run(work)


def test_a_new_log_publishes_a_checkpoint_of_the_empty_tree() -> None:
    async def work() -> None:
        rekor = rekor_v2()
        note = (await call(rekor.app, "GET", "/api/v2/checkpoint")).body.decode()
        assert checked_head(rekor, note) == (0, hashlib.sha256(b"").digest())

    run(work)
