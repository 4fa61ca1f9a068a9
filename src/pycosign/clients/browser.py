"""Signing in with a browser: a page on loopback waits for the code (RFC 8252)."""

import http.server
import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from pycosign.ambient import random_bytes
from pycosign.clients.oauth import OauthClient, Provider, authorization_url, exchange_code, new_pkce
from pycosign.clients.oidc import IdentityToken
from pycosign.codec.b64 import encode_b64url
from pycosign.errors import ServiceRejectedError, UsageError
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient

__all__ = ["browser_token"]

_PAGE = b"<!doctype html><title>Signed in</title><p>You are signed in. You can close this window and go back.</p>"
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})


class _Listener(http.server.HTTPServer):
    """Waits for one redirect. Only the expected path and state count; anything else is answered 404."""

    def __init__(self, port: int, path: str, state: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.path, self.state = path, state
        self.outcome: dict[str, list[str]] | None = None
        self.arrived = threading.Event()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        listener = self.server
        assert isinstance(listener, _Listener)
        try:
            url = urlsplit(self.path)
        except ValueError:  # brackets that hold no address
            self.send_error(400)
            return
        query = parse_qs(url.query)
        if url.path != listener.path or query.get("state") != [listener.state]:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)
        listener.outcome = query
        listener.arrived.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the request line holds the code."""


def browser_token(
    client_http: HttpClient,
    provider: Provider,
    client: OauthClient,
    *,
    open_browser: Callable[[str], bool],
    show: Callable[[str], None],
    deadline: Deadline,
    redirect_uri: str = "",
) -> IdentityToken:
    """Open the issuer's page, wait for the redirect, and exchange the code.

    Args:   redirect_uri: "" for a free port of loopback; else `http://localhost:PORT/PATH`.
            open_browser: answers whether a browser was opened; if not, the address is shown.
    Raises: ServiceRejectedError: the issuer said no; UnavailableError: the deadline passed; UsageError: another
            redirect address than one of loopback.
    """
    try:
        wanted = urlsplit(redirect_uri or "http://localhost:0/auth/callback")
        port = wanted.port or 0
    except ValueError as exc:
        raise UsageError(f"the redirect URL cannot be read: {exc}") from exc
    if wanted.scheme != "http" or wanted.hostname not in _LOOPBACK:
        raise UsageError("the redirect URL must be http on localhost")
    state, nonce, pkce = encode_b64url(random_bytes(16)), encode_b64url(random_bytes(16)), new_pkce()
    path = wanted.path or "/"
    with _Listener(port, path, state) as listener:
        address = f"http://{wanted.hostname}:{listener.server_address[1]}{path}"
        url = authorization_url(provider, client, redirect_uri=address, state=state, nonce=nonce, pkce=pkce)
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            show("Your browser will now be opened to:\n" + url if open_browser(url) else f"Open this address:\n{url}")
            while not listener.arrived.wait(0.2):
                deadline.check("waiting for the sign-in in the browser")
        finally:
            listener.shutdown()
            thread.join()
    outcome = listener.outcome or {}
    if "code" not in outcome:
        reason = " ".join(outcome.get("error_description", outcome.get("error", ["no code"])))
        raise ServiceRejectedError(f"sign-in: {reason[:300]}")
    return exchange_code(
        client_http, provider, client, code=outcome["code"][0], redirect_uri=address, nonce=nonce, pkce=pkce
    )
