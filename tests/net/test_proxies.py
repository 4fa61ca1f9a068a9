"""Proxies from the environment, as Go reads them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from pycosign.errors import UnavailableError, UsageError
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient
from pycosign.net.proxies import proxy_settings
from tests.net.conftest import FAST

PROXY = "http://proxy.corp:3128"


def uses_proxy(url: str, no_proxy: str = "") -> bool:
    settings = proxy_settings({"HTTP_PROXY": PROXY, "HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy})
    return settings.proxy_for(url) == PROXY


# The cases of Go's golang.org/x/net/http/httpproxy, which Cosign follows.
@pytest.mark.parametrize(
    ("url", "no_proxy", "expected"),
    [
        ("http://example.com/", "", True),
        ("https://example.com/", "", True),
        ("http://localhost/", "", False),
        ("http://127.0.0.1:5000/", "", False),
        ("http://127.0.0.2/", "", False),
        ("http://[::1]:5000/", "", False),
        ("http://example.com/", "*", False),
        ("http://example.com/", "example.com", False),
        ("http://EXAMPLE.com/", "Example.COM", False),
        ("http://sub.example.com/", "example.com", False),
        ("http://example.com/", ".example.com", True),
        ("http://sub.example.com/", ".example.com", False),
        ("http://sub.example.com/", "*.example.com", False),
        ("http://example.com/", "*.example.com", True),
        ("http://notexample.com/", "example.com", True),
        ("http://example.com:8080/", "example.com:8080", False),
        ("http://example.com:8081/", "example.com:8080", True),
        ("http://example.com:65535/", "example.com:655350", True),
        ("http://example.com/", f"example.com:{'8' * 5000}", True),
        ("https://example.com/", "example.com:443", False),
        ("http://example.com/", "example.com:80", False),
        ("http://10.1.2.3/", "10.0.0.0/8", False),
        ("http://11.1.2.3/", "10.0.0.0/8", True),
        ("http://10.1.2.3/", "10.1.2.3", False),
        ("http://10.1.2.3:81/", "10.1.2.3:80", True),
        ("http://[2001:db8::1]/", "2001:db8::/32", False),
        ("http://[2001:db8::1]:99/", "[2001:db8::1]:99", False),
        ("http://example.com/", " , other.org , example.com ", False),
        ("http://example.com/", ".", True),
        ("http://example.com./", "example.com", False),
    ],
)
def test_no_proxy_is_read_as_go_reads_it(url: str, no_proxy: str, expected: bool) -> None:
    assert uses_proxy(url, no_proxy) is expected


def test_each_scheme_has_its_own_proxy_and_upper_case_wins() -> None:
    settings = proxy_settings(
        {"http_proxy": "http://lower:1", "HTTPS_PROXY": "http://upper:2", "https_proxy": "http://x:3"}
    )
    assert settings.proxy_for("http://example.com/") == "http://lower:1"
    assert settings.proxy_for("https://example.com/") == "http://upper:2"
    assert proxy_settings({}).proxy_for("https://example.com/") is None


def test_a_proxy_without_scheme_is_an_http_one() -> None:
    assert proxy_settings({"HTTP_PROXY": "proxy:3128"}).proxy_for("http://a.b/") == "http://proxy:3128"


def test_http_proxy_is_ignored_under_cgi_where_a_client_could_choose_it() -> None:
    assert proxy_settings({"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}).proxy_for("http://a.b/") is None


@pytest.mark.parametrize("value", ["ftp://proxy:21", "http://", "http://[::1", "http://proxy:99999999"])
def test_what_is_no_proxy_is_a_usage_error(value: str) -> None:
    with pytest.raises(UsageError, match="HTTPS_PROXY"):
        proxy_settings({"HTTPS_PROXY": value})


class TinyProxy:
    """Answers for every plain-HTTP host itself, and refuses every tunnel."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.seen.append((self.command, self.path, self.headers.get("Proxy-Authorization", "")))
                body = b"via the proxy"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_CONNECT(self) -> None:
                owner.seen.append((self.command, self.path, self.headers.get("Proxy-Authorization", "")))
                self.send_error(403)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def proxy() -> Iterator[TinyProxy]:
    tiny = TinyProxy()
    yield tiny
    tiny.close()


def test_requests_go_through_the_proxy_with_its_credentials(proxy: TinyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://user:p%40ss@{proxy.address}")
    for name in ("NO_PROXY", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    with HttpClient(Deadline.after(5)) as client:
        assert client.request("GET", "http://registry.example/v2/").body == b"via the proxy"
    assert proxy.seen == [("GET", "http://registry.example/v2/", "Basic dXNlcjpwQHNz")]


def test_https_asks_for_a_tunnel_and_a_refused_one_is_unavailable_without_the_password(
    proxy: TinyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2@{proxy.address}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with HttpClient(Deadline.after(5), retry_policy=FAST) as client, pytest.raises(UnavailableError) as caught:
        client.request("GET", "https://registry.example/v2/")
    assert caught.value.code == "net.proxy"
    assert "hunter2" not in str(caught.value)
    assert urlsplit(f"//{proxy.seen[0][1]}").netloc == "registry.example:443"


def test_loopback_does_not_go_through_the_proxy(proxy: TinyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # nothing listens there
    with HttpClient(Deadline.after(5)) as client:
        assert client.request("GET", f"http://{proxy.address}/x").status == 200
