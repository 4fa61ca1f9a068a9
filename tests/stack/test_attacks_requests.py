"""Requests that hurt other services: headers and tokens that take memory, and data that wants something fetched."""

import asyncio
import json
import socket
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from pycosign.codec.b64 import encode_b64url

from .logs import call, post, rekor_v1, run
from .services import certificate_authority, token, v2_request
from .test_tsa import app as tsa_app

INSIDE = "http://169.254.169.254/latest/meta-data"
MEBIBYTE = 1 << 20


def peak_bytes(work: Callable[[], Any]) -> int:
    """The memory that Python held at most while it worked."""
    work()  # imports and caches
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("header", ["application" * 20_000, ";" * 200_000, ",application/json" * 12_000, "/" * 200_000])
def test_a_content_type_without_end_takes_no_memory_worth_speaking_of(header: str) -> None:
    """CVE-2025-66564: timestamp-authority split such a header at every "application"."""

    def stamp() -> None:
        answer = run(lambda: call(tsa_app(), "POST", "/api/v1/timestamp", b"x", {"Content-Type": header}))
        assert answer.status == 415

    assert peak_bytes(stamp) < 4 * MEBIBYTE


@pytest.mark.parametrize(
    "identity",
    ["." * 60_000, "." * 3_000_000, "a." * 1_000_000, f"{encode_b64url(b'{' * 60_000)}.e30.", "e30." * 10_000],
    ids=["dots", "more dots", "parts", "nested", "empty parts"],
)
def test_a_malformed_token_takes_no_memory_worth_speaking_of(identity: str) -> None:
    """CVE-2025-66506, GHSA-f83f-xpx7-ffpw: Fulcio split a token at every dot before it had looked at its length."""

    def ask() -> None:
        async def work() -> int:
            authority = certificate_authority()
            return (await post(authority.app, "/api/v2/signingCert", v2_request(identity))).status

        assert run(work) == 400

    # the request itself is held a few times: as bytes, as text, as JSON
    assert peak_bytes(ask) < 8 * len(identity) + 4 * MEBIBYTE


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may be looked up or connected to. (The event loop's own pair of sockets is made, not connected.)"""

    def refuse(*arguments: object, **more: object) -> Any:
        raise AssertionError(f"the network was used: {arguments!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", refuse)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    "key", [{"format": "x509", "url": INSIDE}, {"format": "x509", "url": INSIDE, "content": ""}, {"url": INSIDE}]
)
def test_a_key_to_search_by_is_never_fetched(key: dict[str, str]) -> None:
    """CVE-2026-24117, GHSA-273p-m2cw-6833: Rekor fetched `publicKey.url` of a search."""

    async def work() -> None:
        answer = await post(rekor_v1().app, "/api/v1/index/retrieve", {"publicKey": key})
        assert answer.status == 400

    run(work)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("kind", ["hashedrekord", "rekord", "intoto"])
def test_an_address_in_an_entry_is_never_fetched(kind: str) -> None:
    """The same class in proposed entries: old kinds of Rekor may name a URL in place of content."""
    by_url = {"url": INSIDE}
    spec = {
        "data": {"url": INSIDE, "hash": {"algorithm": "sha256", "value": "00" * 32}},
        "content": by_url,
        "signature": {"format": "x509", "url": INSIDE, "content": "AA==", "publicKey": by_url},
        "publicKey": INSIDE,
    }

    async def work() -> None:
        rekor = rekor_v1()
        entry = {"kind": kind, "apiVersion": "0.0.1", "spec": spec}
        answer = await post(rekor.app, "/api/v1/log/entries", entry)
        assert (answer.status, rekor.log.size) == (400, 0)

    run(work)


@pytest.mark.parametrize("message", ["", None, "AA=="])
def test_an_entry_of_a_kind_that_we_do_not_take_is_refused_before_it_is_read(message: str | None) -> None:
    """CVE-2026-23831, GHSA-4c4x-jm2x-pf9j: an empty `message` of kind cose ended Rekor's process."""

    async def work() -> None:
        rekor = rekor_v1()
        entry = {"kind": "cose", "apiVersion": "0.0.1", "spec": {"message": message, "data": {}}}
        answer = await post(rekor.app, "/api/v1/log/entries", entry)
        assert (answer.status, rekor.log.size) == (400, 0)

    run(work)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    "issuer", [INSIDE, "http://127.0.0.1:8080@169.254.169.254", "http://127.0.0.1:8080.evil.example", "file:///etc"]
)
def test_the_issuer_in_a_token_is_compared_and_never_asked(issuer: str) -> None:
    """CVE-2026-22772, GHSA-59jp-pj84-45mr: a pattern that was not anchored let a token choose who is asked for keys."""

    async def work() -> None:
        answer = await post(certificate_authority().app, "/api/v2/signingCert", v2_request(token(iss=issuer)))
        assert answer.status == 400
        assert issuer not in json.dumps(answer.json())

    run(work)
