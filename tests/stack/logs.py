"""What the tests of the logs share: logs in memory, a clock that stands still, and an ASGI client without sockets."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.stack.asgi import ASGIApp
from pycosign.stack.store.memory import MemoryLogStore
from pycosign.stack.store.model import LogStore
from pycosign.stack.tlog.engine import Log, Pace
from pycosign.stack.tlog.heads import rekor_v1_name, rekor_v2_name
from pycosign.stack.tlog.rekor_v1 import RekorV1, build_rekor_v1_app
from pycosign.stack.tlog.rekor_v2 import RekorV2, build_rekor_v2_app
from pycosign.wire.rekor_request import hashedrekord_v1_request

T = TypeVar("T")
WIRE = Path(__file__).parent.parent / "data" / "wire"
NOW = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
TREE_ID = 2465520671374018096  # of the recordings
V1_HOST, V2_HOST = "rekor.test", "127.0.0.1"
PROMPT = Pace(linger_seconds=0)


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


async def call(
    app: ASGIApp, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    """Send one request to an application. `target` is the path with its query."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 1),
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    named = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], named, b"".join(message["body"] for message in sent[1:]))


async def post(app: ASGIApp, path: str, body: bytes | object) -> Answer:
    """POST JSON: bytes as they are, other values written as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await call(app, "POST", path, raw, {"Content-Type": "application/json"})


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function to its end in a new event loop."""
    return asyncio.run(work())


def recording(name: str) -> Any:
    """One recorded exchange."""
    return json.loads((WIRE / f"{name}.json").read_bytes())


async def replay(app: ASGIApp, name: str) -> Answer:
    """Send a recorded request."""
    request = recording(name)["request"]
    return await call(app, request["method"], request["path"], request.get("body", "").encode(), request["headers"])


class V1(NamedTuple):
    """A Rekor v1 in memory."""

    log: Log
    app: ASGIApp
    signer: LocalSigner


def rekor_v1(store: LogStore | None = None, *, first_index: int = 0, pace: Pace = PROMPT) -> V1:
    """A Rekor v1 of the recordings' name and tree number."""
    signer = generate_signer("ecdsa-p256")
    sign_head = rekor_v1_name(V1_HOST, TREE_ID, signer).head_signer(signer)
    log = Log.open(store or MemoryLogStore(), sign_head=sign_head, clock=lambda: NOW, pace=pace)
    rekor = RekorV1(log, host=V1_HOST, tree_id=TREE_ID, signer=signer, first_index=first_index)
    return V1(log, build_rekor_v1_app(rekor), signer)


class V2(NamedTuple):
    """A Rekor v2 in memory."""

    log: Log
    app: ASGIApp
    signer: LocalSigner
    rekor: RekorV2


def rekor_v2(store: LogStore | None = None, *, pace: Pace = PROMPT) -> V2:
    """A Rekor v2 of the recordings' name."""
    signer = generate_signer("ed25519")
    sign_head = rekor_v2_name(V2_HOST, signer).head_signer(signer)
    log = Log.open(store or MemoryLogStore(), sign_head=sign_head, clock=lambda: NOW, pace=pace)
    rekor = RekorV2(log, host=V2_HOST, signer=signer)
    return V2(log, build_rekor_v2_app(rekor), signer, rekor)


def hashedrekord(signer: LocalSigner, digest: bytes) -> bytes:
    """A proposed entry for Rekor v1 over a SHA-256 digest."""
    return hashedrekord_v1_request("sha256", digest, signer.sign_digest(digest, "sha256"), signer.public_key.pem())


def shape(value: Any) -> Any:
    """A JSON value's names and types; maps that are keyed by an entry's id count as one name."""
    if isinstance(value, dict):
        names = {"ENTRY" if len(name) == 80 else name: shape(item) for name, item in value.items()}
        return dict(sorted(names.items()))
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__
