"""Registries that ask who is there: challenges, tokens, passwords."""

import json
from binascii import a2b_base64
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import UnavailableError
from pycosign.oci.auth import Challenge, parse_challenges
from pycosign.oci.docker_config import Credentials
from pycosign.oci.transport import is_plain_http_registry
from pycosign.stack.registry import build_registry_app
from pycosign.stack.registry.http import RegistryOptions
from tests.net.conftest import ScriptedServer, reply
from tests.oci.conftest import new_client, put_image
from tests.stack.registry_server import serving

ALICE = Credentials("alice", "open sesame")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
            [
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        ('Basic realm="x"', [Challenge("basic", {"realm": "x"})]),
        ("BASIC realm=x", [Challenge("basic", {"realm": "x"})]),
        (
            'Negotiate, Basic realm="a, b", Bearer realm="c\\"d"',
            [
                Challenge("negotiate", {}),
                Challenge("basic", {"realm": "a, b"}),
                Challenge("bearer", {"realm": 'c"d'}),
            ],
        ),
        ("", []),
    ],
)
def test_challenges_are_read(header: str, expected: list[Challenge]) -> None:
    if header.startswith("Negotiate"):
        header = header.replace("Negotiate,", "Negotiate ,")
    assert list(parse_challenges(header)) == expected


@given(st.text())
def test_no_header_breaks_the_reader(header: str) -> None:
    parse_challenges(header)


class TokenRegistry:
    """A registry that wants a Bearer token, and its token service under /token."""

    def __init__(self, *, realm: str = "", lifetime: int | None = 300) -> None:
        self.server = ScriptedServer()
        self.realm = realm or f"{self.server.url}/token"
        self.lifetime = lifetime
        self.token_requests: list[tuple[str, dict[str, list[str]], str]] = []
        self.valid: set[str] = set()
        self.refuse = 0
        self.server.answer = self.answer

    @property
    def repository(self) -> str:
        return f"127.0.0.1:{self.server.port}/team/app"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/token"):
            self.give_token(handler)
        elif handler.headers.get("Authorization", "").removeprefix("Bearer ") in self.valid:
            reply(handler, 200, b"{}", {"Content-Type": "application/vnd.oci.image.manifest.v1+json"})
        else:
            challenge = f'Bearer realm="{self.realm}",service="reg",scope="repository:team/app:pull"'
            reply(handler, 401, b"{}", {"WWW-Authenticate": challenge})

    def give_token(self, handler: BaseHTTPRequestHandler) -> None:
        method, path, headers, body = self.server.requests[-1]
        query = parse_qs(body.decode() if method == "POST" else urlsplit(path).query)
        self.token_requests.append((method, query, headers.get("authorization", "")))
        if self.refuse:
            reply(handler, self.refuse, b'{"details":"incorrect username or password"}')
            return
        token = f"token-{len(self.token_requests)}"
        self.valid = {token}
        answer = {"token": token} | ({"expires_in": self.lifetime} if self.lifetime is not None else {})
        reply(handler, 200, json.dumps(answer).encode())


@pytest.fixture
def tokens() -> Iterator[TokenRegistry]:
    registry = TokenRegistry()
    yield registry
    registry.server.close()


def test_a_token_is_fetched_once_and_used_again(tokens: TokenRegistry) -> None:
    client = new_client(lambda repository: ALICE)
    for _ in range(3):
        client.get_manifest(tokens.repository, "v1")
    assert len(tokens.token_requests) == 1
    method, query, authorization = tokens.token_requests[0]
    assert method == "GET"
    assert query == {"service": ["reg"], "scope": ["repository:team/app:pull"]}
    assert a2b_base64(authorization.removeprefix("Basic ")) == b"alice:open sesame"


def test_pushing_asks_for_another_scope(tokens: TokenRegistry) -> None:
    client = new_client(lambda repository: ALICE)
    client.get_manifest(tokens.repository, "v1")
    client.push_manifest(tokens.repository, b"{}", "application/vnd.oci.image.manifest.v1+json")
    assert tokens.token_requests[-1][1]["scope"] == ["repository:team/app:pull,push"]


def test_an_anonymous_token_is_asked_for_without_credentials(tokens: TokenRegistry) -> None:
    new_client().get_manifest(tokens.repository, "v1")
    assert tokens.token_requests[0][2] == ""


def test_an_identity_token_is_exchanged_by_form(tokens: TokenRegistry) -> None:
    new_client(lambda repository: Credentials(identity_token="refresh")).get_manifest(tokens.repository, "v1")
    method, form, _ = tokens.token_requests[0]
    assert method == "POST"
    assert form["grant_type"] == ["refresh_token"]
    assert form["refresh_token"] == ["refresh"]


def test_a_registry_token_is_sent_as_it_is(tokens: TokenRegistry) -> None:
    tokens.valid = {"given"}
    new_client(lambda repository: Credentials(registry_token="given")).get_manifest(tokens.repository, "v1")
    assert tokens.token_requests == []


def test_a_token_that_the_registry_no_longer_takes_is_replaced(tokens: TokenRegistry) -> None:
    client = new_client()
    client.get_manifest(tokens.repository, "v1")
    tokens.valid = set()
    client.get_manifest(tokens.repository, "v1")
    assert len(tokens.token_requests) == 2


def test_an_expired_token_is_replaced_before_it_is_refused(
    tokens: TokenRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = new_client()
    client.get_manifest(tokens.repository, "v1")
    later = client._transport._authenticator._tokens
    for key, known in later.items():
        later[key] = known._replace(expires_at=0.0)
    client.get_manifest(tokens.repository, "v1")
    assert len(tokens.token_requests) == 2


@pytest.mark.parametrize(
    ("status", "code"), [(401, "registry.unauthorized"), (403, "registry.denied"), (500, "registry.unavailable")]
)
def test_a_token_service_that_refuses_is_unavailable(tokens: TokenRegistry, status: int, code: str) -> None:
    tokens.refuse = status
    with pytest.raises(UnavailableError) as caught:
        new_client(lambda repository: ALICE).get_manifest(tokens.repository, "v1")
    assert caught.value.code == code
    assert "open sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "realm",
    ["http://10.1.2.3/token", "http://127.0.0.1:1/token", "file:///etc/passwd", "http://localhost:1/", "gopher://x"],
)
def test_the_password_is_not_given_to_a_token_service_on_a_private_address(realm: str) -> None:
    registry = TokenRegistry(realm=realm)
    try:
        with pytest.raises(UnavailableError) as caught:
            new_client(lambda repository: ALICE).get_manifest(registry.repository, "v1")
        assert caught.value.code == "registry.token-service"
    finally:
        registry.server.close()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token":5}', b'{"token":"a\\nb"}', b"<html>"])
def test_a_token_service_that_talks_nonsense_is_unavailable(tokens: TokenRegistry, body: bytes) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/token"):
            reply(handler, 200, body)
        else:
            tokens.answer(handler)

    tokens.server.answer = answer
    with pytest.raises(UnavailableError) as caught:
        new_client().get_manifest(tokens.repository, "v1")
    assert caught.value.code == "registry.token-service"


def test_basic_credentials_open_our_own_registry_and_wrong_ones_do_not(tmp_path: Path) -> None:
    app = build_registry_app(str(tmp_path), RegistryOptions(credentials=("alice", "open sesame")))
    with serving(app) as host:
        image = put_image(new_client(lambda repository: ALICE), f"{host}/app")
        assert new_client(lambda repository: ALICE).get_manifest(f"{host}/app", "v1").digest == image.digest
        for client in (new_client(), new_client(lambda repository: Credentials("alice", "wrong"))):
            with pytest.raises(UnavailableError) as caught:
                client.get_manifest(f"{host}/app", "v1")
            assert caught.value.code == "registry.unauthorized"


def test_credentials_are_not_sent_before_they_are_asked_for() -> None:
    server = ScriptedServer()
    server.answer = lambda h: reply(h, 200, b"{}", {"Content-Type": "application/vnd.oci.image.manifest.v1+json"})
    try:
        new_client(lambda repository: ALICE).get_manifest(f"127.0.0.1:{server.port}/app", "v1")
        assert all("authorization" not in headers for _, _, headers, _ in server.requests)
    finally:
        server.close()


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("localhost:5000", True),
        ("localhost", False),
        ("reg.localhost", True),
        ("127.0.0.1", True),
        ("127.0.0.1:5000", True),
        ("[::1]:5000", True),
        ("10.1.2.3:5000", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.1.1:80", True),
        ("169.254.169.254", False),
        ("127.0.0.1.evil.example", False),
        ("index.docker.io", False),
        ("ghcr.io:443", False),
        ("host:99999", False),
    ],
)
def test_plain_http_is_tried_by_itself_only_where_go_containerregistry_tries_it(registry: str, expected: bool) -> None:
    assert is_plain_http_registry(registry) is expected


def test_credentials_do_not_show_in_reprs() -> None:
    assert "open sesame" not in repr(ALICE)
