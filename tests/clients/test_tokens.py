"""Identity tokens: reading them, finding them, and the OAuth flows against the sandbox's issuer."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycosign.clients.browser import browser_token
from pycosign.clients.oauth import OauthClient, client_credentials_token, device_token, discover, new_pkce
from pycosign.clients.oidc import ambient_token, parse_identity_token, token_from_argument
from pycosign.clients.token_source import TokenRequest, obtain_token
from pycosign.codec.b64 import encode_b64url
from pycosign.errors import MalformedError, ServiceRejectedError, SigningError, UnavailableError, UsageError
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient
from pycosign.testing import Sandbox
from tests.recordings import exchange

RECORDED = exchange("fulcio-v2-signingCert-cosign3")[0].headers["Authorization"].removeprefix("Bearer ")


def token(alg: str = "RS256", **claims: Any) -> str:
    header = encode_b64url(json.dumps({"alg": alg}).encode())
    body = {"iss": "https://issuer.example", "sub": "subject", **claims}
    return f"{header}.{encode_b64url(json.dumps(body).encode())}.c2ln"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_a_recorded_token_is_read() -> None:
    read = parse_identity_token(RECORDED)
    assert (read.issuer, read.challenge, read.algorithm) == ("http://127.0.0.1:8080", "test@example.com", "RS256")
    assert read.expires_at is not None
    assert RECORDED not in repr(read)


def test_the_challenge_is_the_verified_email_or_the_subject() -> None:
    assert parse_identity_token(token(email="a@b.example", email_verified=True)).challenge == "a@b.example"
    assert parse_identity_token(token(email="a@b.example", email_verified="true")).challenge == "a@b.example"
    assert parse_identity_token(token()).challenge == "subject"
    with pytest.raises(UsageError, match="not verified"):
        parse_identity_token(token(email="a@b.example"))


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", token().replace(".", "", 1), token() + ".x", "é.é.é"])
def test_what_is_no_token_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_identity_token(text)


def test_the_argument_is_an_rs256_token_or_a_file_of_any(tmp_path: Path) -> None:
    assert token_from_argument(token()).text == token()
    path = tmp_path / "token"
    path.write_text(token("ES256") + "\n")
    assert token_from_argument(str(path)).algorithm == "ES256"
    assert token_from_argument(token("ES256")).algorithm == "ES256"
    with pytest.raises(UsageError, match="readable file"):
        token_from_argument(str(tmp_path / "absent"))


def test_a_broken_token_is_not_repeated_in_the_message() -> None:
    secret = "eyJh.SECRET.PART"
    with pytest.raises(UsageError) as caught:
        token_from_argument(secret)
    assert "SECRET" not in str(caught.value)


def test_the_variable_is_an_ambient_provider_and_unknown_ones_are_named() -> None:
    found = ambient_token({"SIGSTORE_ID_TOKEN": token()})
    assert found is not None
    assert found.text == token()
    assert ambient_token({}, provider="envvar") is None
    with pytest.raises(UsageError, match="not a valid provider"):
        ambient_token({}, provider="google")


def test_discovery_of_another_issuer_is_refused(sandbox: Sandbox) -> None:
    with HttpClient(Deadline.after(20)) as http:
        assert discover(http, sandbox.issuer).device_endpoint
        with pytest.raises(MalformedError):
            discover(http, sandbox.issuer.replace("127.0.0.1", "localhost"))


def test_device_flow(sandbox: Sandbox) -> None:
    shown: list[str] = []
    with HttpClient(Deadline.after(20)) as http:
        provider = discover(http, sandbox.issuer)
        made = device_token(http, provider, OauthClient(), show=shown.append, deadline=Deadline.after(20))
    assert made.issuer == sandbox.issuer
    assert "http://" in shown[0]


def test_browser_flow_with_a_browser_that_follows_the_redirect(sandbox: Sandbox) -> None:
    def browse(url: str) -> bool:
        threading.Thread(target=lambda: urllib.request.urlopen(url, timeout=10).read(), daemon=True).start()
        return True

    with HttpClient(Deadline.after(20)) as http:
        provider = discover(http, sandbox.issuer)
        made = browser_token(
            http,
            provider,
            OauthClient(),
            open_browser=browse,
            show=lambda text: None,
            deadline=Deadline.after(20),
        )
    assert made.email


def test_browser_flow_ends_with_its_deadline_and_refuses_other_hosts(sandbox: Sandbox) -> None:
    with HttpClient(Deadline.after(20)) as http:
        provider = discover(http, sandbox.issuer)
        arguments: dict[str, Any] = {"open_browser": lambda url: True, "show": lambda text: None}
        with pytest.raises(UnavailableError):
            browser_token(http, provider, OauthClient(), deadline=Deadline.after(0.3), **arguments)
        for redirect in ("http://evil.example/x", "http://[localhost]/", "http://localhost:99999/"):
            deadline = Deadline.after(1)
            with pytest.raises(UsageError, match="redirect URL"):
                browser_token(http, provider, OauthClient(), deadline=deadline, redirect_uri=redirect, **arguments)


def test_client_credentials_flow_gives_a_token_or_the_issuers_refusal(sandbox: Sandbox) -> None:
    with HttpClient(Deadline.after(20)) as http:
        provider = discover(http, sandbox.issuer)
        try:
            made = client_credentials_token(http, provider, OauthClient(client_secret="secret"))
        except ServiceRejectedError as exc:
            assert "client" in str(exc)  # noqa: PT017 - either answer is an answer
        else:
            assert made.issuer == sandbox.issuer


def test_the_argument_wins_then_the_surroundings_then_a_flow(sandbox: Sandbox) -> None:
    with HttpClient(Deadline.after(20)) as http:

        def obtain(request: TokenRequest, **environ: str) -> str:
            shown: list[str] = []
            made = obtain_token(request, http=http, environ=environ, deadline=Deadline.after(20), show=shown.append)
            return made.text

        request = TokenRequest(sandbox.issuer, argument=token())
        assert obtain(request, SIGSTORE_ID_TOKEN=token(sub="other")) == token()
        ambient = TokenRequest(sandbox.issuer)
        assert obtain(ambient, SIGSTORE_ID_TOKEN=token(sub="other")) == token(sub="other")
        device = TokenRequest(sandbox.issuer, use_ambient=False)
        assert parse_identity_token(obtain(device, SIGSTORE_ID_TOKEN=token())).issuer == sandbox.issuer
        for broken in (
            TokenRequest(None, use_ambient=False),
            TokenRequest("x", flow="wrong"),
            TokenRequest("x", flow="token"),
        ):
            with pytest.raises(SigningError):
                obtain(broken)


def test_a_pkce_challenge_is_the_digest_of_its_verifier() -> None:
    import hashlib

    made = new_pkce(lambda count: b"\x07" * count)
    assert made.challenge == encode_b64url(hashlib.sha256(made.verifier.encode()).digest())
