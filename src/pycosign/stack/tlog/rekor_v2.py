"""Rekor v2's API over HTTP: one way to write, and tiles to read.

Source: sigstore/rekor-tiles, api/proto/rekor/v2; C2SP tlog-tiles. Errors have grpc-gateway's shape.
Unlike the POSIX server of rekor-tiles this one serves the reads itself.
"""

from http import HTTPStatus
from typing import Final

from pycosign.codec.strict_json import Fields, JsonValue, compact_json, load_json
from pycosign.crypto.signers import Signer
from pycosign.errors import InvalidSignatureError, MalformedError, OverloadedError, SigningError, UnavailableError
from pycosign.limits import REQUEST_BYTES
from pycosign.stack.asgi import ASGIApp, Request, Response, build_app
from pycosign.stack.tlog.engine import Log
from pycosign.stack.tlog.heads import rekor_v2_name
from pycosign.stack.tlog.rekor_v2_core import VERSION, AdmittedV2, admit_v2
from pycosign.wire.log_entry import LogEntry, entry_to_dict
from pycosign.wire.tile import FULL_WIDTH, Tile, format_entry_bundle, parse_tile_path

__all__ = ["RekorV2", "build_rekor_v2_app"]

_INVALID_ARGUMENT, _NOT_FOUND, _ALREADY_EXISTS, _UNIMPLEMENTED, _INTERNAL, _UNAVAILABLE = 3, 5, 6, 12, 13, 14
_ENTRIES: Final = "/api/v2/log/entries"
_CHECKPOINT: Final = "/api/v2/checkpoint"
_PREFIX: Final = "/api/v2/"
_OCTETS: Final = "application/octet-stream"
_IMMUTABLE: Final = (("Cache-Control", "public, max-age=31536000, immutable"),)
_FRESH: Final = (("Cache-Control", "no-cache"),)


class _RpcError(SigningError):
    """An answer in grpc-gateway's shape."""

    def __init__(self, status: int, rpc_code: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.status, self.rpc_code, self.headers = status, rpc_code, headers
        super().__init__(message)


class RekorV2:
    """One Rekor v2 log over the engine: the API's endpoints. `host` is the log's origin."""

    def __init__(self, log: Log, *, host: str, signer: Signer) -> None:
        self._log = log
        self._name = rekor_v2_name(host, signer)

    @property
    def log_id(self) -> bytes:
        """The log's id, 32 bytes: what entries and the trusted root name it by."""
        return self._name.log_id

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return await self._route(request)
        except _RpcError as exc:
            return _refusal(exc)
        except OverloadedError:
            return _refusal(_RpcError(HTTPStatus.SERVICE_UNAVAILABLE, _UNAVAILABLE, "reached max pushback; retry"))
        except UnavailableError as exc:
            return _refusal(_RpcError(HTTPStatus.INTERNAL_SERVER_ERROR, _INTERNAL, f"failed to integrate entry: {exc}"))

    async def _route(self, request: Request) -> Response:
        if request.path == _ENTRIES:
            if request.method != "POST":
                raise _RpcError(HTTPStatus.NOT_IMPLEMENTED, _UNIMPLEMENTED, "Method Not Allowed")
            return await self._create(request)
        if request.method != "GET":
            raise _RpcError(HTTPStatus.NOT_IMPLEMENTED, _UNIMPLEMENTED, "Method Not Allowed")
        if request.path == _CHECKPOINT:
            return Response(HTTPStatus.OK, self._log.head.signed, "text/plain; charset=utf-8", _FRESH)
        if request.path.startswith(f"{_PREFIX}tile/"):
            return self._tile(request.path.removeprefix(_PREFIX))
        if request.path == "/healthz":
            return Response(HTTPStatus.OK, b'{"status":"SERVING"}')
        raise _RpcError(HTTPStatus.NOT_FOUND, _NOT_FOUND, "Not Found")

    # ---- writing ---------------------------------------------------------------------------------------------------
    async def _create(self, request: Request) -> Response:
        admitted = _admit(request.body)
        done = await self._log.append(admitted.body)
        if not done.is_new:
            raise _RpcError(
                HTTPStatus.CONFLICT,
                _ALREADY_EXISTS,
                f"an equivalent entry already exists in the transparency log with index {done.log_index}",
                (("X-Log-Index", str(done.log_index)),),
            )
        head = done.head
        proof = self._log.prove(done.log_index, head)
        entry = LogEntry(
            done.log_index,
            self._name.log_id,
            admitted.kind,
            VERSION,
            None,
            promise=None,
            proof=proof,
            body=admitted.body,
        )
        return Response(HTTPStatus.CREATED, compact_json(entry_to_dict(entry, unpopulated=True)))

    # ---- reading ---------------------------------------------------------------------------------------------------
    def _tile(self, path: str) -> Response:
        """A tile of hashes or a bundle of entries, whole or partial, that the newest checkpoint covers."""
        try:
            tile = parse_tile_path(path)
        except MalformedError as exc:
            raise _RpcError(HTTPStatus.BAD_REQUEST, _INVALID_ARGUMENT, str(exc)) from exc
        body = (
            self._entry_bundle(tile) if tile.level is None else self._log.tile(tile.level, tile.tile_index, tile.width)
        )
        if body is None:
            raise _RpcError(HTTPStatus.NOT_FOUND, _NOT_FOUND, "Not Found")
        return Response(HTTPStatus.OK, body, _OCTETS, _IMMUTABLE)

    def _entry_bundle(self, tile: Tile) -> bytes | None:
        start = tile.tile_index * FULL_WIDTH
        if start + tile.width > self._log.size:
            return None
        return format_entry_bundle([stored.leaf for stored in self._log.entries(start, start + tile.width)])


def _admit(body: bytes) -> AdmittedV2:
    """Check a request. Raises _RpcError 400: the original's text, and then what is wrong."""
    try:
        fields = Fields(load_json(body, what="request", max_bytes=REQUEST_BYTES), "request")
    except MalformedError as exc:
        raise _RpcError(HTTPStatus.BAD_REQUEST, _INVALID_ARGUMENT, str(exc)) from exc
    name = "dsse" if "dsseRequestV002" in fields else "hashedrekord"
    try:
        admitted = admit_v2(fields)
    except (MalformedError, InvalidSignatureError) as exc:
        raise _RpcError(HTTPStatus.BAD_REQUEST, _INVALID_ARGUMENT, f"invalid {name} request: {exc}") from exc
    if admitted is None:
        raise _RpcError(HTTPStatus.BAD_REQUEST, _INVALID_ARGUMENT, "invalid type, must be hashedrekord")
    return admitted


def _refusal(error: _RpcError) -> Response:
    details: list[JsonValue] = []
    body = {"code": error.rpc_code, "message": str(error), "details": details}
    return Response(error.status, compact_json(body), headers=error.headers)


def build_rekor_v2_app(rekor: RekorV2) -> ASGIApp:
    """The ASGI application of one log."""
    return build_app(rekor.handle, max_bytes=REQUEST_BYTES)
