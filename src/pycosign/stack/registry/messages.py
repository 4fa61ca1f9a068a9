"""What the registry's ASGI application receives and sends: a request's parts, a body in pieces, a reply."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from pycosign.stack.registry.core import RegistryError, Route

__all__ = [
    "ASGIApp",
    "ClientGoneError",
    "Receive",
    "Reply",
    "Request",
    "Scope",
    "Send",
    "allow",
    "pieces",
    "send_reply",
    "whole_body",
]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_PIECE_BYTES = 1 << 20


class Request(NamedTuple):
    """A request whose body is still to come."""

    method: str
    route: Route
    query: dict[str, list[str]]
    headers: dict[str, str]
    receive: Receive

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter."""
        return self.query[name][-1] if name in self.query else None


class Reply(NamedTuple):
    """What to answer: bytes, or a part of a file."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    file: tuple[str, int, int] | None = None  # path, first byte, length


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


def allow(request: Request, *methods: str) -> None:
    """Raise RegistryError 405 unless the method is one of these."""
    if request.method not in methods:
        raise RegistryError(405, "UNSUPPORTED", f"{request.method} is not for this path")


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises ClientGoneError if it ends before its time."""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        piece: bytes = message.get("body", b"")
        if piece:
            yield piece
        if not message.get("more_body", False):
            return


async def whole_body(request: Request, max_bytes: int) -> bytes:
    """The body of a small request. Raises RegistryError 413."""
    body = bytearray()
    async for piece in pieces(request.receive):
        body += piece
        if len(body) > max_bytes:
            raise RegistryError(413, "MANIFEST_INVALID", f"a manifest may have {max_bytes} bytes")
    return bytes(body)


async def send_reply(reply: Reply, head: bool, send: Send) -> None:
    """Send a reply; for HEAD only its headers."""
    length = reply.file[2] if reply.file is not None else len(reply.body)
    headers = [("Docker-Distribution-API-Version", "registry/2.0"), *reply.headers]
    if reply.status != 204:
        headers.append(("Content-Length", str(length)))
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    if head or reply.file is None:
        await send({"type": "http.response.body", "body": b"" if head else reply.body})
        return
    path, first, left = reply.file
    stream = await asyncio.to_thread(open, path, "rb")
    try:
        await asyncio.to_thread(stream.seek, first)
        while left > 0:
            piece = await asyncio.to_thread(stream.read, min(left, _PIECE_BYTES))
            if not piece:
                raise RuntimeError(f"{path} is shorter than the store says")
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        stream.close()
