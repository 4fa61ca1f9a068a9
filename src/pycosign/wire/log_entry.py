"""Transparency log entries: Rekor v1's JSON, and protobuf's (Rekor v2 answers and bundles).

Source: sigstore/rekor openapi.yaml (LogEntry); protobuf-specs sigstore_rekor.proto (TransparencyLogEntry).
"""

from typing import Final

from pycosign import limits
from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.codec.fields import is_lower_hex
from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.strict_json import Fields, load_json
from pycosign.errors import MalformedError
from pycosign.record import Record

__all__ = [
    "InclusionProof",
    "LogEntry",
    "body_kind",
    "entry_from_fields",
    "entry_to_dict",
    "format_v1_response",
    "parse_tlog_entry",
    "parse_v1_response",
    "parse_v1_responses",
    "set_payload",
    "v1_entry_from_fields",
]

_ENTRY_ID_DIGITS: Final = (64, 80)  # a leaf's hash in hexadecimal, with or without the tree's id before it
_HASH_BYTES: Final = 32


class InclusionProof(Record):
    """That a leaf is in a tree. Source: RFC 9162, 2.1.3."""

    log_index: int  # inside the tree (shard) of this proof: 0 <= log_index < size
    root: bytes  # 32 bytes
    size: int  # leaves
    hashes: tuple[bytes, ...]  # from the leaf upward, 32 bytes each
    checkpoint: str  # the signed note; "" if there is none (bundles of version 0.1)


class LogEntry(Record):
    """What a log said about one entry. Nothing here is verified."""

    log_index: int  # over all shards of the log
    log_id: bytes  # 32 bytes: SHA-256 of the key (v1), or the whole C2SP key id (v2)
    kind: str
    version: str
    integrated_at: int | None  # seconds since 1970; None for logs that do not say (v2)
    promise: bytes | None  # the signed entry timestamp (SET), over `set_payload`
    proof: InclusionProof | None
    body: bytes  # the leaf: canonical JSON, see `rekor_body`


def body_kind(body: bytes, *, what: str = "log entry body") -> tuple[str, str]:
    """The kind and version that a body names for itself."""
    fields = Fields(load_json(body, what=what, max_bytes=limits.BUNDLE_BYTES), what, protojson=False)
    return fields.text("kind"), fields.text("apiVersion")


# ---- protobuf JSON -------------------------------------------------------------------------------------------------
def parse_tlog_entry(data: bytes, *, what: str = "log entry") -> LogEntry:
    """Parse a TransparencyLogEntry: what Rekor v2 answers.

    Raises: MalformedError: see `entry_from_fields`.
    """
    return entry_from_fields(Fields(load_json(data, what=what, max_bytes=limits.RESPONSE_BYTES), what))


def entry_from_fields(fields: Fields) -> LogEntry:
    """Read a TransparencyLogEntry (protobuf JSON): zeros may be absent, as Cosign 3 leaves them out.

    Raises: MalformedError: a member unknown, missing or out of range; an inclusion proof whose index is not below
            its size.
    """
    kind_version = fields.object("kindVersion")
    kind, version = kind_version.text("kind"), kind_version.text("version")
    kind_version.refuse_unknown()
    log_id = fields.object("logId")
    log_key_id = log_id.b64("keyId", size=_HASH_BYTES)
    log_id.refuse_unknown()
    promise = fields.optional_object("inclusionPromise")
    proof = fields.optional_object("inclusionProof")
    entry = LogEntry(
        log_index=fields.optional_integer("logIndex", minimum=0) or 0,
        log_id=log_key_id,
        kind=kind,
        version=version,
        integrated_at=fields.optional_integer("integratedTime", minimum=0) or None,
        promise=None if promise is None else promise.b64("signedEntryTimestamp", max_size=limits.SIGNATURE_BYTES),
        proof=None if proof is None else _proof_from_fields(proof),
        body=fields.b64("canonicalizedBody", max_size=limits.BUNDLE_BYTES),
    )
    if promise is not None:
        promise.refuse_unknown()
    fields.refuse_unknown()
    return entry


def _proof_from_fields(fields: Fields) -> InclusionProof:
    path = fields.path("hashes")
    hashes = fields.optional_texts("hashes", limit=limits.PROOF_HASHES) or []
    checkpoint = fields.optional_object("checkpoint")
    note = ""
    if checkpoint is not None:
        note = _checkpoint(checkpoint, "envelope") or ""
        checkpoint.refuse_unknown()
    proof = InclusionProof(
        log_index=fields.optional_integer("logIndex", minimum=0) or 0,
        root=fields.b64("rootHash", size=_HASH_BYTES),
        size=fields.integer("treeSize", minimum=1),
        hashes=tuple(_hash(decode_b64(text, what=path), path) for text in hashes),
        checkpoint=note,
    )
    fields.refuse_unknown()
    return _checked(proof, fields)


def _checkpoint(fields: Fields, name: str) -> str | None:
    note = fields.optional_text(name)
    if note is not None and len(note) > limits.CHECKPOINT_BYTES:
        raise MalformedError(fields.path(name), f"is longer than {limits.CHECKPOINT_BYTES} characters")
    return note


def _hash(raw: bytes, what: str) -> bytes:
    if len(raw) != _HASH_BYTES:
        raise MalformedError(what, f"has a hash of {len(raw)} bytes, not {_HASH_BYTES}")
    return raw


def _checked(proof: InclusionProof, fields: Fields) -> InclusionProof:
    if proof.log_index >= proof.size:
        raise MalformedError(fields.path("logIndex"), f"is {proof.log_index}, in a tree of {proof.size} leaves")
    return proof


def entry_to_dict(entry: LogEntry, *, unpopulated: bool = False) -> JsonObject:
    """The entry as protobuf JSON, in the order of the fields' numbers; integers are decimal strings.

    `unpopulated` writes `"integratedTime":"0"` and nulls, as Rekor v2 does; else what is not there is left out.
    """
    written: JsonObject = {
        "logIndex": str(entry.log_index),
        "logId": {"keyId": encode_b64(entry.log_id)},
        "kindVersion": {"kind": entry.kind, "version": entry.version},
    }
    if entry.integrated_at is not None or unpopulated:
        written["integratedTime"] = str(entry.integrated_at or 0)
    if entry.promise is not None:
        written["inclusionPromise"] = {"signedEntryTimestamp": encode_b64(entry.promise)}
    elif unpopulated:
        written["inclusionPromise"] = None
    if entry.proof is not None:
        hashes: list[JsonValue] = [encode_b64(item) for item in entry.proof.hashes]
        proof: JsonObject = {
            "logIndex": str(entry.proof.log_index),
            "rootHash": encode_b64(entry.proof.root),
            "treeSize": str(entry.proof.size),
            "hashes": hashes,
        }
        if entry.proof.checkpoint:
            proof["checkpoint"] = {"envelope": entry.proof.checkpoint}
        written["inclusionProof"] = proof
    elif unpopulated:
        written["inclusionProof"] = None
    written["canonicalizedBody"] = encode_b64(entry.body)
    return written


# ---- Rekor v1's own JSON -------------------------------------------------------------------------------------------
def parse_v1_response(data: bytes, *, what: str = "Rekor response") -> tuple[str, LogEntry]:
    """Parse the answer to POST or GET of one entry: an object with one member, named by the entry's id.

    Returns: the id (80 hexadecimal digits: tree id and leaf hash; or the 64 of the leaf hash), and the entry.
    Raises:  MalformedError: another number of members, or see `v1_entry_from_fields`.
    """
    return _one_v1(load_json(data, what=what, max_bytes=limits.RESPONSE_BYTES), what)


def parse_v1_responses(data: bytes, *, what: str = "Rekor response") -> tuple[tuple[str, LogEntry], ...]:
    """Parse the answer to /api/v1/log/entries/retrieve: a list of what `parse_v1_response` reads."""
    value = load_json(data, what=what, max_bytes=limits.RESPONSE_BYTES)
    if not isinstance(value, list):
        raise MalformedError(what, "is not a list")
    return tuple(_one_v1(item, f"{what}[{i}]") for i, item in enumerate(value))


def _one_v1(value: JsonValue, what: str) -> tuple[str, LogEntry]:
    outer = Fields(value, what, protojson=False)
    ids = list(outer)
    if len(ids) != 1:
        raise MalformedError(what, f"has {len(ids)} entries, not one")
    if len(ids[0]) not in _ENTRY_ID_DIGITS or not is_lower_hex(ids[0]):
        raise MalformedError(what, f"is not named by an entry id, but by {ids[0][:100]!a}")
    return ids[0], v1_entry_from_fields(outer.object(ids[0]))


def v1_entry_from_fields(fields: Fields) -> LogEntry:
    """Read a LogEntry of Rekor v1 (hexadecimal hashes, plain integers). Unknown members are skipped: servers add them.

    Raises: MalformedError: a member missing or out of range, or a body that does not name its kind.
    """
    body = fields.b64("body", max_size=limits.BUNDLE_BYTES)
    kind, version = body_kind(body, what=fields.path("body"))
    promise, proof = None, None
    verification = fields.optional_object("verification")
    if verification is not None:
        promise = verification.optional_b64("signedEntryTimestamp", max_size=limits.SIGNATURE_BYTES)
        inclusion = verification.optional_object("inclusionProof")
        proof = None if inclusion is None else _v1_proof(inclusion)
    return LogEntry(
        log_index=fields.integer("logIndex", minimum=0),
        log_id=fields.hex("logID", size=_HASH_BYTES),
        kind=kind,
        version=version,
        integrated_at=fields.integer("integratedTime", minimum=0),
        promise=promise,
        proof=proof,
        body=body,
    )


def _v1_proof(fields: Fields) -> InclusionProof:
    path = fields.path("hashes")
    texts = fields.texts("hashes", limit=limits.PROOF_HASHES)
    if not all(is_lower_hex(text) for text in texts):
        raise MalformedError(path, "is not hexadecimal in lower case")
    hashes = tuple(_hash(bytes.fromhex(text), path) for text in texts)
    proof = InclusionProof(
        log_index=fields.integer("logIndex", minimum=0),
        root=fields.hex("rootHash", size=_HASH_BYTES),
        size=fields.integer("treeSize", minimum=1),
        hashes=hashes,
        checkpoint=_checkpoint(fields, "checkpoint") or "",
    )
    return _checked(proof, fields)


def format_v1_response(entry_id: str, entry: LogEntry, attestation: bytes | None = None) -> JsonObject:
    """The entry as Rekor v1 answers it, in its (alphabetical) order; `attestation`: the payload, if it was kept."""
    verification: JsonObject = {}
    if entry.proof is not None:
        hashes: list[JsonValue] = [item.hex() for item in entry.proof.hashes]
        verification["inclusionProof"] = {
            "checkpoint": entry.proof.checkpoint,
            "hashes": hashes,
            "logIndex": entry.proof.log_index,
            "rootHash": entry.proof.root.hex(),
            "treeSize": entry.proof.size,
        }
    if entry.promise is not None:
        verification["signedEntryTimestamp"] = encode_b64(entry.promise)
    written: JsonObject = {} if attestation is None else {"attestation": {"data": encode_b64(attestation)}}
    written |= {
        "body": encode_b64(entry.body),
        "integratedTime": entry.integrated_at or 0,
        "logID": entry.log_id.hex(),
        "logIndex": entry.log_index,
        "verification": verification,
    }
    return {entry_id: written}


def set_payload(entry: LogEntry) -> bytes:
    """The canonical JSON that a promise (SET) signs: body, integratedTime, logID, logIndex. Source: rekor, pkg/verify.

    Raises: MalformedError: the entry has no time.
    """
    if entry.integrated_at is None:
        raise MalformedError("log entry integratedTime", "is missing, and the promise signs it")
    # written by hand, for a log signs one for each entry: base64, hexadecimal and integers need no escapes
    return (
        f'{{"body":"{encode_b64(entry.body)}","integratedTime":{entry.integrated_at:d},'
        f'"logID":"{entry.log_id.hex()}","logIndex":{entry.log_index:d}}}'
    ).encode()
