"""OAuth 2.0 flows that end in an identity token: browser (code + PKCE), device, client credentials."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from pycosign.ambient import Entropy, random_bytes
from pycosign.clients.answers import explain_answer, rejection, unexpected
from pycosign.clients.oidc import AUDIENCE, IdentityToken, parse_identity_token
from pycosign.codec.b64 import encode_b64, encode_b64url
from pycosign.codec.fields import Fields
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError, ServiceRejectedError, UnavailableError
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient, Response

__all__ = [
    "OauthClient",
    "Pkce",
    "Provider",
    "authorization_url",
    "client_credentials_token",
    "device_token",
    "discover",
    "exchange_code",
    "new_pkce",
]

_ANSWER_BYTES: Final = 256 << 10
_DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_SCOPE: Final = "openid email"


class OauthClient(NamedTuple):
    """Who we say we are to the issuer."""

    client_id: str = AUDIENCE
    client_secret: str = ""


class Provider(NamedTuple):
    """The endpoints of an issuer."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    device_endpoint: str | None


class Pkce(NamedTuple):
    """A code verifier and its SHA-256 challenge (RFC 7636)."""

    verifier: str
    challenge: str


def new_pkce(entropy: Entropy = random_bytes) -> Pkce:
    """A fresh pair from 32 random bytes."""
    verifier = encode_b64url(entropy(32))
    return Pkce(verifier, encode_b64url(hashlib.sha256(verifier.encode()).digest()))


def discover(http: HttpClient, issuer: str) -> Provider:
    """Read an issuer's discovery document.

    Raises: UnavailableError; MalformedError: an endpoint is missing, or the document is another issuer's.
    Source: OpenID Connect Discovery 1.0, 4.
    """
    what = "OIDC discovery document"
    response = http.request("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", max_bytes=_ANSWER_BYTES)
    if response.status != 200:
        raise unexpected(what, response)
    fields = _fields(response, what)
    if fields.text("issuer").rstrip("/") != issuer.rstrip("/"):
        raise MalformedError(what, f"is of issuer {fields.text('issuer')!r}, not {issuer!r}")
    return Provider(
        issuer=issuer,
        authorization_endpoint=_endpoint(fields.text("authorization_endpoint"), what),
        token_endpoint=_endpoint(fields.text("token_endpoint"), what),
        device_endpoint=_optional_endpoint(fields.optional_text("device_authorization_endpoint"), what),
    )


def authorization_url(
    provider: Provider, client: OauthClient, *, redirect_uri: str, state: str, nonce: str, pkce: Pkce
) -> str:
    """Where the browser goes to sign in."""
    query = {
        "access_type": "online",
        "client_id": client.client_id,
        "code_challenge": pkce.challenge,
        "code_challenge_method": "S256",
        "nonce": nonce,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": _SCOPE,
        "state": state,
    }
    separator = "&" if urlsplit(provider.authorization_endpoint).query else "?"
    return f"{provider.authorization_endpoint}{separator}{urlencode(query)}"


def exchange_code(
    http: HttpClient, provider: Provider, client: OauthClient, *, code: str, redirect_uri: str, nonce: str, pkce: Pkce
) -> IdentityToken:
    """Turn the code that the browser brought back into a token, and check that it carries our nonce."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": pkce.verifier,
    }
    response = _post(http, provider.token_endpoint, client, form)
    if response.status != 200:
        raise rejection("sign-in", response)
    token = _id_token(response)
    _check_nonce(token, nonce)
    return token


def client_credentials_token(http: HttpClient, provider: Provider, client: OauthClient) -> IdentityToken:
    """A token for the client itself, by its secret (RFC 6749, 4.4)."""
    response = _post(http, provider.token_endpoint, client, {"grant_type": "client_credentials", "scope": _SCOPE})
    if response.status != 200:
        raise rejection("client credentials", response)
    return _id_token(response)


def device_token(
    http: HttpClient,
    provider: Provider,
    client: OauthClient,
    *,
    show: Callable[[str], None],
    deadline: Deadline,
    pkce: Pkce | None = None,
) -> IdentityToken:
    """Show a code that a person enters on another device, and wait until that is done.

    Args:   show: called once with what the person must read.
    Raises: ServiceRejectedError: the person said no, or the code ran out; UnavailableError: the deadline passed.
    Source: RFC 8628.
    """
    if provider.device_endpoint is None:
        raise UnavailableError(f"{provider.issuer} offers no device flow", code="oidc.no-device-flow")
    pkce = pkce or new_pkce()
    form = {"scope": _SCOPE, "code_challenge": pkce.challenge, "code_challenge_method": "S256"}
    response = _post(http, provider.device_endpoint, client, form)
    if response.status != 200:
        raise rejection("device sign-in", response)
    fields = _fields(response, "device answer")
    where = fields.optional_text("verification_uri_complete") or fields.text("verification_uri")
    show(f"Enter the verification code {fields.text('user_code')} in your browser at: {where}")
    device_code = fields.text("device_code")
    interval = fields.optional_integer("interval", minimum=0, maximum=60)
    pause = 5 if interval is None else interval
    lifetime = fields.optional_integer("expires_in", minimum=1, maximum=3600) or 300
    show(f"Code will be valid for {lifetime} seconds")
    code_deadline = Deadline.after(lifetime)
    while code_deadline.remaining() > 0:
        deadline.sleep(max(pause, 0.05), "waiting for the device sign-in")
        form = {"grant_type": _DEVICE_GRANT, "device_code": device_code, "code_verifier": pkce.verifier}
        answer = _post(http, provider.token_endpoint, client, form)
        if answer.status == 200:
            return _id_token(answer)
        problem = _fields(answer, "token answer").optional_text("error") if answer.status == 400 else None
        if problem == "slow_down":
            pause += 5
        elif problem != "authorization_pending":
            raise rejection("device sign-in", answer)
    raise ServiceRejectedError("device sign-in: the code ran out before it was entered")


def _post(http: HttpClient, url: str, client: OauthClient, form: Mapping[str, str]) -> Response:
    """Cosign and sigstore-python send the client's id and its (empty) secret as HTTP Basic; we send the id in the form
    too, which is what the specification asks of a client without a secret."""
    basic = encode_b64(f"{client.client_id}:{client.client_secret}".encode())
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if client.client_secret:
        headers["Authorization"] = f"Basic {basic}"
    body = urlencode({**form, "client_id": client.client_id}).encode()
    return http.request("POST", url, headers=headers, body=body, max_bytes=_ANSWER_BYTES)


def _id_token(response: Response) -> IdentityToken:
    return parse_identity_token(_fields(response, "token answer").text("id_token"))


def _check_nonce(token: IdentityToken, nonce: str) -> None:
    from pycosign.codec.b64 import decode_b64url

    raw = decode_b64url(token.text.split(".")[1].rstrip("="), what="identity token claims")
    claims = Fields(load_json(raw, what="identity token", max_bytes=_ANSWER_BYTES), "identity token", protojson=False)
    if claims.optional_text("nonce") != nonce:
        raise MalformedError("identity token", "carries another nonce than the one that was sent")


def _fields(response: Response, what: str) -> Fields:
    try:
        return Fields(load_json(response.body, what=what, max_bytes=_ANSWER_BYTES), what, protojson=False)
    except MalformedError as exc:
        raise MalformedError(what, f"of {response.url} cannot be read: {explain_answer(response)}") from exc


def _endpoint(url: str, what: str) -> str:
    """The issuer's own document names its endpoints; they must be http or https. The user chose the issuer."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.netloc)
    except ValueError:  # brackets that hold no address
        usable = False
    if not usable:
        raise MalformedError(what, f"names an endpoint that is no HTTP URL: {url[:200]!r}")
    return url


def _optional_endpoint(url: str | None, what: str) -> str | None:
    return None if url is None else _endpoint(url, what)
