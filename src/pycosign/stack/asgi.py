"""The thin layer under every service's `http.py`: a bounded request in, one response out, no framework in between."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

__all__ = [
    "ASGIApp",
    "Handler",
    "Request",
    "Response",
    "build_app",
    "collapse_slashes",
    "end_application",
    "json_response",
    "text_response",
]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Request(NamedTuple):
    """One HTTP request, whole. `path` is percent-decoded with repeated slashes collapsed: sigstore-go joins base URL
    and path without trimming (pkg/sign/certificate.go).
    Header names are lower case; of repeated ones the last counts."""

    method: str
    path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes
    client: str  # the peer's address, "" when unknown

    def query(self) -> dict[str, str]:
        """The query's parameters; of repeated ones the last counts."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    def form(self) -> dict[str, str]:
        """The parameters of a form body (application/x-www-form-urlencoded)."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Response(NamedTuple):
    """One HTTP response, whole."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Awaitable[Response]]


def json_response(status: int, text: str, *, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """An answer of JSON text that is already written."""
    return Response(status, text.encode(), "application/json", headers)


def text_response(status: int, text: str, *, content_type: str = "text/plain; charset=utf-8") -> Response:
    """A plain-text answer."""
    return Response(status, text.encode(), content_type)


def collapse_slashes(path: str) -> str:
    """Make "//api//v2" into "/api/v2"."""
    while "//" in path:
        path = path.replace("//", "/")
    return path


async def _read_body(receive: Receive, max_bytes: int) -> bytes | None:
    """The whole body, or None when it is longer than `max_bytes` or the client went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > max_bytes:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _send(send: Send, response: Response, *, head: bool) -> None:
    headers = [
        (b"content-type", response.content_type.encode("latin-1")),
        (b"content-length", str(len(response.body)).encode()),
    ]
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else response.body})


async def end_application(app: ASGIApp) -> None:
    """Let an application that knows the lifespan protocol close what it holds open."""
    events = iter(("lifespan.startup", "lifespan.shutdown"))

    async def receive() -> MutableMapping[str, Any]:
        return {"type": next(events)}

    async def send(message: MutableMapping[str, Any]) -> None:
        """Its answers say nothing that matters here."""

    await app({"type": "lifespan"}, receive, send)


def build_app(handler: Handler, *, max_bytes: int) -> ASGIApp:
    """An ASGI application that gives `handler` whole requests with bodies of at most `max_bytes`; longer ones are 413.

    HEAD is answered as GET without the body.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"this service speaks HTTP only, not {scope['type']}")
        body = await _read_body(receive, max_bytes)
        head = scope["method"] == "HEAD"
        if body is None:
            await _send(send, text_response(413, "the request's body is too large\n"), head=head)
            return
        request = Request(
            method="GET" if head else scope["method"],
            path=collapse_slashes(scope["path"]),
            raw_query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
            client=scope["client"][0] if scope.get("client") else "",
        )
        await _send(send, await handler(request), head=head)

    return app
