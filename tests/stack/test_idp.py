"""The issuer: what it publishes, and the ways to a token."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from pycosign.ambient import random_bytes
from pycosign.errors import UsageError
from pycosign.stack.asgi import ASGIApp
from pycosign.stack.idp import core
from pycosign.stack.idp.http import build_idp_app

from .logs import NOW, Answer, call, run
from .services import ISSUER, rsa_key

HOST = {"Host": "127.0.0.1:8080"}
FORM = HOST | {"Content-Type": "application/x-www-form-urlencoded"}
REDIRECT = "http://localhost:1234/auth/callback"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
NOW_S = int(NOW.timestamp())


class Clock:
    now = NOW

    def __call__(self) -> Any:
        return self.now


def app(*, test_tokens: bool = True, clock: Any = None) -> ASGIApp:
    key = core.IssuerKey.of(rsa_key())
    return build_idp_app(ISSUER, key, clock=clock or Clock(), entropy=random_bytes, test_tokens=test_tokens)


async def get(ours: ASGIApp, path: str, headers: dict[str, str] = HOST) -> Answer:
    return await call(ours, "GET", path, headers=headers)


async def post(ours: ASGIApp, path: str, form: dict[str, str], headers: dict[str, str] = FORM) -> Answer:
    return await call(ours, "POST", path, urlencode(form).encode(), headers)


async def checked(ours: ASGIApp, token: str, **expected: Any) -> dict[str, Any]:
    """The claims of a token, verified with the published keys as any relying party does."""
    keys = jwt.PyJWKSet.from_dict((await get(ours, "/keys")).json())
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "RS256"
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims: dict[str, Any] = jwt.decode(
        token, keys[header["kid"]].key, algorithms=["RS256"], audience="sigstore", issuer=ISSUER, options=options
    )
    assert (claims["iat"], claims["nbf"], claims["exp"]) == (NOW_S, NOW_S - 5, NOW_S + 3600)
    for name, value in expected.items():
        assert claims.get(name) == value, name
    return claims


def test_discovery_names_the_issuer_and_what_cosign_asks_for() -> None:
    found = run(lambda: get(app(), "/.well-known/openid-configuration")).json()
    assert found["issuer"] == ISSUER
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    for endpoint in ("authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "jwks_uri"):
        assert found[endpoint].startswith(f"{ISSUER}/")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"email": "foo@bar.com", "email_verified": True, "sub": "foo@bar.com"}),
        ("?email=me@example.com", {"email": "me@example.com", "sub": "me@example.com"}),
        ("?subject=robot", {"sub": "robot", "email": None}),
        ("?verified=false", {"email_verified": False}),
    ],
)
def test_the_test_token_is_plain_text(query: str, expected: dict[str, Any]) -> None:
    async def work() -> None:
        ours = app()
        answer = await get(ours, f"/token{query}")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["cache-control"] == "no-store"
        await checked(ours, answer.body.decode(), **expected)

    run(work)


@pytest.mark.parametrize("path", ["/token", "/auth", "/device"])
def test_no_tokens_over_http_when_they_are_off(path: str) -> None:
    assert run(lambda: get(app(test_tokens=False), path)).status == 403
    assert run(lambda: get(app(test_tokens=False), "/keys")).status == 200


@pytest.mark.parametrize("host", ["evil.example:8080", "10.0.0.1:8080", "", "127.0.0.1.evil.example", "[::1"])
def test_a_page_whose_name_was_rebound_gets_no_token(host: str) -> None:
    assert run(lambda: get(app(), "/token", {"Host": host})).status == 403


async def authorize(ours: ASGIApp, **changes: str) -> Answer:
    query = {
        "client_id": "sigstore",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "state": "st",
        "nonce": "no",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return await get(ours, f"/auth?{urlencode(query | changes)}")


async def code_of(ours: ASGIApp, **changes: str) -> str:
    answer = await authorize(ours, **changes)
    assert answer.status == 302
    location = urlsplit(answer.headers["location"])
    assert answer.headers["location"].startswith(changes.get("redirect_uri", REDIRECT))
    found = parse_qs(location.query)
    assert found["state"] == ["st"]
    return found["code"][0]


def grant(issued: str, **changes: str) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": issued, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return form | changes


def test_a_browsers_code_becomes_one_token_in_both_fields() -> None:
    async def work() -> None:
        ours = app()
        code = await code_of(ours, login_hint="me@example.com")
        basic = FORM | {"Authorization": "Basic " + base64.b64encode(b"sigstore:").decode()}
        answer = (await post(ours, "/token", grant(code), basic)).json()
        assert answer["access_token"] == answer["id_token"]
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
        await checked(ours, answer["id_token"], email="me@example.com", nonce="no")
        again = await post(ours, "/token", grant(code), basic)
        assert (again.status, again.json()["error"]) == (400, "invalid_grant")

    run(work)


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": "w" * 50}, {"code_verifier": ""}, {"redirect_uri": "http://localhost:1/x"}, {"code": "0"}],
)
def test_a_code_is_worth_nothing_with_another_verifier_or_redirect(changes: dict[str, str]) -> None:
    async def work() -> None:
        ours = app()
        answer = await post(ours, "/token", grant(await code_of(ours), **changes))
        assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")

    run(work)


def test_a_code_expires() -> None:
    async def work() -> None:
        clock = Clock()
        ours = app(clock=clock)
        code = await code_of(ours)
        clock.now = NOW.replace(minute=30)
        assert (await post(ours, "/token", grant(code))).json()["error"] == "invalid_grant"

    run(work)


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example/",
        "http://evil.example/auth/callback",
        "http://localhost@evil.example/",
        "http://localhost.evil.example/",
        "javascript:alert(1)",
        "http://localhost/\r\nSet-Cookie: a=b",
        "http://localhost:99999/",
        "http://localhost/\u20ac",
        "",
        "http://[::1",
    ],
)
def test_codes_are_sent_to_this_machine_only(redirect: str) -> None:
    assert run(lambda: authorize(app(), redirect_uri=redirect)).status == 400


@pytest.mark.parametrize(
    "changes", [{"code_challenge": ""}, {"code_challenge_method": "plain"}, {"response_type": "token"}]
)
def test_an_authorization_needs_pkce(changes: dict[str, str]) -> None:
    assert run(lambda: authorize(app(), **changes)).status == 400


def test_out_of_band_shows_the_code() -> None:
    async def work() -> None:
        ours = app()
        oob = "urn:ietf:wg:oauth:2.0:oob"
        code = (await authorize(ours, redirect_uri=oob)).body.decode().strip()
        assert (await post(ours, "/token", grant(code, redirect_uri=oob))).status == 200

    run(work)


def test_a_device_is_approved_when_it_asks() -> None:
    async def work() -> None:
        ours = app()
        form = {"client_id": "sigstore", "scope": "openid email", "code_challenge": CHALLENGE}
        begun = (await post(ours, "/device/code", form)).json()
        assert {"device_code", "user_code", "verification_uri", "interval", "expires_in"} <= set(begun)
        poll = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": begun["device_code"]}
        answer = (await post(ours, "/token", poll | {"code_verifier": VERIFIER})).json()
        await checked(ours, answer["id_token"], email="foo@bar.com")

    run(work)


def test_client_credentials_speak_of_the_client() -> None:
    async def work() -> None:
        ours = app()
        form = {"grant_type": "client_credentials", "client_secret": "s"}
        answer = (await post(ours, "/token", form | {"client_id": "sigstore"})).json()
        await checked(ours, answer["id_token"], sub="sigstore", email=None)
        other = (await post(ours, "/token", form | {"client_id": "robot"})).json()["id_token"]
        claims = jwt.decode(other, options={"verify_signature": False})
        assert (claims["aud"], claims["sub"]) == ("robot", "robot")  # Cosign wants its own name there

    run(work)


@pytest.mark.parametrize(
    ("form", "error"), [({}, "invalid_request"), ({"grant_type": "password"}, "unsupported_grant_type")]
)
def test_other_grants_are_refused(form: dict[str, str], error: str) -> None:
    answer = run(lambda: post(app(), "/token", form))
    assert (answer.status, answer.json()["error"]) == (400, error)


def test_a_token_is_for_a_person_or_a_machine() -> None:
    with pytest.raises(UsageError):
        core.claims_for(issuer=ISSUER, now=0)
    with pytest.raises(UsageError):
        core.claims_for(issuer=ISSUER, now=0, email="a@b.c", subject="d")


def test_the_book_of_codes_is_bounded() -> None:
    book = core.CodeBook(random_bytes)
    authorization = core.Authorization("sigstore", "a@b.c", "", REDIRECT, "", NOW_S)
    codes = [book.issue(authorization) for _ in range(core.MAX_CODES + 1)]
    assert book.redeem(codes[0], NOW_S) is None
    assert book.redeem(codes[-1], NOW_S) == authorization
