"""The timestamp authority over HTTP. Errors are labelled as timestamp-server labels them.

Source: RFC 3161, 3.4; sigstore/timestamp-authority, openapi.yaml.
"""

import json

from pycosign.ambient import Clock, Entropy
from pycosign.codec.pem import format_pem
from pycosign.stack.asgi import ASGIApp, Request, Response, build_app, json_response, text_response
from pycosign.stack.tsa import core

__all__ = ["build_tsa_app"]

BODY_BYTES = 1 << 20
QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
_NO_CACHE = (("Cache-Control", "no-cache, no-store, no-transform, must-revalidate, private, max-age=0"),)


def _refusal(status: int, message: str, *, content_type: str = REPLY) -> Response:
    return Response(status, json.dumps({"code": status, "message": message}).encode(), content_type, _NO_CACHE)


class _Server:
    def __init__(self, authority: core.TimestampAuthority, *, clock: Clock, entropy: Entropy) -> None:
        self._authority, self._clock, self._entropy = authority, clock, entropy
        self._chain = b"".join(format_pem("CERTIFICATE", der) for der in authority.chain)

    async def handle(self, request: Request) -> Response:
        match request.method, request.path:
            case "POST", "/api/v1/timestamp":
                return self._stamp(request)
            case "GET", "/api/v1/timestamp/certchain":
                return Response(200, self._chain, "application/pem-certificate-chain", _NO_CACHE)
            case "GET", "/ping" | "/healthz":
                return text_response(200, "<!DOCTYPE html>pong" if request.path == "/ping" else "ok")
            case _, "/api/v1/timestamp" | "/api/v1/timestamp/certchain":
                return _refusal(405, f"method {request.method} is not allowed", content_type="application/json")
        return json_response(404, json.dumps({"code": 404, "message": f"path {request.path} was not found"}))

    def _stamp(self, request: Request) -> Response:
        kind = request.content_type()
        if kind not in (QUERY, "application/json"):
            return _refusal(415, f"unsupported media type {kind!r}", content_type="application/json")
        try:
            asked = core.request_from_der(request.body) if kind == QUERY else core.request_from_json(request.body)
            serial = self._entropy(core.SERIAL_BYTES)
            reply = core.grant(asked, self._authority, now=self._clock(), serial=serial)
        except core.TimestampRefusedError as exc:
            return _refusal(400, str(exc))
        return Response(200, reply, REPLY, _NO_CACHE)


def build_tsa_app(authority: core.TimestampAuthority, *, clock: Clock, entropy: Entropy) -> ASGIApp:
    """The authority as an ASGI application."""
    return build_app(_Server(authority, clock=clock, entropy=entropy).handle, max_bytes=BODY_BYTES)
