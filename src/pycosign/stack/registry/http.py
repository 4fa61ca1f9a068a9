"""The registry as an ASGI application: reads requests, asks the store, streams blobs both ways.

Source: OCI distribution specification 1.1; what Cosign and others rely on beyond it is in the comments.
"""

import asyncio
import hashlib
import hmac
import json
from binascii import Error as BinasciiError
from binascii import a2b_base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

from pycosign import limits
from pycosign.stack.registry import core
from pycosign.stack.registry.core import RegistryError
from pycosign.stack.registry.messages import (
    ASGIApp,
    ClientGoneError,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    allow,
    pieces,
    send_reply,
    whole_body,
)
from pycosign.stack.registry.storage import RegistryStore, StoredManifest
from pycosign.stack.registry.uploads import Session, Uploads

__all__ = ["RegistryOptions", "build_registry_app"]

_JSON = "application/json"


class RegistryOptions(NamedTuple):
    """`credentials`: user name and password that every request must bring (Basic). None lets everybody in.

    `referrers_page`: entries per answer of the referrers API; None answers everything at once, because Cosign does
    not ask for a second page.
    """

    credentials: tuple[str, str] | None = None
    max_blob_bytes: int = 16 << 30
    max_sessions: int = 1000
    idle_seconds: float = 3600.0
    referrers_page: int | None = None


def build_registry_app(data_dir: str, options: RegistryOptions | None = None) -> ASGIApp:
    """A registry whose whole state is in `data_dir`, which is made if it is missing."""
    return _App(RegistryStore(data_dir), options or RegistryOptions())


class _App:
    def __init__(self, store: RegistryStore, options: RegistryOptions) -> None:
        self._store, self._options = store, options
        self._uploads = Uploads(store, max_sessions=options.max_sessions, idle_seconds=options.idle_seconds)
        self._handlers: dict[str, Callable[[Request], Awaitable[Reply]]] = {
            "catalog": self._catalog,
            "uploads": self._begin_upload,
            "upload": self._upload,
            "blob": self._blob,
            "manifest": self._manifest,
            "tags": self._tags,
            "referrers": self._referrers,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"a registry speaks HTTP only, not {scope['type']}")
        try:
            reply = await self._answer(scope, receive)
        except RegistryError as exc:
            extra = (("WWW-Authenticate", 'Basic realm="pycosign registry"'),) if exc.status == 401 else ()
            reply = Reply(exc.status, (("Content-Type", _JSON), *extra), core.error_body(exc))
        except ClientGoneError:
            return
        await send_reply(reply, scope["method"] == "HEAD", send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self._uploads.close()
                self._store.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        self._check_credentials(headers.get("authorization"))
        route = core.route(scope["path"])
        request = Request(scope["method"], route, query, headers, receive)
        if route.what == "root":
            allow(request, "GET", "HEAD")
            return Reply(200, (("Content-Type", _JSON),), b"{}")
        return await self._handlers[route.what](request)

    def _check_credentials(self, header: str | None) -> None:
        if self._options.credentials is None:
            return
        expected = ":".join(self._options.credentials).encode()
        scheme, _, value = (header or "").partition(" ")
        try:
            given = a2b_base64(value, strict_mode=True) if scheme.lower() == "basic" else b""
        except BinasciiError:
            given = b""
        if not hmac.compare_digest(given, expected):
            raise RegistryError(401, "UNAUTHORIZED", "authentication required")

    # ---- lists -----------------------------------------------------------------------------------------------------
    async def _catalog(self, request: Request) -> Reply:
        allow(request, "GET", "HEAD")
        names = await asyncio.to_thread(self._store.repositories)
        return _listing(request, "/v2/_catalog", {}, "repositories", names)

    async def _tags(self, request: Request) -> Reply:
        allow(request, "GET", "HEAD")
        name = request.route.repository
        tags = await asyncio.to_thread(self._store.tags, name)
        if tags is None:
            raise RegistryError(404, "NAME_UNKNOWN", f"repository {name} is not known")
        return _listing(request, f"/v2/{name}/tags/list", {"name": name}, "tags", tags)

    async def _referrers(self, request: Request) -> Reply:
        allow(request, "GET", "HEAD")
        name, subject = request.route.repository, request.route.reference
        core.parse_digest(subject)
        rows = await asyncio.to_thread(self._store.referrers, name, subject)
        # ggcr compares this header as a string: with a charset it would ignore the API.
        headers = [("Content-Type", core.INDEX_TYPE)]
        wanted = request.query.get("artifactType")
        if wanted:
            rows = [row for row in rows if row["artifactType"] in wanted]
            headers.append(("OCI-Filters-Applied", "artifactType"))
        size = self._options.referrers_page
        if size is not None:
            last = request.parameter("last") or ""
            rows = [row for row in rows if row["digest"] > last]
            if len(rows) > size:
                rows = rows[:size]
                again = [("artifactType", value) for value in wanted or ()] + [("last", rows[-1]["digest"])]
                headers.append(("Link", f'</v2/{name}/referrers/{subject}?{urlencode(again)}>; rel="next"'))
        return Reply(200, tuple(headers), core.referrers_index(rows))

    # ---- manifests -------------------------------------------------------------------------------------------------
    async def _manifest(self, request: Request) -> Reply:
        allow(request, "GET", "HEAD", "PUT", "DELETE")
        name, reference = request.route.repository, request.route.reference
        if ":" in reference:
            core.parse_digest(reference)
        elif not core.is_tag(reference):
            # not 400: the conformance suite asks for impossible tags and expects "not found"
            raise RegistryError(404 if request.method != "PUT" else 400, "MANIFEST_UNKNOWN", "not a tag")
        if request.method == "PUT":
            return await self._put_manifest(request)
        if request.method == "DELETE":
            if not await asyncio.to_thread(self._store.delete_manifest, name, reference):
                raise RegistryError(404, "MANIFEST_UNKNOWN", f"{name} has no {reference}")
            return Reply(202)
        manifest = await asyncio.to_thread(self._store.find_manifest, name, reference)
        if manifest is None:
            raise RegistryError(404, "MANIFEST_UNKNOWN", f"{name} has no {reference}")
        headers = (
            ("Content-Type", manifest.media_type),
            ("Docker-Content-Digest", manifest.digest),
            ("ETag", f'"{manifest.digest}"'),  # @sigstore/oci rewrites fallback indexes with If-Match
        )
        return Reply(200, headers, manifest.raw)

    async def _put_manifest(self, request: Request) -> Reply:
        name, reference = request.route.repository, request.route.reference
        raw = await whole_body(request, limits.MANIFEST_BYTES)
        algorithm = "sha256"
        tags = request.query.get("tag", [])
        if ":" in reference:
            algorithm = core.parse_digest(reference)[0]
        else:
            tags = [reference]
        digest = f"{algorithm}:{hashlib.new(algorithm, raw).hexdigest()}"
        if ":" in reference and reference != digest:
            raise RegistryError(400, "DIGEST_INVALID", f"the manifest's digest is {digest}, not {reference}")
        for tag in tags:
            if not core.is_tag(tag):
                raise RegistryError(400, "MANIFEST_INVALID", f"{tag[:150]!r} is not a tag")
        facts = core.inspect_manifest(raw, request.headers.get("content-type"))
        if_match = request.headers.get("if-match")
        await asyncio.to_thread(
            self._store.put_manifest,
            name,
            StoredManifest(digest, facts.media_type, raw),
            facts,
            tags,
            if_match=if_match.strip('"') if if_match is not None and if_match != "*" else None,
            if_none_match=request.headers.get("if-none-match") == "*",
        )
        headers = [("Location", f"/v2/{name}/manifests/{digest}"), ("Docker-Content-Digest", digest)]
        if facts.subject is not None:
            headers.append(("OCI-Subject", facts.subject))
        headers += [("OCI-Tag", tag) for tag in request.query.get("tag", [])]
        return Reply(201, tuple(headers))

    # ---- blobs -----------------------------------------------------------------------------------------------------
    async def _blob(self, request: Request) -> Reply:
        allow(request, "GET", "HEAD", "DELETE")
        name, digest = request.route.repository, request.route.reference
        core.parse_digest(digest)
        if request.method == "DELETE":
            if not await asyncio.to_thread(self._store.delete_blob, name, digest):
                raise RegistryError(404, "BLOB_UNKNOWN", f"{name} has no blob {digest}")
            return Reply(202)
        size = await asyncio.to_thread(self._store.blob_size, name, digest)
        if size is None:
            raise RegistryError(404, "BLOB_UNKNOWN", f"{name} has no blob {digest}")
        headers = (
            ("Content-Type", "application/octet-stream"),
            ("Docker-Content-Digest", digest),
            ("Accept-Ranges", "bytes"),
        )
        part = core.parse_range(request.headers.get("range"), size) if request.method == "GET" else None
        path = self._store.blob_path(digest)
        if part is None:
            return Reply(200, headers, file=(path, 0, size))
        first, last = part
        ranged = (*headers, ("Content-Range", f"bytes {first}-{last}/{size}"))
        return Reply(206, ranged, file=(path, first, last - first + 1))

    async def _begin_upload(self, request: Request) -> Reply:
        allow(request, "POST")
        name = request.route.repository
        mount, digest = request.parameter("mount"), request.parameter("digest")
        if mount is not None:
            core.parse_digest(mount)
            if await asyncio.to_thread(self._store.mount_blob, name, mount, request.parameter("from")):
                return _created(name, mount)
        if digest is not None:
            core.parse_digest(digest)
        session = self._uploads.begin(name)
        if digest is None:
            return _accepted(session)
        try:
            await self._receive(request, session)
            return await self._complete(session, digest)
        finally:
            self._uploads.end(session)

    async def _upload(self, request: Request) -> Reply:
        allow(request, "GET", "HEAD", "PATCH", "PUT", "DELETE")
        session = self._uploads.find(request.route.repository, request.route.reference)
        if request.method in ("GET", "HEAD"):
            return Reply(204, _progress(session))
        async with _claim(session):
            if request.method == "DELETE":
                self._uploads.end(session)
                return Reply(204)
            session.expect_range(request.headers.get("content-range"))
            if request.method == "PATCH":
                await self._receive(request, session)
                return _accepted(session)
            digest = request.parameter("digest")
            if digest is None:
                raise RegistryError(400, "DIGEST_INVALID", "the digest is missing")
            core.parse_digest(digest)
            await self._receive(request, session)
            try:
                return await self._complete(session, digest)
            finally:
                self._uploads.end(session)

    async def _receive(self, request: Request, session: Session) -> None:
        """Append the request's body. What arrived before a client broke off stays: it may resume."""
        before = session.size
        async for piece in pieces(request.receive):
            session.write(piece, max_bytes=self._options.max_blob_bytes)
        wanted = core.content_range(request.headers.get("content-range"))
        if wanted is not None and wanted[1] - wanted[0] + 1 != session.size - before:
            raise RegistryError(400, "SIZE_INVALID", "the chunk is not as long as its Content-Range says")

    async def _complete(self, session: Session, digest: str) -> Reply:
        await asyncio.to_thread(session.check_digest, digest)
        await asyncio.to_thread(self._store.take_blob, session.repository, digest, session.path, session.size)
        return _created(session.repository, digest)


def _listing(request: Request, path: str, first: dict[str, Any], name: str, items: list[str]) -> Reply:
    count = request.parameter("n")
    shown, more = core.page(items, count=count, last=request.parameter("last"))
    headers = [("Content-Type", _JSON)]
    if more:
        again = urlencode({"n": count, "last": shown[-1]})
        headers.append(("Link", f'<{path}?{again}>; rel="next"'))
    return Reply(200, tuple(headers), json.dumps({**first, name: shown}).encode())


def _created(repository: str, digest: str) -> Reply:
    location = ("Location", f"/v2/{repository}/blobs/{digest}")
    return Reply(201, (location, ("Docker-Content-Digest", digest)))


def _progress(session: Session) -> tuple[tuple[str, str], ...]:
    return (
        ("Location", f"/v2/{session.repository}/blobs/uploads/{session.identifier}"),
        ("Range", f"0-{max(0, session.size - 1)}"),
        ("Docker-Upload-UUID", session.identifier),
    )


def _accepted(session: Session) -> Reply:
    return Reply(202, _progress(session))


@asynccontextmanager
async def _claim(session: Session) -> AsyncIterator[None]:
    if session.busy:
        raise RegistryError(416, "BLOB_UPLOAD_INVALID", "another request is writing to this upload")
    session.busy = True
    try:
        yield
    finally:
        session.busy = False
