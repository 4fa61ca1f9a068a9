"""The issuer over HTTP. Tokens are handed to whoever asks, for tests: only on loopback (`test_tokens`), never
elsewhere.

Without `test_tokens` the issuer still publishes its keys, and `pycosign stack token` still issues, with the key's file.
"""

import binascii
import json
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from pycosign.ambient import Clock, Entropy
from pycosign.limits import TOKEN_BYTES
from pycosign.stack.asgi import ASGIApp, Request, Response, build_app, json_response, text_response
from pycosign.stack.idp import core

__all__ = ["Idp", "build_idp_app"]

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
NO_STORE = (("Cache-Control", "no-store"),)
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class _OAuthError(NamedTuple):
    error: str
    description: str
    status: int = 400

    def response(self) -> Response:
        return _json({"error": self.error, "error_description": self.description}, self.status)


def _json(value: object, status: int = 200) -> Response:
    return json_response(status, json.dumps(value), headers=NO_STORE)


def _named_as_loopback(request: Request) -> bool:
    """Whether the client called this machine by a loopback name.

    A web page whose name was rebound to 127.0.0.1 would send its own name, and must not read a token.
    """
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname in LOOPBACK_HOSTS
    except ValueError:
        return False


def _client_id(request: Request, form: dict[str, str]) -> str:
    """The client's name from HTTP Basic or the form, "sigstore" by default; secrets are ignored."""
    kind, _, credentials = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name = binascii.a2b_base64(credentials).decode("utf-8").partition(":")[0]
        except ValueError:
            return ""
        return name
    return form.get("client_id") or core.AUDIENCE


class Idp:
    """The issuer's endpoints over one key, clock and book of codes."""

    def __init__(self, issuer: str, key: core.IssuerKey, *, clock: Clock, entropy: Entropy, test_tokens: bool) -> None:
        self.issuer, self.key, self.test_tokens = issuer, key, test_tokens
        self._clock = clock
        self._codes = core.CodeBook(entropy)
        self._discovery = json.dumps(core.discovery(issuer))
        self._jwks = json.dumps(core.jwks(key))

    def _now(self) -> int:
        return int(self._clock().timestamp())

    async def handle(self, request: Request) -> Response:
        """Route one request."""
        match request.method, request.path:
            case "GET", "/.well-known/openid-configuration":
                return json_response(200, self._discovery)
            case "GET", "/keys":
                return json_response(200, self._jwks, headers=(("Cache-Control", "max-age=60"),))
            case "GET", "/healthz":
                return json_response(200, '{"status":"SERVING"}')
            case ("GET", "/auth" | "/token" | "/device") | ("POST", "/auth" | "/token" | "/device/code"):
                if not self.test_tokens or not _named_as_loopback(request):
                    return text_response(403, "this issuer gives no tokens over HTTP: use `pycosign stack token`\n")
                return self._issue(request)
        return text_response(404, "not found\n")

    def _issue(self, request: Request) -> Response:
        match request.method, request.path:
            case _, "/auth":
                return self._authorize(request.query() if request.method == "GET" else request.form())
            case "GET", "/token":
                return self._test_token(request.query())
            case "GET", "/device":
                return text_response(200, "This device is approved. You may close this page.\n")
            case "POST", "/device/code":
                return self._device_code(request)
        return self._redeem(request)

    def _test_token(self, query: dict[str, str]) -> Response:
        """A token as plain text: ?email= or ?subject=, and for tests of refusals ?aud= ?seconds=
        ?verified=false.
        """
        seconds = query.get("seconds", str(core.TOKEN_SECONDS))
        try:
            lifetime = int(seconds)
        except ValueError:
            return text_response(400, "seconds must be a whole number\n")
        subject = query.get("subject")
        claims = core.claims_for(
            issuer=self.issuer,
            email=None if subject is not None else query.get("email", core.DEFAULT_EMAIL),
            subject=subject,
            now=self._now(),
            audience=query.get("aud", core.AUDIENCE),
            seconds=lifetime,
            email_verified=query.get("verified") != "false",
        )
        return Response(200, core.sign_token(claims, self.key).encode(), "text/plain; charset=utf-8", NO_STORE)

    def _authorize(self, query: dict[str, str]) -> Response:
        """The authorization endpoint: approves at once, as `login_hint` or the default identity."""
        redirect = query.get("redirect_uri", "")
        if not core.is_loopback_redirect(redirect):
            return text_response(400, "redirect_uri must be http on this machine\n")
        if query.get("response_type") != "code":
            return text_response(400, "response_type must be code\n")
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            return text_response(400, "PKCE with S256 is required\n")
        code = self._codes.issue(
            core.Authorization(
                client_id=query.get("client_id") or core.AUDIENCE,
                email=query.get("login_hint") or core.DEFAULT_EMAIL,
                nonce=query.get("nonce", ""),
                redirect_uri=redirect,
                challenge=query["code_challenge"],
                expires=self._now() + core.CODE_SECONDS,
            )
        )
        if redirect == core.OUT_OF_BAND:
            return text_response(200, f"{code}\n")
        answer = {"code": code} | ({"state": query["state"]} if "state" in query else {})
        location = f"{redirect}{'&' if urlsplit(redirect).query else '?'}{urlencode(answer)}"
        return Response(302, b"", "text/plain; charset=utf-8", (("Location", location), *NO_STORE))

    def _device_code(self, request: Request) -> Response:
        """The device flow's first step; the second finds it approved."""
        form = request.form()
        code = self._codes.issue(
            core.Authorization(
                client_id=_client_id(request, form) or core.AUDIENCE,
                email=core.DEFAULT_EMAIL,
                nonce=form.get("nonce", ""),
                redirect_uri="",
                challenge=form.get("code_challenge", ""),
                expires=self._now() + core.CODE_SECONDS,
            )
        )
        page = f"{self.issuer}/device"
        user_code = code[:4].upper() + "-" + code[4:8].upper()
        return _json(
            {
                "device_code": code,
                "user_code": user_code,
                "verification_uri": page,
                "verification_uri_complete": f"{page}?user_code={user_code}",
                "interval": 1,
                "expires_in": core.CODE_SECONDS,
            }
        )

    def _redeem(self, request: Request) -> Response:
        """The token endpoint."""
        form = request.form()
        match form.get("grant_type"):
            case "authorization_code":
                found = self._redeem_code(form.get("code", ""), form, redirect=form.get("redirect_uri", ""))
            case grant if grant == DEVICE_GRANT:
                found = self._redeem_code(form.get("device_code", ""), form, redirect="")
            case "client_credentials":
                client = _client_id(request, form)
                if not client:
                    return _OAuthError("invalid_client", "no client id", 401).response()
                return self._tokens({"subject": client, "audience": client})
            case None:
                return _OAuthError("invalid_request", "grant_type is missing").response()
            case _:
                return _OAuthError("unsupported_grant_type", "this grant is not offered").response()
        if isinstance(found, _OAuthError):
            return found.response()
        return self._tokens({"email": found.email, "audience": found.client_id, "nonce": found.nonce})

    def _redeem_code(self, code: str, form: dict[str, str], *, redirect: str) -> core.Authorization | _OAuthError:
        found = self._codes.redeem(code, self._now())
        if found is None:
            return _OAuthError("invalid_grant", "the code is unknown, used or expired")
        if found.redirect_uri != redirect:
            return _OAuthError("invalid_grant", "redirect_uri is not the one that the code was issued for")
        if found.challenge and not core.pkce_matches(form.get("code_verifier", ""), found.challenge):
            return _OAuthError("invalid_grant", "code_verifier does not fit the challenge")
        return found

    def _tokens(self, about: dict[str, str]) -> Response:
        """The one JWT in both fields: sigstore-python takes access_token as the identity token."""
        claims = core.claims_for(
            issuer=self.issuer,
            email=about.get("email"),
            subject=about.get("subject"),
            now=self._now(),
            audience=about["audience"],
            nonce=about.get("nonce"),
        )
        token = core.sign_token(claims, self.key)
        return _json(
            {
                "access_token": token,
                "id_token": token,
                "token_type": "Bearer",
                "expires_in": core.TOKEN_SECONDS,
            }
        )


def build_idp_app(issuer: str, key: core.IssuerKey, *, clock: Clock, entropy: Entropy, test_tokens: bool) -> ASGIApp:
    """The issuer as an ASGI application. `issuer` is its URL exactly as tokens name it, without a trailing slash."""
    idp = Idp(issuer, key, clock=clock, entropy=entropy, test_tokens=test_tokens)
    return build_app(idp.handle, max_bytes=TOKEN_BYTES)
