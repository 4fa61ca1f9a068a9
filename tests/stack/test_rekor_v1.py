"""Rekor v1 against the recordings of the real one, and what the recordings do not hold."""

import asyncio
import base64
import hashlib
import json
from typing import Any

import pytest

from pycosign.crypto.log_id import spki_log_id
from pycosign.crypto.merkle import check_consistency, leaf_hash, root_from_inclusion_proof
from pycosign.crypto.signers import generate_signer
from pycosign.stack.tlog.engine import Pace
from pycosign.wire.checkpoint import parse_signed_checkpoint
from pycosign.wire.log_entry import LogEntry, parse_v1_response, parse_v1_responses, set_payload

from .logs import TREE_ID, V1, WIRE, Answer, call, hashedrekord, post, recording, rekor_v1, replay, run, shape

ENTRIES = "/api/v1/log/entries"
POSTED = ("rekor-v1-post-hashedrekord-cosign3", "rekor-v1-post-dsse-cosign3", "", "rekor-v1-post-hashedrekord-key")


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def checked(rekor: V1, answer: Answer | bytes) -> LogEntry:
    """Verify an answered entry as a client does: promise, checkpoint, inclusion, id."""
    raw = answer if isinstance(answer, bytes) else answer.body
    entry_id, entry = parse_v1_response(raw)
    key = rekor.signer.public_key
    assert entry_id == f"{TREE_ID:016x}{leaf_hash(entry.body).hex()}"
    assert entry.log_id == spki_log_id(key.spki_der)
    assert entry.promise is not None
    assert entry.proof is not None
    key.verify(entry.promise, set_payload(entry))
    note, checkpoint = parse_signed_checkpoint(entry.proof.checkpoint)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (
        f"rekor.test - {TREE_ID}",
        entry.proof.size,
        entry.proof.root,
    )
    [signature] = note.signatures
    assert (signature.name, signature.key_hint) == ("rekor.test", entry.log_id[:4])
    key.verify(signature.signature, note.text.encode())
    leaf = leaf_hash(entry.body)
    proof = entry.proof
    assert root_from_inclusion_proof(leaf, proof.log_index, proof.size, proof.hashes) == proof.root
    return entry


async def recorded_log(before: str | None = None) -> V1:
    """A log that holds what the recorded one held (before it got the entry `before`)."""
    rekor = rekor_v1()
    for name in POSTED:
        if name == before:
            break
        if name:
            answer = await replay(rekor.app, name)
        else:  # Cosign 2's entry was not recorded as an exchange; its bundle holds the body
            bundle = json.loads((WIRE / "bundle-cosign2-blob-legacy.json").read_bytes())
            answer = await post(rekor.app, ENTRIES, base64.b64decode(bundle["rekorBundle"]["Payload"]["body"]))
        assert answer.status == 201, answer.body
        checked(rekor, answer)
    return rekor


# ---- the recordings ------------------------------------------------------------------------------------------------
def test_the_recorded_entries_give_the_recorded_tree() -> None:
    async def work() -> None:
        rekor = await recorded_log()
        recorded = json.loads(recording("rekor-v1-log")["response"]["body"])
        answer = await replay(rekor.app, "rekor-v1-log")
        ours = answer.json()
        assert shape(ours) == shape(recorded)
        for name in ("rootHash", "treeSize", "treeID", "inactiveShards"):
            assert ours[name] == recorded[name]
        head = ours["signedTreeHead"].split("\n")
        assert head[:4] == recorded["signedTreeHead"].split("\n")[:4]

    run(work)


@pytest.mark.parametrize("name", [name for name in POSTED if name])
def test_a_recorded_post_is_answered_with_the_recorded_body_and_shape(name: str) -> None:
    async def work() -> None:
        recorded = recording(name)["response"]
        answer = await replay((await recorded_log(before=name)).app, name)
        assert answer.status == recorded["status"]
        assert shape(answer.json()) == shape(json.loads(recorded["body"]))
        [(entry_id, entry)] = answer.json().items()
        [(recorded_id, recorded_entry)] = json.loads(recorded["body"]).items()
        for each in (entry, recorded_entry):
            without_what_is_signed_or_timed(each)
        assert (entry_id, entry) == (recorded_id, recorded_entry)
        assert answer.headers["etag"] == recorded["headers"]["Etag"]  # without quotes
        assert answer.headers["location"] == recorded["headers"]["Location"]
        assert answer.headers["content-type"] == "application/json"

    run(work)


READS = (
    "rekor-v1-get-entry-index",
    "rekor-v1-get-entry-leaf-hash",
    "rekor-v1-get-entry-uuid",
    "rekor-v1-index-retrieve",
    "rekor-v1-index-retrieve-hash",
    "rekor-v1-log-proof",
    "rekor-v1-log-stable",
    "rekor-v1-retrieve-by-entry",
    "rekor-v1-retrieve-by-uuid",
)


@pytest.mark.parametrize("name", READS)
def test_a_recorded_read_is_answered_alike(name: str) -> None:
    async def work() -> None:
        recorded = recording(name)["response"]
        answer = await replay((await recorded_log()).app, name)
        assert answer.status == recorded["status"]
        ours, theirs = answer.json(), json.loads(recorded["body"])
        assert shape(ours) == shape(theirs)
        for each in (ours, theirs):
            without_what_is_signed_or_timed(each)
        if name == "rekor-v1-index-retrieve":
            assert sorted(ours) == sorted(theirs)
        else:
            assert ours == theirs
        for header, value in recorded["headers"].items():
            assert answer.headers[header.lower()] == value

    run(work)


def without_what_is_signed_or_timed(value: Any) -> None:
    """Take out what another key or another moment makes different."""
    if isinstance(value, list):
        for item in value:
            without_what_is_signed_or_timed(item)
    elif isinstance(value, dict):
        for name in ("signedTreeHead", "signedEntryTimestamp", "checkpoint", "logID", "integratedTime"):
            value.pop(name, None)
        for item in value.values():
            without_what_is_signed_or_timed(item)


ERRORS = (
    "rekor-v1-error-400-bad-signature",
    "rekor-v1-error-400-proof-order",
    "rekor-v1-error-400-proof-too-large",
    "rekor-v1-error-404-index",
    "rekor-v1-error-404-uuid",
    "rekor-v1-error-409-duplicate",
    "rekor-v1-error-415-content-type",
    "rekor-v1-error-422-negative-index",
    "rekor-v1-error-422-no-spec",
    "rekor-v1-error-422-unknown-kind",
    "rekor-v1-error-500-malformed-json",
)
OWN_WORDS = ("rekor-v1-error-400-bad-signature", "rekor-v1-error-500-malformed-json")


@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_is_given_with_its_status_code_and_text(name: str) -> None:
    async def work() -> None:
        recorded = recording(name)["response"]
        answer = await replay((await recorded_log()).app, name)
        assert answer.status == recorded["status"]
        if "body" not in recorded:
            assert answer.body == b""
        else:
            ours, theirs = answer.json(), json.loads(recorded["body"])
            assert ours["code"] == theirs["code"]
            if name in OWN_WORDS:
                assert shape(ours) == shape(theirs)
                assert ours["message"].split(":")[:1] == theirs["message"].split(":")[:1] or ours["code"] == 500
            else:
                assert ours == theirs
        if "Location" in recorded["headers"]:
            assert answer.headers["location"] == recorded["headers"]["Location"]

    run(work)


def test_the_public_key_is_pem_of_the_named_tree() -> None:
    async def work() -> None:
        rekor = rekor_v1()
        for query in ("", f"?treeID={TREE_ID}"):
            answer = await call(rekor.app, "GET", f"/api/v1/log/publicKey{query}")
            assert (answer.status, answer.body) == (200, rekor.signer.public_key.pem())
            assert answer.headers["content-type"] == "application/x-pem-file"
        assert (await call(rekor.app, "GET", "/api/v1/log/publicKey?treeID=7")).status == 400
        answer = await call(rekor.app, "GET", "/api/v1/log/publicKey?treeID=x")
        assert (answer.status, answer.json()["code"]) == (422, 605)

    run(work)


# ---- indexes, ids, routing -----------------------------------------------------------------------------------------
def test_the_virtual_index_counts_older_shards_and_the_proof_does_not() -> None:
    async def work() -> None:
        rekor, signer = rekor_v1(first_index=1000), generate_signer()
        await post(rekor.app, ENTRIES, hashedrekord(signer, bytes(32)))
        entry = checked(rekor, await post(rekor.app, ENTRIES, hashedrekord(signer, b"1" * 32)))
        assert entry.proof is not None
        assert (entry.log_index, entry.proof.log_index) == (1001, 1)
        read = checked(rekor, await call(rekor.app, "GET", f"{ENTRIES}?logIndex=1001"))
        assert read.body == entry.body
        for missing in (1, 999, 1002):
            assert (await call(rekor.app, "GET", f"{ENTRIES}?logIndex={missing}")).status == 404
        answer = await post(rekor.app, f"{ENTRIES}/retrieve", {"logIndexes": [1001, 5, 1000]})
        assert [entry.log_index for _, entry in parse_v1_responses(answer.body)] == [1001, 1000]

    run(work)


def test_an_id_is_taken_in_upper_case_and_only_of_this_tree() -> None:
    async def work() -> None:
        rekor = rekor_v1()
        entry_id = (await post(rekor.app, ENTRIES, hashedrekord(generate_signer(), bytes(32)))).headers["etag"]
        for path in (entry_id, entry_id.upper(), entry_id[16:], f"{entry_id}/"):
            checked(rekor, await call(rekor.app, "GET", f"{ENTRIES}/{path}"))
        other = f"{TREE_ID + 1:016x}{entry_id[16:]}"
        assert (await call(rekor.app, "GET", f"{ENTRIES}/{other}")).status == 404
        for wrong in ("xyz", entry_id[:-1], entry_id + "0"):
            answer = await call(rekor.app, "GET", f"{ENTRIES}/{wrong}")
            assert (answer.status, answer.json()["code"]) == (422, 605)

    run(work)


@pytest.mark.parametrize(
    "path", ["/api/v1/log/entries/retrieve/", "//api//v1/log/entries/retrieve", "/api/v1/log/entries/retrieve"]
)
def test_retrieve_answers_under_every_spelling_without_redirect(path: str) -> None:
    async def work() -> None:
        answer = await post((await recorded_log()).app, path, {"logIndexes": [0, 3]})
        assert answer.status == 200
        assert [entry.log_index for _, entry in parse_v1_responses(answer.body)] == [0, 3]

    run(work)


def test_retrieve_takes_ten_at_most_and_leaves_out_what_is_missing() -> None:
    async def work() -> None:
        rekor = await recorded_log()
        path = f"{ENTRIES}/retrieve"
        assert (await post(rekor.app, path, {"logIndexes": list(range(11))})).status == 422
        answer = await post(rekor.app, path, {"logIndexes": [77], "entryUUIDs": ["00" * 32, "ab" * 40]})
        assert (answer.status, answer.json()) == (200, [])
        answer = await post(rekor.app, path, {"entryUUIDs": ["zz"]})
        assert (answer.status, answer.json()["code"]) == (422, 605)
        assert (await post(rekor.app, path, {"logIndexes": "1"})).status == 422

    run(work)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/ping", 200),
        ("GET", "/", 200),
        ("GET", "/api/v1/timestamp", 404),
        ("GET", "/api/v2/log", 404),
        ("DELETE", ENTRIES, 405),
        ("POST", "/api/v1/log", 405),
        ("GET", ENTRIES, 422),
        ("GET", f"{ENTRIES}?logIndex=x", 422),
        ("GET", "/api/v1/log/proof", 422),
        ("GET", "/api/v1/log/proof?firstSize=0&lastSize=1", 422),
        ("GET", "/api/v1/log/proof?lastSize=1&treeID=5", 400),
    ],
)
def test_other_requests_have_the_openapi_statuses(method: str, path: str, status: int) -> None:
    async def work() -> None:
        assert (await call((await recorded_log()).app, method, path)).status == status

    run(work)


def test_consistency_is_proved_between_any_two_sizes() -> None:
    async def work() -> None:
        rekor, signer = rekor_v1(), generate_signer()
        for number in range(9):
            await post(rekor.app, ENTRIES, hashedrekord(signer, bytes([number]) * 32))
        for last in range(1, 10):
            for first in range(1, last + 1):
                answer = await call(rekor.app, "GET", f"/api/v1/log/proof?firstSize={first}&lastSize={last}")
                hashes = [bytes.fromhex(text) for text in answer.json()["hashes"]]
                check_consistency(first, rekor.log.root(first), last, rekor.log.root(last), hashes)
                assert answer.json()["rootHash"] == rekor.log.root().hex()

    run(work)


def test_a_read_reflects_an_entry_as_soon_as_its_post_is_answered() -> None:
    async def work() -> None:
        rekor, signer = rekor_v1(pace=Pace(linger_seconds=0.002)), generate_signer()

        async def one(number: int) -> None:
            digest = hashlib.sha256(b"%d" % number).digest()
            entry = checked(rekor, await post(rekor.app, ENTRIES, hashedrekord(signer, digest)))
            info = (await call(rekor.app, "GET", "/api/v1/log")).json()
            assert info["treeSize"] > entry.log_index
            again = checked(rekor, await call(rekor.app, "GET", f"{ENTRIES}?logIndex={entry.log_index}"))
            assert (again.body, again.integrated_at) == (entry.body, entry.integrated_at)

        await asyncio.gather(*(one(number) for number in range(50)))

    run(work)
