"""The timestamp authority against the recordings of timestamp-server, and against rfc3161-client."""

import json
from datetime import timedelta

import pytest
from cryptography import x509
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from pycosign.ambient import random_bytes
from pycosign.codec.pem import parse_pem
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.signers import LocalSigner
from pycosign.stack.asgi import ASGIApp
from pycosign.stack.authority import tsa_chain
from pycosign.stack.tsa.core import TimestampAuthority
from pycosign.stack.tsa.http import build_tsa_app
from pycosign.wire.tsp import TimestampRequest, format_request, parse_request, parse_response
from tests.recordings import exchange

from .logs import NOW, Answer, call, run
from .services import chain_keys

PATH = "/api/v1/timestamp"
QUERY = {"Content-Type": "application/timestamp-query"}
DIGEST = bytes(range(32))


def chain() -> tuple[bytes, ...]:
    root_key, key = chain_keys()
    return tsa_chain(root_key, key, since=NOW - timedelta(hours=1))


CHAIN = chain()


def app() -> ASGIApp:
    authority = TimestampAuthority.of(CHAIN, LocalSigner(chain_keys()[1]).sign)
    return build_tsa_app(authority, clock=lambda: NOW, entropy=random_bytes)


def send(name: str) -> Answer:
    """Replay a recorded request."""
    request, _ = exchange(name)
    return run(lambda: call(app(), request.line["method"], request.line["path"], request.body, request.headers))


def stamp(body: bytes, headers: dict[str, str] = QUERY) -> Answer:
    return run(lambda: call(app(), "POST", PATH, body, headers))


GRANTED = ["tsa-timestamp-cosign3", "tsa-no-certreq", "tsa-nonce-certreq", "tsa-sha512", "tsa-json-request"]


@pytest.mark.parametrize("name", GRANTED)
def test_a_recorded_request_gets_what_the_original_gave(name: str) -> None:
    answer, (_, theirs) = send(name), exchange(name)
    assert answer.status == theirs.line["status"] == 200
    assert answer.headers["content-type"] == theirs.headers["Content-Type"]
    ours, original = parse_response(answer.body), parse_response(theirs.body)
    for field in ("policy", "hash_oid", "imprint", "accuracy_microseconds", "ordering", "nonce", "digest_oid"):
        assert getattr(ours, field) == getattr(original, field), field
    assert len(ours.certificates_der) == len(original.certificates_der)
    assert ours.gen_time == NOW.replace(microsecond=0)
    assert ours.serial.bit_length() > 100


@pytest.mark.parametrize("name", [name for name in GRANTED if name != "tsa-json-request"])
def test_another_implementation_accepts_our_timestamps(name: str) -> None:
    request, _ = exchange(name)
    leaf, intermediate, root = (x509.load_der_x509_certificate(der) for der in CHAIN)
    verifier = VerifierBuilder().tsa_certificate(leaf).add_intermediate_certificate(intermediate)
    verifier = verifier.add_root_certificate(root)
    asked = parse_request(request.body)
    response = decode_timestamp_response(send(name).body)
    assert verifier.build().verify(response, asked.imprint)


@pytest.mark.parametrize("name", ["tsa-error-400-garbage", "tsa-error-400-sha1"])
def test_recorded_refusals_are_answered_alike(name: str) -> None:
    answer, (_, theirs) = send(name), exchange(name)
    assert answer.status == theirs.line["status"]
    assert answer.headers["content-type"] == theirs.headers["Content-Type"]
    assert answer.json() == json.loads(theirs.body)


def test_the_chain_is_published_leaf_first() -> None:
    answer, (_, theirs) = send("tsa-certchain"), exchange("tsa-certchain")
    assert answer.headers["content-type"] == theirs.headers["Content-Type"]
    assert tuple(block.der for block in parse_pem(answer.body, what="chain")) == CHAIN


def test_the_leaf_may_stamp_and_nothing_else() -> None:
    leaf, intermediate, root = map(parse_certificate, CHAIN)
    assert leaf.extended_key_usage == ("1.3.6.1.5.5.7.3.8",)
    assert leaf.extensions["2.5.29.37"].critical
    assert not leaf.is_ca
    assert root.is_ca
    leaf.check_signature(intermediate.public_key)
    intermediate.check_signature(root.public_key)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (format_request(TimestampRequest(DIGEST, policy="1.2.3.4")), QUERY, 400),
        (format_request(TimestampRequest(DIGEST, policy="1.3.6.1.4.1.57264.2")), QUERY, 200),
        (format_request(TimestampRequest(DIGEST)) + b"\x00", QUERY, 400),
        (format_request(TimestampRequest(DIGEST)), {"Content-Type": "text/plain"}, 415),
        (format_request(TimestampRequest(DIGEST)), {}, 415),
        (b"{}", {"Content-Type": "application/json; charset=utf-8"}, 400),
        (b'{"artifactHash": "AA==", "hashAlgorithm": "sha256"}', {"Content-Type": "application/json"}, 400),
        (b'{"artifactHash": "AA==", "hashAlgorithm": "sha1"}', {"Content-Type": "application/json"}, 400),
        (b'{"a":"' + b"x" * 2000 + b'"}', {"Content-Type": "application/json"}, 400),
    ],
)
def test_what_is_granted_and_what_is_not(body: bytes, headers: dict[str, str], status: int) -> None:
    answer = stamp(body, headers)
    assert answer.status == status
    if status != 200:
        assert set(answer.json()) == {"code", "message"}


def test_serial_numbers_differ() -> None:
    body = format_request(TimestampRequest(DIGEST))
    assert len({parse_response(stamp(body).body).serial for _ in range(5)}) == 5


@pytest.mark.parametrize(("method", "path", "status"), [("GET", PATH, 405), ("GET", "/ping", 200), ("GET", "/x", 404)])
def test_other_paths_and_methods(method: str, path: str, status: int) -> None:
    assert run(lambda: call(app(), method, path)).status == status
