"""Rekor v1 against the recordings of the real one, and what the recordings do not hold."""

import asyncio
import base64
import hashlib
import json
from typing import Any

import pytest

from pycosign.crypto.keys import LocalSigner, generate_signer
from pycosign.crypto.log_id import spki_log_id
from pycosign.crypto.merkle import check_consistency, leaf_hash, root_from_inclusion_proof
from pycosign.stack.tlog.engine import Pace
from pycosign.wire.checkpoint import parse_signed_checkpoint
from pycosign.wire.dsse import Envelope, EnvelopeSignature, format_envelope, pae
from pycosign.wire.log_entry import LogEntry, parse_v1_response, parse_v1_responses, set_payload
from pycosign.wire.rekor_body import dsse_v1_request, parse_rekor_body

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


# ---- what is admitted ----------------------------------------------------------------------------------------------
def envelope(signer: LocalSigner, payload: bytes, *, payload_type: str = "application/vnd.in-toto+json") -> bytes:
    signature = signer.sign(pae(payload_type, payload))
    return format_envelope(Envelope(payload, payload_type, (EnvelopeSignature(signature),)))


STATEMENT = json.dumps(
    {
        "subject": [{"name": "a", "digest": {"sha256": "AB" * 32}}],
        "predicate": {"materials": [{"digest": {"sha1": "cd" * 20}}]},
    }
).encode()


@pytest.mark.parametrize("algorithm", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "ed25519"])
def test_hashedrekord_takes_every_kind_of_key(algorithm: str) -> None:
    async def work() -> None:
        rekor, signer = rekor_v1(), generate_signer(algorithm)
        hash_name = signer.public_key.default_hash
        digest = hashlib.new(hash_name, b"artifact").digest()
        spec = {
            "data": {"hash": {"algorithm": hash_name, "value": digest.hex()}},
            "signature": {
                "content": b64(signer.sign_digest(digest, hash_name)),
                "publicKey": {"content": b64(signer.public_key.pem())},
            },
        }
        answer = await post(rekor.app, ENTRIES, {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec})
        body = parse_rekor_body(checked(rekor, answer).body)
        assert (body.kind, body.digest_algorithm, body.digest) == ("hashedrekord", hash_name, digest)

    run(work)


def test_the_key_is_stored_in_canonical_pem_and_makes_a_duplicate() -> None:
    async def work() -> None:
        rekor, signer = rekor_v1(), generate_signer()
        proposed = json.loads(hashedrekord(signer, bytes(32)))
        assert (await post(rekor.app, ENTRIES, proposed)).status == 201
        pem = signer.public_key.pem()
        spelled = b"a comment\r\n" + pem.replace(b"\n", b"\r\n")
        proposed["spec"]["signature"]["publicKey"]["content"] = b64(spelled)
        assert (await post(rekor.app, ENTRIES, proposed)).status == 409

    run(work)


def test_an_envelope_is_bound_by_the_digest_of_its_exact_text() -> None:
    async def work() -> None:
        rekor, signer = rekor_v1(), generate_signer()
        text = envelope(signer, STATEMENT)
        spaced = json.dumps(json.loads(text), indent=2).encode()
        for each in (text, spaced):
            answer = await post(rekor.app, ENTRIES, dsse_v1_request(each, signer.public_key.pem()))
            body = parse_rekor_body(checked(rekor, answer).body)
            assert body.envelope_digest == hashlib.sha256(each).digest()
            assert body.digest == hashlib.sha256(STATEMENT).digest()
        assert rekor.log.size == 2

    run(work)


def test_signatures_of_an_envelope_are_sorted_and_each_needs_its_key() -> None:
    async def work() -> None:
        rekor, signers = rekor_v1(), [generate_signer() for _ in range(3)]
        message = pae("text/plain", b"payload")
        signed = tuple(EnvelopeSignature(signer.sign(message)) for signer in signers)
        text = format_envelope(Envelope(b"payload", "text/plain", signed))
        pems = [signer.public_key.pem() for signer in signers]
        body = parse_rekor_body(checked(rekor, await post(rekor.app, ENTRIES, dsse_v1_request(text, *pems))).body)
        assert [b64(signature) for signature in body.signatures] == sorted(b64(item.signature) for item in signed)
        by_signature = {item.signature: pem for item, pem in zip(signed, pems, strict=True)}
        assert [by_signature[signature] for signature in body.signatures] == list(body.verifiers)
        for wrong in (pems[:2], [*pems[:2], generate_signer().public_key.pem()]):
            assert (await post(rekor.app, ENTRIES, dsse_v1_request(text, *wrong))).status == 400

    run(work)


def intoto_v002(signer: LocalSigner) -> dict[str, Any]:
    payload_type = "application/vnd.in-toto+json"
    signature = signer.sign(pae(payload_type, STATEMENT))
    return {
        "apiVersion": "0.0.2",
        "kind": "intoto",
        "spec": {
            "content": {
                "envelope": {
                    "payload": b64(b64(STATEMENT).encode()),
                    "payloadType": payload_type,
                    "signatures": [{"sig": b64(b64(signature).encode()), "publicKey": b64(signer.public_key.pem())}],
                },
                "hash": {"algorithm": "sha256", "value": "11" * 32},
            }
        },
    }


def intoto_v001(signer: LocalSigner) -> dict[str, Any]:
    spec = {"content": {"envelope": envelope(signer, STATEMENT).decode()}, "publicKey": b64(signer.public_key.pem())}
    return {"apiVersion": "0.0.1", "kind": "intoto", "spec": spec}


def rekord(signer: LocalSigner) -> dict[str, Any]:
    signed = {
        "format": "x509",
        "content": b64(signer.sign(b"text")),
        "publicKey": {"content": b64(signer.public_key.pem())},
    }
    return {"apiVersion": "0.0.1", "kind": "rekord", "spec": {"data": {"content": b64(b"text")}, "signature": signed}}


def test_intoto_keeps_the_attestation_and_gives_it_back_on_reading() -> None:
    async def work() -> None:
        rekor, signer = rekor_v1(), generate_signer()
        for proposed in (intoto_v001(signer), intoto_v002(signer)):
            answer = await post(rekor.app, ENTRIES, proposed)
            body = parse_rekor_body(checked(rekor, answer).body)
            assert (body.kind, body.digest) == ("intoto", hashlib.sha256(STATEMENT).digest())
            [posted] = answer.json().values()
            assert "attestation" not in posted
            read = await call(rekor.app, "GET", f"{ENTRIES}/{answer.headers['etag']}")
            [entry] = read.json().values()
            assert base64.b64decode(entry["attestation"]["data"]) == STATEMENT

    run(work)


def test_rekord_drops_the_content_and_keeps_its_digest() -> None:
    async def work() -> None:
        rekor, signer = rekor_v1(), generate_signer()
        entry = checked(rekor, await post(rekor.app, ENTRIES, rekord(signer)))
        spec = json.loads(entry.body)["spec"]
        assert spec["data"] == {"hash": {"algorithm": "sha256", "value": hashlib.sha256(b"text").hexdigest()}}
        edited = rekord(signer)
        edited["spec"]["data"]["content"] = b64(b"other")
        assert (await post(rekor.app, ENTRIES, edited)).status == 400
        edited = rekord(signer)
        edited["spec"]["data"]["hash"] = {"algorithm": "sha256", "value": "00" * 32}
        assert (await post(rekor.app, ENTRIES, edited)).status == 400
        edited = rekord(signer)
        edited["spec"]["signature"]["format"] = "pgp"
        assert (await post(rekor.app, ENTRIES, edited)).status == 400

    run(work)


def proposals() -> dict[str, dict[str, Any]]:
    signer = generate_signer()
    return {
        "hashedrekord": json.loads(hashedrekord(signer, bytes(32))),
        "dsse": json.loads(dsse_v1_request(envelope(signer, STATEMENT), signer.public_key.pem())),
        "intoto 0.0.1": intoto_v001(signer),
        "intoto 0.0.2": intoto_v002(signer),
        "rekord": rekord(signer),
    }


PROPOSALS = proposals()


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all texts in a JSON value."""
    if isinstance(value, dict):
        return [found for name, item in value.items() for found in leaves_of(item, (*path, name))]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in leaves_of(item, (*path, index))]
    return [path]


CHANGES = [
    (kind, path) for kind, value in PROPOSALS.items() for path in leaves_of(value["spec"]) if path[-1] != "keyid"
]


@pytest.mark.parametrize(("kind", "path"), CHANGES, ids=lambda value: str(value))
@pytest.mark.parametrize("change", [None, 7, "", "AAAA", "x\u0000y", [], {}])
def test_a_proposal_with_any_member_changed_is_refused_and_not_logged(
    kind: str, path: tuple[Any, ...], change: Any
) -> None:
    async def work() -> None:
        rekor, proposed = rekor_v1(), json.loads(json.dumps(PROPOSALS[kind]))
        place = proposed["spec"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = change
        answer = await post(rekor.app, ENTRIES, proposed)
        assert (answer.status, rekor.log.size) == (400, 0)
        assert answer.json()["message"].startswith("error processing entry: ")

    run(work)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[]", 422, 422),
        (b"null", 422, 422),
        (b'{"kind": 5}', 400, 400),
        (b'{"kind": "hashedrekord", "spec": {}}', 422, 602),
        (b'{"kind": "hashedrekord", "apiVersion": "9.9.9", "spec": {}}', 400, 400),
        (b'{"kind": "rpm", "apiVersion": "0.0.1", "spec": {}}', 400, 400),
        (b'{"kind": "hashedrekord", "kind": "dsse"}', 400, 400),
        (b"[" * 100_000, 500, 500),
        (b"\xff", 500, 500),
        (b"", 500, 500),
    ],
)
def test_a_request_of_another_form_has_its_status(body: bytes, status: int, code: int) -> None:
    async def work() -> None:
        answer = await post(rekor_v1().app, ENTRIES, body)
        assert (answer.status, answer.json()["code"]) == (status, code)

    run(work)


def test_a_body_above_the_limit_is_413() -> None:
    async def work() -> None:
        assert (await post(rekor_v1().app, ENTRIES, b" " * ((4 << 20) + 1))).status == 413

    run(work)


# ---- search --------------------------------------------------------------------------------------------------------
def test_search_finds_by_digest_key_and_subject_in_any_case() -> None:
    async def work() -> None:
        rekor, signer = await recorded_log(), generate_signer()
        await post(rekor.app, ENTRIES, hashedrekord(signer, b"\xab" * 32))
        await post(rekor.app, ENTRIES, dsse_v1_request(envelope(signer, STATEMENT), signer.public_key.pem()))

        async def search(query: dict[str, Any]) -> list[int]:
            answer = await post(rekor.app, "/api/v1/index/retrieve", query)
            assert answer.status == 200
            found = [rekor.log.find(bytes.fromhex(entry_id[16:])) for entry_id in answer.json()]
            return sorted(index for index in found if index is not None)

        key = {"format": "x509", "content": b64(signer.public_key.pem())}
        assert await search({}) == []
        assert await search({"hash": "AB" * 32}) == [4, 5]  # hashedrekord's digest; the statement's subject
        assert await search({"hash": "sha256:" + "ab" * 32}) == [4, 5]
        assert await search({"hash": "cd" * 20}) == [5]
        assert await search({"hash": hashlib.sha256(STATEMENT).hexdigest()}) == [5]
        assert await search({"publicKey": key}) == [4]  # envelopes index the key under another name
        assert await search({"hash": hashlib.sha256(signer.public_key.pem()).hexdigest()}) == [5]
        assert await search({"email": "TEST@example.com"}) == [0, 1, 2]
        assert await search({"subject": "test@example.com"}) == [0, 1, 2]
        assert await search({"email": "test@example.com", "publicKey": key}) == [0, 1, 2, 4]
        assert await search({"email": "test@example.com", "publicKey": key, "operator": "and"}) == []
        assert await search({"hash": "ab" * 32, "publicKey": key, "operator": "and"}) == [4]

    run(work)


@pytest.mark.parametrize(
    "query",
    [
        {"publicKey": {"format": "pgp", "content": "AA=="}},
        {"publicKey": {"format": "x509", "content": "AA=="}},
        {"publicKey": 5},
        {"hash": 5},
        {"operator": "xor"},
    ],
)
def test_a_search_of_another_form_is_refused(query: object) -> None:
    async def work() -> None:
        answer = await post(rekor_v1().app, "/api/v1/index/retrieve", query)
        assert answer.status in (400, 422)

    run(work)
