"""Rekor v1's API over HTTP. Source: sigstore/rekor openapi.yaml and pkg/api; the recordings.

Statuses and texts are the original's, as recorded: malformed JSON is 500, a missing `spec` is 422 with the code 602.
"""

import json
import re
from http import HTTPStatus
from typing import Final

from pycosign.codec.strict_json import JsonValue, compact_json
from pycosign.crypto.signers import Signer
from pycosign.errors import InvalidSignatureError, MalformedError, OverloadedError, UnavailableError
from pycosign.limits import REQUEST_BYTES, RETRIEVE_ITEMS
from pycosign.stack.asgi import ASGIApp, Request, Response, build_app, text_response
from pycosign.stack.store.model import Head, StoredLeaf
from pycosign.stack.tlog.engine import Log
from pycosign.stack.tlog.heads import rekor_v1_name
from pycosign.stack.tlog.openapi import (
    ENUM,
    PATTERN,
    REQUIRED,
    AnswerError,
    body_fields,
    body_list,
    check_method,
    json_answer,
    query_number,
    refusal,
    request_value,
)
from pycosign.stack.tlog.rekor_v1_core import KNOWN_KINDS, Admitted, admit, key_search_keys
from pycosign.wire.log_entry import LogEntry, format_v1_response, set_payload

__all__ = ["RekorV1", "build_rekor_v1_app"]

_ENTRY_ID = re.compile(r"(?:[0-9a-fA-F]{16})?[0-9a-fA-F]{64}", re.ASCII)
_HASH_PREFIXES: Final = {40: "sha1:", 64: "sha256:", 96: "sha384:", 128: "sha512:"}
_ENTRIES: Final = "/api/v1/log/entries"
_VARY: Final = (("Vary", "Origin"),)
_UNCACHED: Final = (
    ("Cache-Control", "no-cache, no-store, no-transform, must-revalidate, private, max-age=0"),
    ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("Pragma", "no-cache"),
    ("Vary", "Origin"),
    ("X-Accel-Expires", "0"),
)
_METHODS: Final = {
    "/": "GET",
    "/ping": "GET",
    "/healthz": "GET",
    "/api/v1/log": "GET",
    "/api/v1/log/publicKey": "GET",
    "/api/v1/log/proof": "GET",
    "/api/v1/log/entries/retrieve": "POST",
    "/api/v1/index/retrieve": "POST",
}


class RekorV1:
    """One Rekor v1 tree over the engine: the API's endpoints.

    first_index: how many entries older, inactive shards hold; the virtual index is that of the tree plus it.
    """

    def __init__(self, log: Log, *, host: str, tree_id: int, signer: Signer, first_index: int = 0) -> None:
        self._log, self._signer = log, signer
        self._tree_id, self._first_index = tree_id, first_index
        self._name = rekor_v1_name(host, tree_id, signer)
        self._pem = signer.public_key.pem()

    # ---- routing ---------------------------------------------------------------------------------------------------
    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        headers = _VARY if request.method == "POST" else _UNCACHED
        if "origin" in request.headers:
            headers = (
                *headers,
                ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Expose-Headers", "ETag, Location"),
            )
        try:
            response = await self._route(request)
        except AnswerError as exc:
            response = refusal(exc)
        except OverloadedError as exc:
            response = refusal(AnswerError(HTTPStatus.SERVICE_UNAVAILABLE, str(exc)))._replace(
                headers=(("Retry-After", "1"),)
            )
        except UnavailableError as exc:
            response = refusal(AnswerError(exc.http_status, f"unexpected result from transparency log: {exc}"))
        return response._replace(headers=(*response.headers, *headers))

    async def _route(self, request: Request) -> Response:
        path = request.path.rstrip("/") or "/"  # sigstore-python posts to .../retrieve/
        if path == _ENTRIES:
            if request.method == "POST":
                return await self._create(request)
            check_method(request, "GET", "GET,POST")
            return self._get_by_index(request)
        entry_id = path.removeprefix(f"{_ENTRIES}/") if path != f"{_ENTRIES}/retrieve" else path
        if entry_id != path:
            check_method(request, "GET", "GET")
            return self._get_by_id(entry_id)
        method = _METHODS.get(path)
        if method is None:
            raise AnswerError(HTTPStatus.NOT_FOUND, f"path {path} was not found")
        check_method(request, method, method)
        match path:
            case "/api/v1/log":
                return self._log_info()
            case "/api/v1/log/publicKey":
                return self._public_key(request)
            case "/api/v1/log/proof":
                return self._consistency(request)
            case "/api/v1/log/entries/retrieve":
                return self._retrieve(request)
            case "/api/v1/index/retrieve":
                return self._search(request)
        return text_response(HTTPStatus.OK, "." if path == "/ping" else "pycosign's Rekor v1\n")

    # ---- writing ---------------------------------------------------------------------------------------------------
    async def _create(self, request: Request) -> Response:
        admitted = _proposed(request_value(request))
        done = await self._log.append(admitted.body, extra=admitted.attestation, search_keys=admitted.search_keys)
        entry_id = self._entry_id(done.leaf_hash)
        location = ("Location", f"{_ENTRIES}/{entry_id}")
        if not done.is_new:
            raise AnswerError(
                HTTPStatus.CONFLICT,
                f"an equivalent entry already exists in the transparency log with UUID {entry_id}",
                location=location[1],
            )
        stored = StoredLeaf(done.log_index, done.timestamp_ms, admitted.body, None)
        body = compact_json(self._entry_json(entry_id, stored, done.head))
        # ETag without quotes: sigstore-go looks the entry up by it
        return Response(HTTPStatus.CREATED, body + b"\n", headers=(("ETag", entry_id), location))

    def _entry_id(self, leaf_hash: bytes) -> str:
        return f"{self._tree_id:016x}{leaf_hash.hex()}"

    def _entry_json(self, entry_id: str, stored: StoredLeaf, head: Head) -> JsonValue:
        """The entry with its promise and a proof of inclusion under `head`."""
        proof = self._log.prove(stored.log_index, head)
        entry = LogEntry(
            log_index=self._first_index + stored.log_index,
            log_id=self._name.log_id,
            kind="",  # named by the body
            version="",
            integrated_at=stored.timestamp_ms // 1000,
            promise=None,
            proof=proof,
            body=stored.leaf,
        )
        entry = entry._replace(promise=self._signer.sign(set_payload(entry)))
        return format_v1_response(entry_id, entry, stored.extra)

    # ---- reading ---------------------------------------------------------------------------------------------------
    def _read(self, log_index: int) -> JsonValue:
        """The entry of that index in this tree, under the newest head. Raises AnswerError 404."""
        stored = self._log.entry(log_index)
        if stored is None:
            raise AnswerError(HTTPStatus.NOT_FOUND, "")
        return self._entry_json(self._entry_id(self._log.leaf_hash(log_index)), stored, self._log.head)

    def _get_by_index(self, request: Request) -> Response:
        return json_answer(self._read(query_number(request, "logIndex", minimum=0) - self._first_index))

    def _get_by_id(self, entry_id: str) -> Response:
        if not _ENTRY_ID.fullmatch(entry_id):
            raise AnswerError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "entryUUID in path should match '^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$'",
                body_code=PATTERN,
            )
        return json_answer(self._read(self._find(entry_id)))

    def _find(self, entry_id: str) -> int:
        """The index of an entry by its id or bare leaf hash. Raises AnswerError 404."""
        found = None
        if len(entry_id) == 64 or int(entry_id[:16], 16) == self._tree_id:
            found = self._log.find(bytes.fromhex(entry_id[-64:]))
        if found is None:
            raise AnswerError(HTTPStatus.NOT_FOUND, "")
        return found

    def _retrieve(self, request: Request) -> Response:
        query = body_fields(request_value(request), "entry")
        indexes = body_list(query, "logIndexes", int)
        ids = body_list(query, "entryUUIDs", str)
        entries = body_list(query, "entries", dict)
        if len(indexes) + len(ids) + len(entries) > RETRIEVE_ITEMS:
            raise AnswerError(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"more than max allowed {RETRIEVE_ITEMS} entries in request"
            )
        found: list[JsonValue] = []
        for wanted in [*indexes, *ids, *entries]:
            try:
                found.append(self._read(self._resolve(wanted)))
            except AnswerError as exc:
                if exc.status != HTTPStatus.NOT_FOUND:  # what is missing is left out
                    raise
        return json_answer(found)

    def _resolve(self, wanted: JsonValue) -> int:
        if isinstance(wanted, int):
            return wanted - self._first_index
        if isinstance(wanted, str):
            if not _ENTRY_ID.fullmatch(wanted):
                message = "entryUUIDs in body should match '^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$'"
                raise AnswerError(HTTPStatus.UNPROCESSABLE_ENTITY, message, body_code=PATTERN)
            return self._find(wanted)
        found = self._log.find_body(_proposed(wanted, prefix="").body)
        if found is None:
            raise AnswerError(HTTPStatus.NOT_FOUND, "")
        return found

    def _search(self, request: Request) -> Response:
        query = body_fields(request_value(request), "query")
        try:
            operator = (query.optional_text("operator") or "or").lower()
            keys = [text.lower() for name in ("email", "subject") if (text := query.optional_text(name))]
            if digest := query.optional_text("hash"):
                keys.append(("" if ":" in digest else _HASH_PREFIXES.get(len(digest), "")) + digest.lower())
            key = query.optional_object("publicKey")
            if key is not None:
                if key.text("format") != "x509":
                    raise AnswerError(
                        HTTPStatus.BAD_REQUEST, "the PKI format requested is not supported by this server"
                    )
                keys.append(key_search_keys(key.b64("content")))
        except (MalformedError, InvalidSignatureError) as exc:
            raise AnswerError(HTTPStatus.BAD_REQUEST, f"public key provided could not be parsed: {exc}") from exc
        if operator not in ("and", "or"):
            raise AnswerError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "operator in body should be one of [and or]", body_code=ENUM
            )
        sets = [set(self._log.search(key)) for key in keys]
        indexes = set.intersection(*sets) if sets and operator == "and" else set().union(*sets)
        return json_answer([*(self._entry_id(self._log.leaf_hash(index)) for index in sorted(indexes, reverse=True))])

    # ---- the log itself --------------------------------------------------------------------------------------------
    def _log_info(self) -> Response:
        head = self._log.head
        return json_answer(
            {
                "inactiveShards": None,
                "rootHash": head.root.hex(),
                "signedTreeHead": head.signed.decode(),
                "treeID": str(self._tree_id),
                "treeSize": head.size,
            }
        )

    def _public_key(self, request: Request) -> Response:
        try:
            self._check_tree(request)
        except AnswerError as exc:
            raise exc if exc.status != HTTPStatus.BAD_REQUEST else AnswerError(exc.status, "Bad Request") from exc
        return Response(HTTPStatus.OK, self._pem, "application/x-pem-file")

    def _check_tree(self, request: Request) -> None:
        tree_id = request.query().get("treeID", "")
        if tree_id and not (tree_id.isascii() and tree_id.isdecimal()):
            message = "treeID in query should match '^[0-9]+$'"
            raise AnswerError(HTTPStatus.UNPROCESSABLE_ENTITY, message, body_code=PATTERN)
        if tree_id and int(tree_id[:20]) != self._tree_id:
            raise AnswerError(HTTPStatus.BAD_REQUEST, f"invalid tree ID specified: {tree_id[:20]}")

    def _consistency(self, request: Request) -> Response:
        """The proof, and the newest root: not the root at `lastSize`, as recorded."""
        last = query_number(request, "lastSize", minimum=1)
        first = query_number(request, "firstSize", minimum=1, default=1)
        if first > last:
            raise AnswerError(HTTPStatus.BAD_REQUEST, f"firstSize({first}) must be less than lastSize({last})")
        self._check_tree(request)
        head = self._log.head
        if last > head.size:
            raise AnswerError(
                HTTPStatus.BAD_REQUEST,
                f"the tree size requested({last}) was greater than what is currently observable({head.size})",
            )
        hashes: list[JsonValue] = [item.hex() for item in self._log.consistency_proof(first, last)]
        return json_answer({"hashes": hashes, "rootHash": head.root.hex()})


def _proposed(value: JsonValue, *, prefix: str = "error processing entry: ") -> Admitted:
    """Check a proposed entry. Raises AnswerError: 422 for the outer form, 400 for what is inside."""
    fields = body_fields(value, "entry")
    try:
        kind = fields.optional_text("kind") or ""
        if kind not in KNOWN_KINDS:
            raise AnswerError(HTTPStatus.UNPROCESSABLE_ENTITY, f"invalid kind value: {json.dumps(kind[:100])}")
        for name in ("apiVersion", "spec"):
            if name not in fields:
                raise AnswerError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} in body is required", body_code=REQUIRED)
        return admit(kind, fields.text("apiVersion"), fields.object("spec"))
    except (MalformedError, InvalidSignatureError) as exc:
        raise AnswerError(HTTPStatus.BAD_REQUEST, f"{prefix}{exc}") from exc


def build_rekor_v1_app(rekor: RekorV1) -> ASGIApp:
    """The ASGI application of one log."""
    return build_app(rekor.handle, max_bytes=REQUEST_BYTES)
