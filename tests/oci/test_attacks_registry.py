"""A registry that means harm: numbers, pages and names that are made to break or to steer the client."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pycosign import limits
from pycosign.errors import MalformedError, UnavailableError
from pycosign.oci.attach import append_signature, find_bundles, find_layers, push_bundle
from pycosign.oci.auth import is_private_host
from pycosign.oci.client import RegistryClient
from pycosign.oci.docker_config import Credentials
from pycosign.oci.layout import LayoutRegistry
from pycosign.oci.problems import error_text
from pycosign.wire.legacy import SIGNATURE_ANNOTATION
from pycosign.wire.oci_manifest import OCI_INDEX, OCI_MANIFEST, Descriptor, digest_of, fallback_tag, format_index
from pycosign.wire.reference import parse_reference
from tests.net.conftest import ScriptedServer, reply
from tests.oci.conftest import new_client, put_image

DIGEST = digest_of(b"image")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LONG_NUMBER = "9" * 5000  # more digits than Python converts


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def repository(server: ScriptedServer) -> str:
    return f"127.0.0.1:{server.port}/app"


# ---- numbers -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("length", [LONG_NUMBER, "\u0661"])
@pytest.mark.parametrize("question", ["resolve", "manifest", "blob", "referrers"])
def test_an_absurd_content_length_lets_no_other_error_escape(
    server: ScriptedServer, repository: str, question: str, length: str
) -> None:
    headers = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": DIGEST, "Connection": "close"}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        reply(handler, 200, b"image", {**headers, "Content-Length": length.encode().decode("latin-1")})

    server.answer = answer
    client = new_client()
    try:
        if question == "resolve":
            assert client.resolve(parse_reference(f"{repository}:v1")).digest == DIGEST
        elif question == "manifest":
            client.find_manifest(repository, "v1")
        elif question == "blob":
            client.get_blob(repository, Descriptor("a/b", DIGEST, 5), max_bytes=10)
        else:
            client.referrers(repository, DIGEST)
    except (UnavailableError, MalformedError):
        pass


@pytest.mark.parametrize("lifetime", ["9" * 400, "-5", '"60"'])
def test_an_absurd_lifetime_of_a_token_is_no_error(server: ScriptedServer, repository: str, lifetime: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/token"):
            reply(handler, 200, b'{"token":"good","expires_in":%b}' % lifetime.encode())
        elif handler.headers.get("Authorization") == "Bearer good":
            reply(handler, 200, b"{}", {"Content-Type": OCI_MANIFEST})
        else:
            reply(handler, 401, b"", {"WWW-Authenticate": f'Bearer realm="{server.url}/token"'})

    server.answer = answer
    client = new_client()
    for _ in range(2):
        assert client.get_manifest(repository, "v1").raw == b"{}"


# ---- where a registry may send us ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "10.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1.",
        "x.localhost.",
        "0",
        "0.0.0.0",
        "[::1]",
        "::ffff:127.0.0.1",
        "fe80::1%eth0",
        "100.64.0.1",
    ],
)
def test_a_private_address_is_known_in_every_spelling_that_resolvers_take(host: str) -> None:
    assert is_private_host(host)


@pytest.mark.parametrize("host", ["registry.example", "8.8.8.8", "2606:4700::1111", "localhost.example", "1.2.3.4.com"])
def test_a_public_host_is_not_private(host: str) -> None:
    assert not is_private_host(host)


@pytest.mark.parametrize("realm", ["http://2130706433:1/token", "http://127.1:1/t", "http://localhost.:1/t"])
def test_the_password_is_not_given_to_a_private_address_in_disguise(
    server: ScriptedServer, repository: str, realm: str
) -> None:
    server.answer = lambda handler: reply(handler, 401, b"", {"WWW-Authenticate": f'Bearer realm="{realm}"'})
    with pytest.raises(UnavailableError) as caught:
        new_client(lambda name: Credentials("alice", "secret")).get_manifest(repository, "v1")
    assert caught.value.code == "registry.token-service"


# ---- lists ---------------------------------------------------------------------------------------------------------
def test_a_later_page_of_another_kind_is_unavailable_not_the_end_of_the_list(
    server: ScriptedServer, repository: str
) -> None:
    """Else a list that breaks off would be read from the fallback tag, and might say "no signatures"."""
    listed = format_index([Descriptor(OCI_MANIFEST, digest_of(b"x"), 10, "x/y")])

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "page=2" in handler.path:
            reply(handler, 200, b"<html>", {"Content-Type": "text/html"})
        elif "/referrers/" in handler.path:
            link = f'</v2/app/referrers/{DIGEST}?page=2>; rel="next"'
            reply(handler, 200, listed, {"Content-Type": OCI_INDEX, "Link": link})
        elif fallback_tag(DIGEST) in handler.path:
            reply(handler, 200, format_index([]), {"Content-Type": OCI_INDEX})
        else:
            reply(handler, 404)

    server.answer = answer
    with pytest.raises(UnavailableError):
        find_bundles(new_client(), repository, DIGEST)


@pytest.mark.parametrize(
    "link", ["<" * 8000, "<>" + ";" * 8000, "<>;" + "; " * 4000, "<>;" + "rel=" * 2000, "<a>;" * 2000]
)
def test_a_link_header_takes_no_time_however_it_is_written(server: ScriptedServer, repository: str, link: str) -> None:
    headers = {"Content-Type": OCI_INDEX, "Link": link}
    server.answer = lambda handler: reply(handler, 200, format_index([]), headers)
    started = time.monotonic()
    assert new_client().referrers(repository, DIGEST) == ()
    assert time.monotonic() - started < 1.0


def test_the_text_of_an_error_takes_no_time_however_long_it_is() -> None:
    started = time.monotonic()
    for text in (b"a." * (1 << 20), b"eyJaaaa-" * (1 << 18), b"token " * (1 << 18), b'{"errors":[' * (1 << 15)):
        assert len(error_text(text)) <= limits.ERROR_TEXT_CHARS
    assert time.monotonic() - started < 2.0


# ---- memory --------------------------------------------------------------------------------------------------------
def test_bundles_beyond_what_is_kept_in_memory_together_are_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ATTACHMENTS_BYTES", 1000)
    registry = LayoutRegistry(str(tmp_path))
    image = put_image(registry, "layout/app")
    for number in range(3):
        content = b'"%d%s"' % (number, b"x" * 400)
        push_bundle(registry, "layout/app", image, content, predicate_type="x/y", created=EPOCH)
    found = find_bundles(registry, "layout/app", image.digest)
    problems = [item.problem for item in found if item.problem is not None]
    assert [item.bundle is not None for item in found].count(True) == 2
    assert [getattr(problem, "code", "") for problem in problems] == ["registry.too-large"]


def test_layers_beyond_what_is_kept_in_memory_together_are_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ATTACHMENTS_BYTES", 1000)
    registry = LayoutRegistry(str(tmp_path))
    image = put_image(registry, "layout/app")
    for number in range(3):
        content = b"%d" % number + b"x" * 400
        append_signature(registry, "layout/app", image.digest, content, {SIGNATURE_ANNOTATION: "c2ln"})
    found = find_layers(registry, "layout/app", image.digest)
    assert [item.content is not None for item in found] == [True, True, False]
    assert [item.problem.code for item in found if item.problem is not None] == ["registry.too-large"]


# ---- credentials stay where they belong ----------------------------------------------------------------------------
def test_a_blob_on_another_host_is_fetched_without_credentials(server: ScriptedServer, repository: str) -> None:
    other = ScriptedServer()
    other.answer = lambda handler: reply(handler, 200, b"image")

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("Authorization") is None:
            reply(handler, 401, b"", {"WWW-Authenticate": "Basic"})
        else:
            reply(handler, 307, b"", {"Location": f"http://localhost:{other.port}/blob"})

    server.answer = answer
    client: RegistryClient = new_client(lambda name: Credentials("alice", "secret"))
    try:
        assert client.get_blob(repository, Descriptor("a/b", DIGEST, 5), max_bytes=10) == b"image"
        assert [headers.get("authorization") for _, _, headers, _ in other.requests] == [None]
    finally:
        other.close()


@pytest.mark.parametrize("question", ["manifest", "blob"])
def test_a_host_that_a_registry_redirects_to_does_not_choose_who_gets_the_password(
    server: ScriptedServer, repository: str, question: str
) -> None:
    other = ScriptedServer()
    challenge = {"WWW-Authenticate": f'Bearer realm="{server.url}/others-token-service"'}
    other.answer = lambda handler: reply(handler, 401, b"", challenge)
    server.answer = lambda handler: reply(handler, 307, b"", {"Location": f"http://localhost:{other.port}/x"})
    client: RegistryClient = new_client(lambda name: Credentials("alice", "secret"))
    ask: dict[str, Callable[[], object]] = {
        "manifest": lambda: client.get_manifest(repository, "v1"),
        "blob": lambda: client.get_blob(repository, Descriptor("a/b", DIGEST, 5), max_bytes=10),
    }
    try:
        with pytest.raises(UnavailableError) as refusal:
            ask[question]()
        assert refusal.value.code == "registry.unauthorized"
        assert not [path for _, path, _, _ in server.requests if "token-service" in path]
        assert [headers.get("authorization") for _, _, headers, _ in other.requests] == [None]
    finally:
        other.close()


@pytest.mark.parametrize(
    "location", ["http://localhost:PORT/x", "http://127.1:PORT/x", "file:///x", "http://[", "/again"]
)
def test_a_token_service_s_redirect_leads_only_where_a_registry_may_point(
    server: ScriptedServer, repository: str, location: str
) -> None:
    inside = ScriptedServer()
    inside.answer = lambda handler: reply(handler, 200, b'{"access_token":"of somebody inside"}')
    challenge = {"WWW-Authenticate": f'Bearer realm="{server.url}/token"'}
    target = {"Location": location.replace("PORT", str(inside.port))}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/v2/"):
            reply(handler, 401, b"", challenge)
        else:
            reply(handler, 302, b"", target)

    server.answer = answer
    try:
        with pytest.raises(UnavailableError) as refusal:
            new_client(lambda name: Credentials("alice", "secret")).get_manifest(repository, "v1")
        assert refusal.value.code == "registry.token-service"
        assert inside.requests == []
        assert len(server.requests) < 10
    finally:
        inside.close()


def test_a_token_service_may_redirect_to_itself(server: ScriptedServer, repository: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/token"):
            reply(handler, 307, b"", {"Location": "/moved"})
        elif handler.path == "/moved":
            reply(handler, 200, b'{"token":"good"}')
        elif handler.headers.get("Authorization") == "Bearer good":
            reply(handler, 200, b"{}", {"Content-Type": OCI_MANIFEST})
        else:
            reply(handler, 401, b"", {"WWW-Authenticate": f'Bearer realm="{server.url}/token"'})

    server.answer = answer
    assert new_client(lambda name: Credentials("alice", "secret")).get_manifest(repository, "v1").raw == b"{}"
    assert [headers["authorization"][:5] for _, path, headers, _ in server.requests if path == "/moved"] == ["Basic"]


@pytest.mark.parametrize("token", ["a b", "\u4e2d", "a\r\nX-Evil: 1"])
def test_a_token_that_no_header_can_carry_is_not_sent_and_stays_untold(
    server: ScriptedServer, repository: str, token: str
) -> None:
    server.answer = lambda handler: reply(handler, 401, b"", {"WWW-Authenticate": f'Bearer realm="{server.url}/t"'})
    with pytest.raises(UnavailableError) as refusal:
        new_client(lambda name: Credentials(registry_token=token)).get_manifest(repository, "v1")
    assert refusal.value.code == "registry.credentials"
    assert token not in str(refusal.value)


def test_a_user_name_that_is_not_utf8_is_sent_as_it_was_given(server: ScriptedServer, repository: str) -> None:
    server.answer = lambda handler: reply(handler, 401, b"", {"WWW-Authenticate": "Basic"})
    with pytest.raises(UnavailableError):
        new_client(lambda name: Credentials("\udce9", "x")).get_manifest(repository, "v1")
    assert server.requests[-1][2]["authorization"] == "Basic 6Tp4"


BROKEN_ANSWERS = {
    "no status": b"garbage\r\n\r\n",
    "a status of three nines": b"HTTP/1.1 999 x\r\n\r\n",
    "a future version": b"HTTP/9.9 200 OK\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nimage",
    "a chunk that is no number": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a chunk that is endless": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 100 + b"\r\n",
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300 + b"\r\n",
    "too long a header": b"HTTP/1.1 200 OK\r\na: " + b"x" * 70_000 + b"\r\n\r\n",
    "an unfinished address": b"HTTP/1.1 307 x\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "a port too far": b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:99999/\r\nContent-Length: 0\r\n\r\n",
    "a realm that is none": b'HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer realm="http://["\r\nContent-Length: 0\r\n\r\n',
    "a switch of protocols": b"HTTP/1.1 101 x\r\n\r\n",
    "a part": b"HTTP/1.1 206 x\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("name", BROKEN_ANSWERS)
def test_a_broken_answer_lets_no_other_error_escape(server: ScriptedServer, repository: str, name: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(BROKEN_ANSWERS[name])
        handler.close_connection = True

    server.answer = answer
    client = new_client(lambda _: Credentials("alice", "secret"), seconds=5.0)
    for question in (
        lambda: client.resolve(parse_reference(f"{repository}:v1")),
        lambda: client.referrers(repository, DIGEST),
        lambda: client.get_blob(repository, Descriptor("a/b", DIGEST, 5), max_bytes=10),
    ):
        with pytest.raises((UnavailableError, MalformedError)):
            question()


@pytest.mark.parametrize(
    "text",
    [
        "registry.example/../secret:v1",
        "registry.example/a%2f..%2fb",
        "registry.example/a//b",
        "registry.example/a@sha256:" + "A" * 64,
        "registry.example/a@md5:" + "0" * 32,
        "registry.example/a@sha256:" + "0" * 63,
        "registry.example/a@sha256:" + "0" * 64 + "@sha256:" + "0" * 64,
        "registry.example/caf\u00e9",
        "reg\u0131stry.example/app",
        "registry.example/app:v1\n",
        "user:pass@registry.example/app",
        "registry.example/app?x=y",
        "registry.example/app#x",
        "registry.example:99999999/app",
        "registry.example\\evil/app",
    ],
)
def test_a_reference_that_means_something_else_in_a_url_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_reference(text)
