"""The certificate log over HTTP, and the CA's short way into it. Source: RFC 6962, 4."""

import json
import re
from collections.abc import Sequence
from typing import Final

from pycosign.ambient import Clock
from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError, SigningError, UsageError
from pycosign.limits import REQUEST_BYTES
from pycosign.stack.asgi import ASGIApp, Request, Response, build_app, json_response, text_response
from pycosign.stack.ctlog import core
from pycosign.stack.tlog.core import SignHead
from pycosign.stack.tlog.engine import Log
from pycosign.wire.sct import Sct
from pycosign.wire.sct_response import sct_response

__all__ = ["CtLog", "build_ctlog_app", "tree_head_signer"]

MAX_ENTRIES: Final = 256
_PATH = re.compile(r"(?:/[A-Za-z0-9._-]+)?/ct/v1/([a-z-]+)", re.ASCII)
_SUBMISSIONS = ("add-chain", "add-pre-chain")
_IMMUTABLE = (("Cache-Control", "public, max-age=86400"),)
_TITLES = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class _Problem(SigningError):
    """An answer that is not 200: status and one line of detail."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        super().__init__(detail)


def _failure(status: int, detail: str) -> Response:
    return text_response(status, f"{_TITLES.get(status, 'Internal Server Error')}\n{detail}\n")


def _number(query: dict[str, str], name: str) -> int:
    text = query.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        raise _Problem(400, f"parameter '{name}' is missing or not a number")
    return int(text)


def _hashes(hashes: Sequence[bytes]) -> list[str]:
    return [encode_b64(item) for item in hashes]


def tree_head_signer(key: core.LogKey) -> SignHead:
    """How the engine signs this log's heads: TreeHeadSignature (RFC 6962, 3.5)."""

    def sign(size: int, root: bytes, timestamp_ms: int) -> bytes:
        return core.sign_tree_head(size, root, timestamp_ms, key)

    return sign


class CtLog:
    """The log's endpoints over the engine. Takes chains that end in one of `roots` (DER)."""

    def __init__(self, log: Log, key: core.LogKey, roots: Sequence[bytes], *, clock: Clock) -> None:
        self._log, self._key, self._roots, self._clock = log, key, tuple(roots), clock

    async def submit(self, entry: core.Entry) -> Sct:
        """Log an entry; a chain that was logged before gets a promise of its first time.

        Returns: the promise, which holds already: the leaf is durable and in the tree.
        Raises:  UnavailableError: the log could not take it.
        """
        leaf = core.leaf_input(entry, int(self._clock().timestamp() * 1000))
        appended = await self._log.append(leaf, extra=entry.extra_data, dedupe_key=entry.dedupe_key)
        if not appended.is_new:
            stored = self._log.entry(appended.log_index)
            leaf = stored.leaf if stored is not None else leaf
        return core.sign_leaf(leaf, self._key)

    async def handle(self, request: Request) -> Response:
        """Route one request."""
        if request.path == "/healthz":
            return text_response(200, "ok")
        match = _PATH.fullmatch(request.path)
        if match is None:
            return _failure(404, "no such path")
        name = match[1]
        if request.method != ("POST" if name in _SUBMISSIONS else "GET"):
            return _failure(405, f"method not allowed: {request.method}")
        try:
            if name in _SUBMISSIONS:
                return await self._add(request.body, precertificate=name == "add-pre-chain")
            return self._read(name, request.query())
        except _Problem as exc:
            return _failure(exc.status, str(exc))
        except SigningError as exc:
            return _failure(exc.http_status, str(exc))

    async def _add(self, body: bytes, *, precertificate: bool) -> Response:
        parsed = load_json(body, what="request", max_bytes=REQUEST_BYTES)
        chain = parsed.get("chain") if isinstance(parsed, dict) else None
        if not isinstance(chain, list) or not all(isinstance(item, str) for item in chain):
            raise MalformedError("chain", "is missing or not a list of text")
        ders = [decode_b64(str(item), what="chain") for item in chain]
        entry = core.entry_of_chain(ders, self._roots, precertificate=precertificate)
        return json_response(200, json.dumps(sct_response(await self.submit(entry))))

    def _read(self, name: str, query: dict[str, str]) -> Response:
        match name:
            case "get-sth":
                return self._tree_head()
            case "get-sth-consistency":
                return self._consistency(_number(query, "first"), _number(query, "second"))
            case "get-proof-by-hash":
                return self._proof_by_hash(query)
            case "get-entries":
                return self._entries(_number(query, "start"), _number(query, "end"))
            case "get-entry-and-proof":
                return self._entry_and_proof(_number(query, "leaf_index"), _number(query, "tree_size"))
            case "get-roots":
                return json_response(200, json.dumps({"certificates": _hashes(self._roots)}))
        return _failure(404, "no such path")

    def _tree_head(self) -> Response:
        head = self._log.head
        answer = {
            "tree_size": head.size,
            "timestamp": head.timestamp_ms,
            "sha256_root_hash": encode_b64(head.root),
            "tree_head_signature": encode_b64(head.signed),
        }
        return json_response(200, json.dumps(answer))

    def _consistency(self, first: int, second: int) -> Response:
        if first > second:
            raise _Problem(400, f"first ({first}) is greater than second ({second})")
        self._check_size(second)
        proof = self._log.consistency_proof(first, second) if 0 < first < second else []
        return json_response(200, json.dumps({"consistency": _hashes(proof)}), headers=_IMMUTABLE)

    def _proof_by_hash(self, query: dict[str, str]) -> Response:
        size = _number(query, "tree_size")
        self._check_size(size)
        index = self._log.find(decode_b64(query.get("hash", ""), what="hash"))
        if index is None or index >= size:
            raise _Problem(404, "no leaf of that hash in a tree of that size")
        proof = self._log.inclusion_proof(index, size)
        return json_response(200, json.dumps({"leaf_index": index, "audit_path": _hashes(proof)}), headers=_IMMUTABLE)

    def _entries(self, start: int, end: int) -> Response:
        if start > end:
            raise _Problem(400, f"start ({start}) is greater than end ({end})")
        if start >= self._log.size:
            raise _Problem(400, f"need tree size: {start + 1} to get leaves but only got: {self._log.size}")
        found = self._log.entries(start, min(end + 1, start + MAX_ENTRIES))
        entries = [{"leaf_input": encode_b64(e.leaf), "extra_data": encode_b64(e.extra or b"")} for e in found]
        return json_response(200, json.dumps({"entries": entries}), headers=_IMMUTABLE)

    def _entry_and_proof(self, index: int, size: int) -> Response:
        self._check_size(size)
        entry = self._log.entry(index) if index < size else None
        if entry is None:
            raise _Problem(400, f"no leaf {index} in a tree of {size}")
        answer = {
            "leaf_input": encode_b64(entry.leaf),
            "extra_data": encode_b64(entry.extra or b""),
            "audit_path": _hashes(self._log.inclusion_proof(index, size)),
        }
        return json_response(200, json.dumps(answer), headers=_IMMUTABLE)

    def _check_size(self, size: int) -> None:
        if size > self._log.size:
            raise UsageError(f"need tree size: {size} for proof but only got: {self._log.size}")


def build_ctlog_app(ctlog: CtLog) -> ASGIApp:
    """The log as an ASGI application, at /ct/v1/... and below any one prefix."""
    return build_app(ctlog.handle, max_bytes=REQUEST_BYTES)
