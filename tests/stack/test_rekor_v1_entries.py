"""What Rekor v1 admits, what it makes of it, and how it is found again."""

import base64
import hashlib
import json
from typing import Any

import pytest

from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.wire.dsse import Envelope, EnvelopeSignature, format_envelope, pae
from pycosign.wire.rekor_body import parse_rekor_body
from pycosign.wire.rekor_request import dsse_v1_request

from .logs import call, hashedrekord, post, rekor_v1, run
from .test_rekor_v1 import ENTRIES, b64, checked, recorded_log


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
