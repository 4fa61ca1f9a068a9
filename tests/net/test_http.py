"""HTTP over real sockets: retries, limits, redirects, what is said and what is not."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from pycosign.errors import MalformedError, UnavailableError
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient, HttpStatusError
from pycosign.net.proxies import ProxySettings
from tests.net.conftest import FAST, ScriptedServer, reply

DIRECT = ProxySettings(None, None)


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with HttpClient(Deadline.after(20), proxies=DIRECT, retry_policy=FAST) as made:
        yield made


def in_turn(*answers: Callable[[BaseHTTPRequestHandler], None]) -> Callable[[BaseHTTPRequestHandler], None]:
    """Each answer once, the last one for ever."""
    turns = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda handler: next(turns)(handler)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.close()


def test_an_answer_below_500_is_returned_with_case_blind_headers(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = lambda h: reply(h, 404, b"no", {"X-Reason": "gone"})
    response = client.request("GET", f"{server.url}/x")
    assert (response.status, response.body, response.headers["x-reason"]) == (404, b"no", "gone")
    assert len(server.requests) == 1
    assert server.requests[0][2]["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_safe_request_is_retried_until_it_succeeds(server: ScriptedServer, client: HttpClient, status: int) -> None:
    server.answer = in_turn(*[lambda h: reply(h, status)] * 2, lambda h: reply(h, 200, b"at last"))
    assert client.request("GET", server.url).body == b"at last"
    assert len(server.requests) == 3


def test_retries_are_used_up_and_the_last_answer_is_in_the_error(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = lambda h: reply(h, 503, b"over capacity")
    with pytest.raises(HttpStatusError) as caught:
        client.request("GET", f"{server.url}/v2/")
    assert caught.value.status == 503
    assert caught.value.code == "net.status"
    assert caught.value.exit_status == 20
    assert "over capacity" in str(caught.value)
    assert f"{server.url}/v2/" in str(caught.value)
    assert len(server.requests) == 1 + FAST.retries


def test_a_post_is_not_sent_twice_unless_the_caller_says_it_may(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = lambda h: reply(h, 500)
    with pytest.raises(HttpStatusError):
        client.request("POST", server.url, body=b"x")
    assert len(server.requests) == 1
    server.answer = in_turn(lambda h: reply(h, 500), lambda h: reply(h, 201))
    assert client.request("POST", server.url, body=b"x", retry=True).status == 201
    assert [body for *_, body in server.requests] == [b"x"] * 3


def test_an_expected_status_is_returned_and_another_one_raises(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = lambda h: reply(h, 404)
    assert client.request("GET", server.url, expect=[200, 404]).status == 404
    with pytest.raises(HttpStatusError):
        client.request("GET", server.url, expect=[200])
    server.answer = lambda h: reply(h, 500)
    assert client.request("GET", server.url, expect=[500]).status == 500


def test_retry_after_is_waited_for(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = in_turn(lambda h: reply(h, 429, b"", {"Retry-After": "1"}), lambda h: reply(h, 200))
    started = time.monotonic()
    assert client.request("GET", server.url).status == 200
    assert time.monotonic() - started >= 1.0


def test_a_retry_after_beyond_the_deadline_fails_at_once(server: ScriptedServer) -> None:
    server.answer = lambda h: reply(h, 429, b"", {"Retry-After": "3600"})
    started = time.monotonic()
    with (
        HttpClient(Deadline.after(5), proxies=DIRECT, retry_policy=FAST) as client,
        pytest.raises(UnavailableError) as caught,
    ):
        client.request("GET", server.url)
    assert caught.value.code == "net.rate-limited"
    assert time.monotonic() - started < 2


def test_a_connection_that_is_cut_is_retried_for_safe_requests(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = in_turn(hang_up, lambda h: reply(h, 200, b"ok"))
    assert client.request("GET", server.url).body == b"ok"
    server.answer = hang_up
    with pytest.raises(UnavailableError) as caught:
        client.request("POST", server.url, body=b"x")
    assert caught.value.code == "net.connection"


def test_a_body_that_breaks_off_is_not_an_answer(server: ScriptedServer, client: HttpClient) -> None:
    def short(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 200, b"abc", {"Content-Length": "1000"})
        handler.close_connection = True

    server.answer = short
    with pytest.raises(UnavailableError) as caught:
        client.request("GET", server.url)
    assert caught.value.code == "net.connection"
    server.answer = in_turn(short, lambda h: reply(h, 200, b"whole"))
    assert client.request("GET", server.url).body == b"whole"


def test_nothing_listening_is_unavailable_and_names_the_url_without_credentials(client: HttpClient) -> None:
    with pytest.raises(UnavailableError) as caught:
        client.request("GET", "http://user:hunter2@127.0.0.1:1/v2/?token=abcdef")
    assert caught.value.code == "net.connection"
    assert "http://127.0.0.1:1/v2/" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "abcdef" not in str(caught.value)


def test_an_unknown_host_has_its_own_code(client: HttpClient) -> None:
    with pytest.raises(UnavailableError) as caught:
        client.request("GET", "http://no-such-host.invalid/")
    assert caught.value.code == "net.unknown-host"
    assert "no-such-host.invalid" in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "ftp://host/x", "http://ho st/", "nonsense", "http://[::1/"])
def test_what_is_no_http_url_is_unavailable_not_a_traceback(client: HttpClient, url: str) -> None:
    with pytest.raises(UnavailableError):
        client.request("GET", url)


@pytest.mark.parametrize("declared", [True, False])
def test_an_answer_larger_than_its_bound_is_malformed(
    server: ScriptedServer, client: HttpClient, declared: bool
) -> None:
    def large(handler: BaseHTTPRequestHandler) -> None:
        if declared:
            reply(handler, 200, b"x" * 5000)
            return
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"1388\r\n" + b"x" * 5000 + b"\r\n0\r\n\r\n")

    server.answer = large
    with pytest.raises(MalformedError) as caught:
        client.request("GET", server.url, max_bytes=4999)
    assert caught.value.code == "net.response-too-large"
    assert client.request("GET", server.url, max_bytes=5000).body == b"x" * 5000


def test_the_text_of_an_error_is_cut_off_and_its_status_stays(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = lambda h: reply(h, 404, b"x" * 5000)
    response = client.request("GET", server.url, max_bytes=100)
    assert (response.status, response.body) == (404, b"x" * 100)


@pytest.mark.parametrize("kind", ["silent", "dripping"])
def test_the_deadline_ends_a_slow_answer(server: ScriptedServer, kind: str) -> None:
    done = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        if kind == "silent":
            done.wait(10)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not done.wait(0.05):
            handler.wfile.write(b"x")

    server.answer = slow
    started = time.monotonic()
    try:
        with (
            HttpClient(Deadline.after(0.6), proxies=DIRECT, retry_policy=FAST) as client,
            pytest.raises(UnavailableError) as caught,
        ):
            client.request("GET", server.url)
    finally:
        done.set()
    assert caught.value.code == "net.timeout"
    assert time.monotonic() - started < 3


def test_a_deadline_that_has_passed_sends_nothing(server: ScriptedServer) -> None:
    with (
        HttpClient(Deadline.after(0), proxies=DIRECT) as client,
        pytest.raises(UnavailableError) as caught,
    ):
        client.request("GET", server.url)
    assert caught.value.code == "net.timeout"
    assert server.requests == []


def test_redirects_are_followed_and_credentials_stay_with_their_host(
    server: ScriptedServer, client: HttpClient
) -> None:
    other = ScriptedServer()
    try:
        here = {"Location": "/there"}
        server.answer = in_turn(
            lambda h: reply(h, 307, b"", here),
            lambda h: reply(h, 302, b"", {"Location": f"{other.url}/blob"}),
        )
        headers = {"Authorization": "Bearer secret", "X-Kept": "1"}
        response = client.request("GET", f"{server.url}/here", headers=headers)
        assert response.url == f"{other.url}/blob"
        assert server.requests[1][1] == "/there"
        assert server.requests[1][2]["authorization"] == "Bearer secret"
        assert "authorization" not in other.requests[0][2]
        assert other.requests[0][2]["x-kept"] == "1"
    finally:
        other.close()


def test_a_write_is_never_redirected(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = lambda h: reply(h, 307, b"", {"Location": "/elsewhere"})
    assert client.request("POST", server.url, body=b"x").status == 307
    assert len(server.requests) == 1


@pytest.mark.parametrize("target", ["/again", "file:///etc/passwd", "gopher://127.0.0.1/", ""])
def test_redirects_in_a_circle_or_to_other_schemes_are_refused(
    server: ScriptedServer, client: HttpClient, target: str
) -> None:
    server.answer = lambda h: reply(h, 302, b"", {"Location": target} if target else {"X-None": ""})
    with pytest.raises(UnavailableError) as caught:
        client.request("GET", server.url)
    assert caught.value.code == "net.redirect"


def test_a_stream_gives_chunks_and_an_unread_rest_does_no_harm(server: ScriptedServer, client: HttpClient) -> None:
    content = os.urandom(300_000)
    server.answer = lambda h: reply(h, 200, content)
    with client.stream("GET", server.url, max_bytes=1 << 20) as response:
        assert b"".join(response.chunks) == content
    with client.stream("GET", server.url, max_bytes=1 << 20) as response:
        assert next(response.chunks)
    assert client.request("GET", server.url).body == content


def test_a_stream_that_breaks_off_is_unavailable(server: ScriptedServer, client: HttpClient) -> None:
    def short(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 200, b"abc", {"Content-Length": "1000"})
        handler.close_connection = True

    server.answer = short
    with (
        client.stream("GET", server.url, max_bytes=1000) as response,
        pytest.raises(UnavailableError) as caught,
    ):
        list(response.chunks)
    assert caught.value.code == "net.connection"


def test_a_body_from_a_callable_is_made_anew_for_each_attempt(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = in_turn(lambda h: reply(h, 503), lambda h: reply(h, 201))
    headers = {"Content-Length": "6"}
    made = client.request("PUT", server.url, headers=headers, body=lambda: iter([b"abc", b"def"]), retry=True)
    assert made.status == 201
    assert [body for *_, body in server.requests] == [b"abcdef"] * 2


def test_a_bare_iterator_is_sent_once_only(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = lambda h: reply(h, 503)
    with pytest.raises(HttpStatusError):
        client.request("PUT", server.url, headers={"Content-Length": "3"}, body=iter([b"abc"]), retry=True)
    assert len(server.requests) == 1


def test_the_trace_shows_requests_and_no_secrets(server: ScriptedServer) -> None:
    lines: list[str] = []
    server.answer = lambda h: reply(h, 200, b"", {"Location": "http://x/?access_token=s3cr3tvalue"})
    with HttpClient(Deadline.after(5), proxies=DIRECT, trace=lines.append) as client:
        client.request(
            "GET",
            f"{server.url}/v2/?token=s3cr3tvalue&service=reg",
            headers={"Authorization": "Basic czNjcjN0dmFsdWU=", "Cookie": "sid=s3cr3tvalue"},
        )
    text = "\n".join(lines)
    assert f"> GET {server.url}/v2/" in text
    assert "service=reg" in text
    assert "< 200" in text
    assert "Basic <redacted>" in text
    assert "s3cr3tvalue" not in text
    assert "czNjcjN0" not in text


def test_a_client_is_shared_by_threads(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = lambda h: reply(h, 200, h.path.encode())
    wrong: list[str] = []

    def work(name: int) -> None:
        for turn in range(20):
            path = f"/{name}/{turn}"
            if client.request("GET", server.url + path).body != path.encode():
                wrong.append(path)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_does_not_use_its_parents_connections(server: ScriptedServer, client: HttpClient) -> None:
    server.answer = lambda h: reply(h, 200, str(h.client_address[1]).encode())
    port_of_parent = client.request("GET", server.url).body
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - the child's coverage is not collected
        try:
            os.write(write_end, client.request("GET", server.url).body)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read_end, 100) not in (b"", port_of_parent)
    assert client.request("GET", server.url).body == port_of_parent
    os.close(read_end)
    os.close(write_end)
