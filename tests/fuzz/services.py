"""Targets: the requests that our own services get. A service answers whatever it is sent."""

import asyncio
import json
import tempfile
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote

from pycosign.ambient import random_bytes
from pycosign.codec.strict_json import Fields, load_json
from pycosign.crypto.signers import LocalSigner
from pycosign.stack.asgi import ASGIApp
from pycosign.stack.ca.core import parse_request
from pycosign.stack.ca.principal import principal_of
from pycosign.stack.ca.token import TrustedIssuer, check_token
from pycosign.stack.idp.core import AUDIENCE, IssuerKey, is_loopback_redirect
from pycosign.stack.idp.http import build_idp_app
from pycosign.stack.registry import build_registry_app, core
from pycosign.stack.tlog.evidence import statement_digests
from pycosign.stack.tlog.rekor_v1_core import admit
from pycosign.stack.tlog.rekor_v2_core import admit_v2
from pycosign.stack.tsa.core import TimestampAuthority, request_from_der, request_from_json
from pycosign.stack.tsa.http import build_tsa_app
from tests.fuzz import seeds
from tests.fuzz.target import Target, as_header, as_text, tolerating
from tests.recordings import exchange
from tests.stack.logs import NOW, call, rekor_v1, rekor_v2
from tests.stack.services import ISSUER, certificate_authority, chain_keys, rsa_key
from tests.verify.vectors import RECORDINGS

_WHAT = "sample"
_BYTES = 4 << 20


# ---- an application and its loop, one of each for the process --------------------------------------------------------
@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def _send(app: ASGIApp, method: str, target: str, body: bytes, headers: dict[str, str] | None = None) -> int:
    """The status of the answer."""
    return _loop().run_until_complete(call(app, method, target, body, headers)).status


def _made(build: Callable[[], Any]) -> Any:
    """Make an application inside the loop."""

    async def inside() -> Any:
        return build()

    return _loop().run_until_complete(inside())


@cache
def _fulcio() -> ASGIApp:
    app: ASGIApp = _made(lambda: certificate_authority().app)
    return app


@cache
def _ctlog() -> ASGIApp:
    app: ASGIApp = _made(lambda: certificate_authority().ctlog)
    return app


@cache
def _rekor(version: int) -> ASGIApp:
    app: ASGIApp = _made(lambda: (rekor_v1() if version == 1 else rekor_v2()).app)
    return app


@cache
def _tsa() -> ASGIApp:
    from tests.stack.test_tsa import CHAIN

    authority = TimestampAuthority.of(CHAIN, LocalSigner(chain_keys()[1]).sign)
    return build_tsa_app(authority, clock=lambda: NOW, entropy=random_bytes)


@cache
def _idp() -> ASGIApp:
    return build_idp_app(ISSUER, IssuerKey.of(rsa_key()), clock=lambda: NOW, entropy=random_bytes, test_tokens=True)


@cache
def _registry_directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pycosign-fuzz-")


@cache
def _registry() -> ASGIApp:
    app: ASGIApp = _made(lambda: build_registry_app(_registry_directory().name))
    return app


_JSON = {"Content-Type": "application/json"}


# ---- requests --------------------------------------------------------------------------------------------------------
def run_fulcio(data: bytes) -> None:
    for version in (1, 2):
        with tolerating():
            parse_request(data, as_header(data[:200]), version=version)
    _send(_fulcio(), "POST", "/api/v2/signingCert", data, _JSON)
    _send(_fulcio(), "POST", "/api/v1/signingCert", data, _JSON | {"Authorization": f"Bearer {as_text(data[:3000])}"})


def run_token(data: bytes) -> None:
    """An identity token before the certificate authority; and claims, as a token that holds would bring them."""
    with tolerating():
        claims = load_json(data, what=_WHAT, max_bytes=_BYTES)
        if isinstance(claims, dict):
            principal_of(claims)
    with tolerating():
        check_token(as_text(data), TrustedIssuer(ISSUER, AUDIENCE, rsa_key().public_key()), now=NOW)


def _tokens() -> list[bytes]:
    from tests.stack.services import token

    claims = [
        {"iss": "https://token.actions.githubusercontent.com", "sub": "repo:a/b:ref", "sha": "c", "repository": "a/b"},
        {"iss": ISSUER, "sub": "a", "email": "a@example.com", "email_verified": True},
        {"iss": ISSUER, "sub": "https://issuer.example/sub", "aud": ["sigstore"]},
    ]
    return [token().encode(), b"eyJhbGciOiJub25lIn0.e30.", b"a.b.c", *(json.dumps(item).encode() for item in claims)]


def run_rekor_v1(data: bytes) -> None:
    with tolerating():
        fields = Fields(load_json(data, what=_WHAT, max_bytes=_BYTES), _WHAT, protojson=False)
        admit(fields.text("kind"), fields.text("apiVersion"), fields.object("spec"))
    for path in ("/api/v1/log/entries", "/api/v1/log/entries/retrieve", "/api/v1/index/retrieve"):
        _send(_rekor(1), "POST", path, data, _JSON)


def run_rekor_v2(data: bytes) -> None:
    statement_digests("application/vnd.in-toto+json", data)
    with tolerating():
        admit_v2(Fields(load_json(data, what=_WHAT, max_bytes=_BYTES), _WHAT))
    _send(_rekor(2), "POST", "/api/v2/log/entries", data, _JSON)


def run_tsa(data: bytes) -> None:
    for read in (request_from_der, request_from_json):
        with tolerating():
            read(data)
    for kind in ("application/timestamp-query", "application/json"):
        _send(_tsa(), "POST", "/api/v1/timestamp", data, {"Content-Type": kind})


def run_ctlog(data: bytes) -> None:
    for name in ("add-chain", "add-pre-chain"):
        _send(_ctlog(), "POST", f"/ct/v1/{name}", data, _JSON)


def run_idp(data: bytes) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Host": "127.0.0.1:8080"}
    for path in ("/token", "/auth", "/device/code"):
        _send(_idp(), "POST", path, data, form | {"Authorization": as_header(data[:200])})
    is_loopback_redirect(as_text(data))


def run_paths(data: bytes) -> None:
    """METHOD TARGET for every service: what routing and queries make of it."""
    method, _, target = as_text(data).partition(" ")
    path, question, query = target.partition("?")
    # as a server hands it on: the path percent-decoded, the query in ASCII
    wanted = unquote(path, errors="replace") + question + query.encode("ascii", "ignore").decode()
    headers = {"Host": "127.0.0.1", "Range": query[:40].encode("ascii", "ignore").decode()}
    for app in (_fulcio(), _ctlog(), _rekor(1), _rekor(2), _tsa(), _idp()):
        _send(app, method.encode("ascii", "ignore").decode(), wanted, b"", headers)
    if method in ("GET", "HEAD", "DELETE", "PATCH"):
        _send(_registry(), method, wanted, b"", headers)


def run_registry(data: bytes) -> None:
    """A manifest that is pushed, and the small readings of its headers."""
    for media_type in (None, "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"):
        with tolerating():
            core.inspect_manifest(data, media_type)
    text = as_text(data)
    for read in (core.route, core.parse_digest, core.is_name, core.is_tag, core.content_range):
        with tolerating():
            read(text)
    with tolerating():
        core.parse_range(text, 10)
    with tolerating():
        core.page(["a", "b"], count=text, last=text)


def _requests() -> list[bytes]:
    """Method and path of every recorded request."""
    lines = {f"{line['method']} {line['path']}" for path in RECORDINGS.glob("*-*.json") if (line := _line(path.stem))}
    own = (
        "GET /v2/app/manifests/latest",
        f"GET /v2/app/blobs/sha256:{'0' * 64}",
        "HEAD /v2/_catalog?n=2&last=a",
        f"GET /v2/app/referrers/sha256:{'0' * 64}?artifactType=x",
        "GET /v2/app/tags/list?n=1",
        "PATCH /v2/app/blobs/uploads/x",
        "GET /ct/v1/get-entries?start=0&end=3",
        "GET /token?email=a&seconds=60",
    )
    return [text.encode() for text in (*sorted(lines), *own)]


def _line(name: str) -> dict[str, Any] | None:
    if name.startswith(("bundle-", "file-", "tuf-", "oidc-")):
        return None
    return exchange(name)[0].line


TARGETS = (
    Target("rekor-v1-request", run_rekor_v1, lambda: seeds.exchanged("rekor-v1-*", answers=False), (admit,)),
    Target(
        "rekor-v2-request",
        run_rekor_v2,
        lambda: seeds.exchanged("rekor-v2-*", answers=False),
        (admit_v2, statement_digests),
    ),
    Target("fulcio-request", run_fulcio, lambda: seeds.exchanged("fulcio-*", answers=False), (parse_request,)),
    Target("identity-token", run_token, _tokens, (check_token, principal_of)),
    Target(
        "tsa-request",
        run_tsa,
        lambda: seeds.exchanged("tsa-*", answers=False),
        (request_from_der, request_from_json),
    ),
    Target("ctlog-request", run_ctlog, lambda: seeds.exchanged("ctlog-add-*", "ctlog-error-*", answers=False), ()),
    Target(
        "idp-request",
        run_idp,
        lambda: [
            b"grant_type=authorization_code&code=x&redirect_uri=http%3A%2F%2Flocalhost%2F&code_verifier=v",
            b"response_type=code&redirect_uri=http://localhost:1/cb&code_challenge=x&code_challenge_method=S256&state=s",
            b"grant_type=client_credentials&client_id=a&client_secret=b",
        ],
        (is_loopback_redirect,),
    ),
    Target("service-paths", run_paths, _requests, (core.route,)),
    Target(
        "registry-request",
        run_registry,
        lambda: [
            *seeds.recorded("cosign-registry/*manifest*.json", "cosign-registry/referrers-index.json"),
            *(b"bytes=0-5", b"0-5", b"/v2/app/tags/list", b"sha256:" + b"0" * 64, b"10"),
        ],
        (
            core.inspect_manifest,
            core.route,
            core.parse_digest,
            core.parse_range,
            core.content_range,
            core.page,
            core.is_name,
            core.is_tag,
        ),
    ),
)
