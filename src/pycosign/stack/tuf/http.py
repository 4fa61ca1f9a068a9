"""The repository over HTTP: files as they lie, and a timestamp that is signed again before it expires."""

import json
import os
import re
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from pycosign.ambient import Clock
from pycosign.stack.asgi import ASGIApp, Request, Response, build_app, text_response
from pycosign.stack.files import write_public

__all__ = ["TufServer", "build_tuf_app"]

RENEW_BEFORE = timedelta(days=15)
_PATH = re.compile(r"/((?:targets/)?[A-Za-z0-9_-][A-Za-z0-9._-]*)", re.ASCII)


def _expiry(timestamp: bytes) -> datetime:
    """When a timestamp of ours expires."""
    return datetime.fromisoformat(json.loads(timestamp)["signed"]["expires"])


class TufServer:
    """Serves the repository in `directory`; renews its timestamp with `online_key` when a client asks for it late."""

    def __init__(self, directory: str, online_key: ec.EllipticCurvePrivateKey, *, clock: Clock) -> None:
        self._directory, self._key, self._clock = directory, online_key, clock
        self._expires: datetime | None = None

    def renew_if_due(self) -> None:
        """Sign the timestamp again when it has less than fifteen days left."""
        path = os.path.join(self._directory, "timestamp.json")
        if self._expires is None:
            with open(path, "rb") as stream:
                self._expires = _expiry(stream.read())
        now = self._clock()
        if self._expires - now > RENEW_BEFORE:
            return
        from pycosign.stack.tuf.core import renewed_timestamp  # `tuf` takes 80 ms to import, and is seldom needed

        with open(path, "rb") as stream:
            renewed = renewed_timestamp(stream.read(), self._key, now=now)
        write_public(path, renewed)
        self._expires = _expiry(renewed)

    async def handle(self, request: Request) -> Response:
        """Answer one request; whatever is not a file of the repository is 404, as clients walking up roots expect."""
        if request.path == "/healthz":
            return text_response(200, "ok")
        match = _PATH.fullmatch(request.path)
        if request.method != "GET" or match is None:
            return text_response(404 if request.method == "GET" else 405, "no such file\n")
        if match[1] == "timestamp.json":
            self.renew_if_due()
        try:
            with open(os.path.join(self._directory, *match[1].split("/")), "rb") as stream:
                return Response(200, stream.read(), "application/json", (("Cache-Control", "no-cache"),))
        except (FileNotFoundError, IsADirectoryError):
            return text_response(404, "no such file\n")


def build_tuf_app(server: TufServer) -> ASGIApp:
    """The repository as an ASGI application."""
    return build_app(server.handle, max_bytes=0)
