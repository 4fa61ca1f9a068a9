"""Answers to a sign-in that somebody else made."""

import threading
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from pycosign.clients.browser import browser_token
from pycosign.clients.oauth import OauthClient, Pkce, Provider, exchange_code
from pycosign.codec.b64 import encode_b64url
from pycosign.codec.strict_json import compact_json
from pycosign.errors import MalformedError, UnavailableError
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient
from tests.clients.conftest import Answer, Service

PROVIDER = Provider("http://127.0.0.1:1", "http://127.0.0.1:1/auth", "http://127.0.0.1:1/token", None)


@pytest.mark.parametrize("state", [None, "", "somebody-elses", "{right}x", "{right}&state=other"])
def test_an_answer_with_another_state_is_not_taken(state: str | None) -> None:
    """GHSA-hm8f-75xx-w2vr: sigstore-python did not compare the state, so that a page could sign its victim in as it
    liked. Such an answer gets 404, and the wait goes on: nothing is exchanged, for PROVIDER answers nothing."""
    statuses: list[int] = []

    def browse(url: str) -> bool:
        asked = parse_qs(urlsplit(url).query)
        query = urlencode({"code": "stolen"})
        if state is not None:
            query += f"&state={state.format(right=asked['state'][0])}"

        def answer() -> None:
            try:
                statuses.append(urllib.request.urlopen(f"{asked['redirect_uri'][0]}?{query}", timeout=5).status)
            except urllib.error.HTTPError as exc:
                statuses.append(exc.code)

        threading.Thread(target=answer, daemon=True).start()
        return True

    arguments: dict[str, Any] = {"open_browser": browse, "show": lambda text: None}
    with HttpClient(Deadline.after(5)) as http, pytest.raises(UnavailableError, match="waiting for the sign-in"):
        browser_token(http, PROVIDER, OauthClient(), deadline=Deadline.after(1), **arguments)
    assert statuses == [404]


@pytest.mark.parametrize("nonce", ["somebody-elses", "", None])
def test_a_token_with_another_nonce_is_refused(service: Service, nonce: str | None) -> None:
    claims: dict[str, Any] = {"iss": "https://issuer.example", "sub": "victim"}
    claims |= {} if nonce is None else {"nonce": nonce}
    token = f"{encode_b64url(b'{}')}.{encode_b64url(compact_json(claims))}.AAAA"
    token = token.replace(encode_b64url(b"{}"), encode_b64url(b'{"alg":"RS256"}'), 1)
    service.will_answer(Answer(200, compact_json({"id_token": token}), {"Content-Type": "application/json"}))
    provider = PROVIDER._replace(token_endpoint=f"{service.url}/token")
    with HttpClient(Deadline.after(5)) as http, pytest.raises(MalformedError, match="another nonce"):
        exchange_code(
            http,
            provider,
            OauthClient(),
            code="code",
            redirect_uri="http://localhost/",
            nonce="ours",
            pkce=Pkce("verifier", "challenge"),
        )
