"""The certificate log against the recordings of ct_server, and what the recordings do not hold."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from pycosign.codec.b64 import encode_b64
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.log_id import spki_log_id
from pycosign.crypto.merkle import check_consistency, leaf_hash, root_from_inclusion_proof
from pycosign.stack.asgi import ASGIApp
from pycosign.stack.ctlog.http import build_ctlog_app
from pycosign.wire.sct import (
    format_tree_head_signed,
    parse_digitally_signed,
    parse_merkle_tree_leaf,
    sct_signed_bytes,
)

from .logs import NOW, Answer, call, post, recording, replay, run
from .services import ct_log

NOW_MS = int(NOW.timestamp() * 1000)
SUBMITTED = json.loads(recording("ctlog-add-pre-chain")["request"]["body"])["chain"]
ROOTS = tuple(
    base64.b64decode(der) for der in json.loads(recording("ctlog-get-roots")["response"]["body"])["certificates"]
)
TIMESTAMP = slice(2, 10)  # of a leaf


def app() -> ASGIApp:
    return build_ctlog_app(ct_log(ROOTS)[0])


def u24(raw: bytes, at: int) -> tuple[bytes, int]:
    end = at + 3 + int.from_bytes(raw[at : at + 3], "big")
    return raw[at + 3 : end], end


def chain_of(extra_data: bytes) -> list[str]:
    """The chain that a recorded entry was submitted with."""
    precertificate, at = u24(extra_data, 0)
    rest, _ = u24(extra_data, at)
    chain, at = [precertificate], 0
    while at < len(rest):
        certificate, at = u24(rest, at)
        chain.append(certificate)
    return [encode_b64(der) for der in chain]


def recorded_entry() -> tuple[list[str], bytes, bytes]:
    [entry] = json.loads(recording("ctlog-get-entries")["response"]["body"])["entries"]
    extra_data = base64.b64decode(entry["extra_data"])
    return chain_of(extra_data), base64.b64decode(entry["leaf_input"]), extra_data


def test_a_recorded_submission_gets_an_answer_of_the_recorded_shape() -> None:
    async def work() -> None:
        ctlog, _, signer = ct_log(ROOTS)
        answer = (await replay(build_ctlog_app(ctlog), "ctlog-add-pre-chain")).json()
        theirs = json.loads(recording("ctlog-add-pre-chain")["response"]["body"])
        assert list(answer) == list(theirs)
        assert (answer["sct_version"], answer["extensions"]) == (0, "")
        assert answer["timestamp"] == NOW_MS
        assert base64.b64decode(answer["id"]) == spki_log_id(signer.public_key.spki_der)

    run(work)


def test_a_recorded_entry_is_stored_as_the_original_stores_it() -> None:
    chain, leaf_input, extra_data = recorded_entry()

    async def work() -> None:
        ctlog, _, signer = ct_log(ROOTS)
        ours = build_ctlog_app(ctlog)
        sct = (await post(ours, "/ct/v1/add-pre-chain", {"chain": chain})).json()
        [entry] = (await call(ours, "GET", "/ct/v1/get-entries?start=0&end=5")).json()["entries"]
        leaf = base64.b64decode(entry["leaf_input"])
        assert leaf == leaf_input[:2] + NOW_MS.to_bytes(8, "big") + leaf_input[10:]
        assert base64.b64decode(entry["extra_data"]) == extra_data
        parsed = parse_merkle_tree_leaf(leaf)
        _, _, signature = parse_digitally_signed(base64.b64decode(sct["signature"]))
        signer.public_key.verify(signature, sct_signed_bytes(parsed.timestamp_ms, parsed.entry))

    run(work)


def test_the_same_chain_again_gets_the_first_timestamp() -> None:
    async def work() -> None:
        moments = [NOW, NOW.replace(hour=23)]
        ctlog, log, _ = ct_log(ROOTS)
        ctlog._clock = lambda: moments.pop(0)
        ours = build_ctlog_app(ctlog)
        first, second = [(await post(ours, "/ct/v1/add-pre-chain", {"chain": SUBMITTED})).json() for _ in range(2)]
        assert first["timestamp"] == second["timestamp"]
        assert log.size == 1

    run(work)


async def grown() -> tuple[ASGIApp, Any]:
    """A log with two entries, one of a precertificate and one of a certificate."""
    ctlog, log, signer = ct_log(ROOTS)
    ours = build_ctlog_app(ctlog)
    assert (await post(ours, "/ct/v1/add-pre-chain", {"chain": SUBMITTED})).status == 200
    assert (await post(ours, "/ct/v1/add-chain", {"chain": SUBMITTED[1:]})).status == 200
    assert log.size == 2
    return ours, signer.public_key


def test_tree_head_proofs_and_entries_agree() -> None:
    async def work() -> None:
        ours, key = await grown()
        head = (await call(ours, "GET", "/ct/v1/get-sth")).json()
        root = base64.b64decode(head["sha256_root_hash"])
        _, _, signature = parse_digitally_signed(base64.b64decode(head["tree_head_signature"]))
        key.verify(signature, format_tree_head_signed(head["timestamp"], 2, root))
        both = (await call(ours, "GET", "/ct/v1/get-entry-and-proof?leaf_index=0&tree_size=2")).json()
        leaf = leaf_hash(base64.b64decode(both["leaf_input"]))
        path = [base64.b64decode(item) for item in both["audit_path"]]
        assert root_from_inclusion_proof(leaf, 0, 2, path) == root
        by_hash = await call(ours, "GET", f"/ct/v1/get-proof-by-hash?tree_size=2&hash={quote(encode_b64(leaf))}")
        assert by_hash.json() == {"leaf_index": 0, "audit_path": both["audit_path"]}
        consistency = (await call(ours, "GET", "/ct/v1/get-sth-consistency?first=1&second=2")).json()["consistency"]
        check_consistency(1, leaf, 2, root, [base64.b64decode(item) for item in consistency])

    run(work)


@pytest.mark.parametrize(
    "name",
    ["ctlog-get-sth", "ctlog-get-roots", "ctlog-get-entries", "ctlog-get-sth-consistency", "ctlog-get-entry-and-proof"],
)
def test_recorded_reads_have_the_recorded_members(name: str) -> None:
    async def work() -> None:
        ours, _ = await grown()
        answer = await replay(ours, name)
        assert answer.status == 200
        assert list(answer.json()) == list(json.loads(recording(name)["response"]["body"]))

    run(work)


def test_recorded_refusals_are_answered_alike() -> None:
    async def work() -> None:
        ours, _ = await grown()
        for name in ("ctlog-error-400-range", "ctlog-error-400-unknown-root"):
            answer, theirs = await replay(ours, name), recording(name)["response"]
            assert answer.status == theirs["status"]
            assert answer.headers["content-type"] == theirs["headers"]["Content-Type"]
            assert answer.body.decode().splitlines()[0] == theirs["body"].splitlines()[0]
        ranged = await replay(ours, "ctlog-error-400-range")
        assert ranged.body == b"Bad Request\nneed tree size: 10000000 to get leaves but only got: 2\n"

    run(work)


async def submit(chain: object, kind: str = "add-pre-chain") -> Answer:
    return await post(app(), f"/ct/v1/{kind}", {"chain": chain})


def flipped(text: str) -> str:
    """A certificate whose signature's last bit differs."""
    der = bytearray(base64.b64decode(text))
    der[-1] ^= 1
    return encode_b64(bytes(der))


@pytest.mark.parametrize(
    ("kind", "chain"),
    [
        ("add-pre-chain", []),
        ("add-pre-chain", None),
        ("add-pre-chain", [1]),
        ("add-pre-chain", ["*"]),
        ("add-pre-chain", SUBMITTED[1:]),  # no poison
        ("add-chain", SUBMITTED),  # a poison
        ("add-pre-chain", [flipped(SUBMITTED[0]), *SUBMITTED[1:]]),
        ("add-pre-chain", [SUBMITTED[0], flipped(SUBMITTED[1]), SUBMITTED[2]]),
        ("add-pre-chain", [SUBMITTED[0], SUBMITTED[2]]),  # not issued by the next
        ("add-pre-chain", SUBMITTED[:1]),  # no way to a root
        ("add-chain", [SUBMITTED[2]]),  # the root alone
        ("add-pre-chain", [SUBMITTED[0]] * 11),
    ],
)
def test_a_chain_that_is_none_is_refused(kind: str, chain: object) -> None:
    answer = run(lambda: submit(chain, kind))
    assert answer.status == 400
    assert answer.body.startswith(b"Bad Request\n")


def test_a_chain_without_its_root_is_completed() -> None:
    assert run(lambda: submit(SUBMITTED[:2])).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/ct/v1/add-chain", 405),
        ("POST", "/ct/v1/get-sth", 405),
        ("GET", "/ct/v1/none", 404),
        ("GET", "/", 404),
        ("GET", "/ct/v1/get-entries?start=1&end=0", 400),
        ("GET", "/ct/v1/get-entries?start=-1&end=0", 400),
        ("GET", "/ct/v1/get-entries", 400),
        ("GET", "/ct/v1/get-sth-consistency?first=2&second=1", 400),
        ("GET", "/ct/v1/get-sth-consistency?first=1&second=3", 400),
        ("GET", "/ct/v1/get-entry-and-proof?leaf_index=2&tree_size=2", 400),
        ("GET", "/ct/v1/get-entry-and-proof?leaf_index=0&tree_size=3", 400),
        ("GET", f"/ct/v1/get-proof-by-hash?tree_size=2&hash={quote(encode_b64(bytes(32)))}", 404),
        ("GET", "/ct/v1/get-proof-by-hash?tree_size=2&hash=x", 400),
    ],
)
def test_questions_that_have_no_answer(method: str, path: str, status: int) -> None:
    async def work() -> Answer:
        ours, _ = await grown()
        return await call(ours, method, path)

    assert run(work).status == status


def test_the_recorded_roots_are_certificates() -> None:
    assert [parse_certificate(der).is_ca for der in ROOTS] == [True]
