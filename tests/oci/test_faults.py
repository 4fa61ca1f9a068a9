"""Registries that refuse, stall, lie and break off: what is unavailable, what is malformed, what is not there."""

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from pycosign import limits
from pycosign.errors import ImageNotFoundError, MalformedError, SigningError, UnavailableError
from pycosign.net.http import Response
from pycosign.oci.attach import find_bundles, find_layers
from pycosign.oci.client import RegistryClient
from pycosign.oci.paging import next_page
from pycosign.wire.oci_manifest import OCI_INDEX, OCI_MANIFEST, Descriptor, digest_of, format_index
from pycosign.wire.reference import Reference, parse_reference
from tests.net.conftest import ScriptedServer, reply
from tests.oci.conftest import new_client

DIGEST = digest_of(b"image")
INDEX = {"Content-Type": OCI_INDEX}
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def repository(server: ScriptedServer) -> str:
    return f"127.0.0.1:{server.port}/app"


def reference(repository: str, tag: str = "v1") -> Reference:
    return parse_reference(f"{repository}:{tag}")


def routes(table: dict[str, Answer], default: int = 404) -> Answer:
    """Answers by the end of the path, without the query."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        for end, chosen in table.items():
            if path.endswith(end):
                chosen(handler)
                return
        reply(handler, default)

    return answer


QUESTIONS: dict[str, Callable[[RegistryClient, str], object]] = {
    "resolve": lambda client, repo: client.resolve(reference(repo)),
    "get_manifest": lambda client, repo: client.get_manifest(repo, DIGEST),
    "find_manifest": lambda client, repo: client.find_manifest(repo, "v1"),
    "get_blob": lambda client, repo: client.get_blob(repo, Descriptor("a/b", DIGEST, 5), max_bytes=10),
    "has_blob": lambda client, repo: client.has_blob(repo, DIGEST),
    "push_blob": lambda client, repo: client.push_blob(repo, b"x"),
    "push_manifest": lambda client, repo: client.push_manifest(repo, b"{}", OCI_MANIFEST),
    "referrers": lambda client, repo: client.referrers(repo, DIGEST),
    "delete": lambda client, repo: client.delete_manifest(repo, DIGEST),
    "list_tags": lambda client, repo: client.list_tags(repo),
    "find_bundles": lambda client, repo: find_bundles(client, repo, DIGEST),
    "find_layers": lambda client, repo: find_layers(client, repo, DIGEST),
}
STATUSES = {
    401: "registry.unauthorized",
    403: "registry.denied",
    429: "registry.rate-limited",
    500: "registry.unavailable",
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_registry_that_cannot_answer_is_unavailable_whatever_is_asked(
    server: ScriptedServer, repository: str, question: str, status: int
) -> None:
    body = b'{"errors":[{"code":"SOMETHING","message":"because of that"}]}'
    server.answer = lambda h: reply(h, status, body)
    with pytest.raises(UnavailableError) as caught:
        QUESTIONS[question](new_client(), repository)
    assert caught.value.code == STATUSES[status]
    assert caught.value.exit_status == 20
    assert f"127.0.0.1:{server.port}" in str(caught.value)


def test_the_registrys_own_words_are_in_the_error(server: ScriptedServer, repository: str) -> None:
    body = b'{"errors":[{"code":"DENIED","message":"you may not pull this"}]}'
    server.answer = lambda h: reply(h, 403, body)
    with pytest.raises(UnavailableError, match="DENIED: you may not pull this"):
        new_client().get_manifest(repository, "v1")


def test_a_retry_after_is_honoured(server: ScriptedServer, repository: str) -> None:
    turns = iter([1, 2])

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if next(turns, None) == 1:
            reply(handler, 429, b"", {"Retry-After": "1"})
        else:
            reply(handler, 200, b"{}", {"Content-Type": OCI_MANIFEST})

    client = new_client()
    client._transport._bases[f"127.0.0.1:{server.port}"] = server.url
    server.answer = answer
    started = time.monotonic()
    assert client.get_manifest(repository, "v1").raw == b"{}"
    assert time.monotonic() - started >= 1.0


def test_a_slow_registry_is_unavailable_when_the_deadline_passes(server: ScriptedServer, repository: str) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(1.5)
        reply(handler, 200, b"{}")

    server.answer = slow
    with pytest.raises(UnavailableError) as caught:
        new_client(seconds=0.5).get_manifest(repository, "v1")
    assert caught.value.code == "net.timeout"


def test_404_is_not_found_and_needs_get_to_say_so(server: ScriptedServer, repository: str) -> None:
    server.answer = lambda h: reply(h, 404)
    with pytest.raises(ImageNotFoundError, match=f"{repository}:v1"):
        new_client().resolve(reference(repository))
    assert [method for method, path, *_ in server.requests if "manifests" in path] == ["HEAD", "GET"]


def test_a_registry_whose_head_says_404_or_nothing_useful_is_asked_again_with_get(
    server: ScriptedServer, repository: str
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "HEAD":
            reply(handler, 404)
        else:
            reply(handler, 200, b"{}", {"Content-Type": f"{OCI_MANIFEST}; charset=utf-8"})

    server.answer = answer
    assert new_client().resolve(reference(repository)) == Descriptor(OCI_MANIFEST, digest_of(b"{}"), 2)


@pytest.mark.parametrize("body", [b"<html>Log in to continue</html>", b"junk", b""])
def test_a_page_that_is_no_manifest_is_no_image(server: ScriptedServer, repository: str, body: bytes) -> None:
    """Whoever is in between answers everything with it: its digest would have no signatures."""
    server.answer = lambda handler: reply(handler, 200, body, {"Content-Type": "text/html"})
    with pytest.raises(UnavailableError, match="text/html that is no manifest"):
        new_client().resolve(reference(repository))


@pytest.mark.parametrize("by", ["v1", digest_of(b"something else")])
def test_a_manifest_with_another_digest_is_refused(server: ScriptedServer, repository: str, by: str) -> None:
    headers = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": DIGEST}
    server.answer = lambda h: reply(h, 200, b"not the image", headers)
    with pytest.raises(MalformedError) as caught:
        new_client().get_manifest(repository, by)
    assert caught.value.code == "registry.digest-mismatch"


def test_a_resolved_digest_must_be_the_one_that_was_asked_for(server: ScriptedServer, repository: str) -> None:
    headers = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": DIGEST, "Content-Length": "5"}
    server.answer = lambda h: reply(h, 200, b"image", headers)
    with pytest.raises(MalformedError):
        new_client().resolve(parse_reference(f"{repository}@{digest_of(b'x')}"))


@pytest.mark.parametrize("content", [b"imag", b"images", b"Image", b"", b"image" * 100_000])
def test_a_blob_that_is_shorter_longer_or_other_is_refused(
    server: ScriptedServer, repository: str, content: bytes
) -> None:
    server.answer = lambda h: reply(h, 200, content)
    with pytest.raises(MalformedError) as caught:
        new_client().get_blob(repository, Descriptor("a/b", DIGEST, 5), max_bytes=10)
    assert caught.value.code == "registry.digest-mismatch"


def test_a_blob_whose_transfer_breaks_off_is_unavailable(server: ScriptedServer, repository: str) -> None:
    def truncated(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 200, b"ima", {"Content-Length": "5"})
        handler.close_connection = True

    server.answer = truncated
    with pytest.raises(UnavailableError):
        new_client().get_blob(repository, Descriptor("a/b", DIGEST, 5), max_bytes=10)


def test_a_manifest_larger_than_any_may_be_is_refused(server: ScriptedServer, repository: str) -> None:
    server.answer = lambda h: reply(h, 200, b" " * ((8 << 20) + 1), {"Content-Type": OCI_MANIFEST})
    with pytest.raises(MalformedError):
        new_client().get_manifest(repository, "v1")


# ---- referrers ---------------------------------------------------------------------------------------------------
def entry(number: int) -> Descriptor:
    return Descriptor(OCI_MANIFEST, digest_of(str(number).encode()), 10, "x/y")


def test_pages_of_referrers_are_followed(server: ScriptedServer, repository: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        last = int(handler.path.partition("page=")[2] or 0)
        headers = {**INDEX, "Link": f'</v2/app/referrers/{DIGEST}?page={last + 1}>; rel="next"'} if last < 3 else INDEX
        reply(handler, 200, format_index([entry(last)]), headers)

    server.answer = routes({f"/referrers/{DIGEST}": answer})
    assert new_client().referrers(repository, DIGEST) == tuple(entry(n) for n in range(4))


def test_pages_without_end_are_refused(
    server: ScriptedServer, repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PAGES", 5)
    headers = {**INDEX, "Link": f'</v2/app/referrers/{DIGEST}?again>; rel="next"'}
    server.answer = routes({f"/referrers/{DIGEST}": lambda h: reply(h, 200, format_index([]), headers)})
    with pytest.raises(MalformedError) as caught:
        new_client().referrers(repository, DIGEST)
    assert caught.value.code == "registry.too-many"


def test_a_next_page_on_another_server_is_not_fetched(server: ScriptedServer, repository: str) -> None:
    headers = {**INDEX, "Link": '<http://169.254.169.254/latest>; rel="next"'}
    server.answer = routes({f"/referrers/{DIGEST}": lambda h: reply(h, 200, format_index([]), headers)})
    with pytest.raises(UnavailableError, match="another server"):
        new_client().referrers(repository, DIGEST)


@pytest.mark.parametrize(
    ("link", "is_same"),
    [
        ("https://registry.example:443/v2/a?p=2", True),
        ("https://registry.example:444/v2/a?p=2", False),
        ("http://registry.example:443/v2/a?p=2", False),
        ("http://registry.example/v2/a?p=2", False),
        ("https://registry.example.org/v2/a?p=2", False),
        ("//registry.example/v2/a?p=2", True),
        ("https://registry.example@evil.example/v2/a?p=2", False),
    ],
)
def test_a_next_page_is_on_the_same_server_however_its_port_is_written(link: str, is_same: bool) -> None:
    response = Response(200, {"Link": f"<{link}>; rel=next"}, b"", "https://registry.example/v2/a")
    if is_same:
        assert (next_page(response) or "").endswith("/v2/a?p=2")
    else:
        with pytest.raises(UnavailableError, match="another server"):
            next_page(response)


def test_a_content_type_with_parameters_is_still_an_index(server: ScriptedServer, repository: str) -> None:
    headers = {"Content-Type": f"{OCI_INDEX}; charset=utf-8"}
    server.answer = routes({f"/referrers/{DIGEST}": lambda h: reply(h, 200, format_index([entry(1)]), headers)})
    assert new_client().referrers(repository, DIGEST) == (entry(1),)


@pytest.mark.parametrize("status", [400, 404, 405, 406, 200])
def test_a_registry_without_the_api_is_asked_for_the_fallback_tag(
    server: ScriptedServer, repository: str, status: int
) -> None:
    tag = DIGEST.replace(":", "-")
    server.answer = routes(
        {
            f"/referrers/{DIGEST}": lambda h: reply(h, status, b"<html>", {"Content-Type": "text/html"}),
            f"/manifests/{tag}": lambda h: reply(h, 200, format_index([entry(1)]), INDEX),
        }
    )
    assert new_client().referrers(repository, DIGEST) == (entry(1),)
    assert not new_client().has_referrers_api(repository, DIGEST)


def test_a_fallback_tag_that_cannot_be_read_is_not_an_empty_list(server: ScriptedServer, repository: str) -> None:
    tag = DIGEST.replace(":", "-")
    server.answer = routes({f"/manifests/{tag}": lambda h: reply(h, 503)})
    with pytest.raises(UnavailableError):
        find_bundles(new_client(), repository, DIGEST)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"schemaVersion":2,"manifests":[{"digest":"sha256:x"}]}'])
def test_a_list_of_referrers_that_is_none_is_malformed(server: ScriptedServer, repository: str, body: bytes) -> None:
    server.answer = routes({f"/referrers/{DIGEST}": lambda h: reply(h, 200, body, INDEX)})
    with pytest.raises(MalformedError):
        new_client().referrers(repository, DIGEST)


# ---- uploads -----------------------------------------------------------------------------------------------------
def test_an_upload_that_breaks_is_begun_again(server: ScriptedServer, repository: str) -> None:
    puts: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "HEAD":
            reply(handler, 404)
        elif handler.command == "POST":
            reply(handler, 202, b"", {"Location": "/v2/app/blobs/uploads/1?state=a%20b"})
        else:
            puts.append(handler.path)
            reply(handler, 502 if len(puts) == 1 else 201)

    server.answer = answer
    assert new_client().push_blob(repository, b"content").size == 7
    assert len(puts) == 2
    assert puts[0] == f"/v2/app/blobs/uploads/1?state=a%20b&digest={digest_of(b'content').replace(':', '%3A')}"


def test_a_blob_that_arrived_although_the_answer_did_not_is_not_sent_again(
    server: ScriptedServer, repository: str
) -> None:
    stored: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "HEAD":
            reply(handler, 200 if stored else 404)
        elif handler.command == "POST":
            reply(handler, 202, b"", {"Location": "/v2/app/blobs/uploads/1"})
        else:
            stored.append(handler.path)
            handler.close_connection = True
            handler.connection.close()

    server.answer = answer
    new_client().push_blob(repository, b"content")
    assert len(stored) == 1


@pytest.mark.parametrize("location", ["", "http://10.0.0.1/steal", "ftp://x/", "http://[::1"])
def test_an_upload_is_not_sent_to_where_a_registry_should_not_send_us(
    server: ScriptedServer, repository: str, location: str
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "POST":
            reply(handler, 202, b"", {"Location": location} if location else None)
        else:
            reply(handler, 404)

    server.answer = answer
    with pytest.raises(UnavailableError, match="Location"):
        new_client().push_blob(repository, b"content")
    assert not any(method == "PUT" for method, *_ in server.requests)


def test_a_registry_that_received_something_else_says_so(server: ScriptedServer, repository: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "POST":
            reply(handler, 202, b"", {"Location": "/v2/app/blobs/uploads/1"})
        elif handler.command == "PUT":
            reply(handler, 400, b'{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}')
        else:
            reply(handler, 404)

    server.answer = answer
    with pytest.raises(SigningError) as caught:
        new_client().push_blob(repository, b"content")
    assert caught.value.code == "registry.digest-mismatch"


def test_a_manifest_is_put_again_after_a_server_error_and_its_digest_compared(
    server: ScriptedServer, repository: str
) -> None:
    turns = iter([503, 201, 201])

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.command != "PUT":
            reply(handler, 404)
            return
        reply(handler, next(turns), b"", {"Docker-Content-Digest": digest_of(b"{}")})

    server.answer = answer
    assert new_client().push_manifest(repository, b"{}", OCI_MANIFEST).digest == digest_of(b"{}")
    with pytest.raises(MalformedError):
        new_client().push_manifest(repository, b"{ }", OCI_MANIFEST)


def test_tags_come_in_pages(server: ScriptedServer, repository: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "last=" in handler.path:
            reply(handler, 200, b'{"name":"app","tags":["c"]}')
        else:
            reply(handler, 200, b'{"name":"app","tags":["b","a"]}', {"Link": '</v2/app/tags/list?last=b>; rel="next"'})

    server.answer = routes({"/tags/list": answer})
    assert new_client().list_tags(repository) == ("a", "b", "c")
