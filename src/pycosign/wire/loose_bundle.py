"""Bundles read as loosely as protobuf readers do, to look at and never to verify: what is missing stays missing.

`wire.bundle` refuses what no bundle may be; here it is shown.
Source: protobuf-specs, sigstore_bundle.proto; the documentation of Go's protojson.
"""

import binascii
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.strict_json import Fields, load_json
from pycosign.errors import MalformedError

__all__ = [
    "LooseBundle",
    "LooseEntry",
    "LooseEnvelope",
    "LooseMaterial",
    "LooseMessage",
    "LooseProof",
    "parse_loose_bundle",
]

_ALGORITHMS: Final = ("HASH_ALGORITHM_UNSPECIFIED", "SHA2_256", "SHA2_384", "SHA2_512", "SHA3_256", "SHA3_384")
_URL_SAFE: Final = str.maketrans("-_", "+/")


class LooseProof(NamedTuple):
    """An inclusion proof; numbers that are absent are 0, as in protobuf."""

    log_index: int
    tree_size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str | None


class LooseEntry(NamedTuple):
    """A log entry; None is a message that is absent."""

    log_index: int
    log_id: bytes | None
    kind_version: tuple[str, str] | None
    integrated_at: int
    promise: bytes | None
    proof: LooseProof | None
    body: bytes


class LooseMaterial(NamedTuple):
    """Who signed, and what proves when. kind: "certificate", "x509CertificateChain", "publicKey", or "" for none."""

    kind: str
    certificates_der: tuple[bytes, ...]
    hint: str
    entries: tuple[LooseEntry, ...]
    timestamps: tuple[bytes, ...] | None


class LooseEnvelope(NamedTuple):
    """A DSSE envelope with its signatures and their key ids."""

    payload: bytes
    payload_type: str
    signatures: tuple[tuple[bytes, str], ...]


class LooseMessage(NamedTuple):
    """A signature over an artifact; digest: its algorithm's protobuf name, and the bytes."""

    digest: tuple[str, bytes] | None
    signature: bytes


class LooseBundle(NamedTuple):
    """A bundle of whatever version."""

    media_type: str
    material: LooseMaterial | None
    content: LooseEnvelope | LooseMessage | None


def parse_loose_bundle(data: bytes, *, what: str = "bundle") -> LooseBundle:
    """Parse protobuf JSON: members may be missing, and base64 may be of either alphabet, padded or not.

    Raises: MalformedError: not strict JSON, an unknown member, a value of another type, two of what excludes each
            other, or more than `limits` allow.
    """
    fields = Fields(load_json(data, what=what, max_bytes=limits.BUNDLE_BYTES), what)
    media_type = fields.optional_text("mediaType") or ""
    material = fields.optional_object("verificationMaterial")
    kind, chosen = _one_of(fields, "messageSignature", "dsseEnvelope")
    content: LooseEnvelope | LooseMessage | None = None
    if chosen is not None:
        content = _message(chosen) if kind == "messageSignature" else _envelope(chosen)
    bundle = LooseBundle(media_type, None if material is None else _material(material), content)
    fields.refuse_unknown()
    return bundle


def _one_of(fields: Fields, *names: str) -> tuple[str, Fields | None]:
    found = [(name, item) for name in names if (item := fields.optional_object(name)) is not None]
    if len(found) > 1:
        raise MalformedError(fields.what, f"has more than one of {', '.join(names)}")
    return found[0] if found else ("", None)


def _bytes(fields: Fields, name: str) -> bytes:
    text = fields.optional_text(name)
    return b"" if text is None else _decoded(text, fields.path(name))


def _decoded(text: str, what: str) -> bytes:
    text = text.translate(_URL_SAFE).rstrip("=")
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError as exc:
        raise MalformedError(what, "is not base64") from exc


def _material(fields: Fields) -> LooseMaterial:
    kind, chosen = _one_of(fields, "publicKey", "x509CertificateChain", "certificate")
    certificates: tuple[bytes, ...] = ()
    hint = ""
    if chosen is not None:
        if kind == "publicKey":
            hint = chosen.optional_text("hint") or ""
        elif kind == "certificate":
            certificates = (_bytes(chosen, "rawBytes"),)
        else:
            items = chosen.optional_objects("certificates", limit=limits.CERTIFICATES) or []
            certificates = tuple(_only_bytes(item, "rawBytes") for item in items)
        chosen.refuse_unknown()
    entries = tuple(_entry(item) for item in fields.optional_objects("tlogEntries", limit=limits.LOG_ENTRIES) or ())
    timestamps = None
    data = fields.optional_object("timestampVerificationData")
    if data is not None:
        stamps = data.optional_objects("rfc3161Timestamps", limit=limits.TIMESTAMPS) or []
        timestamps = tuple(_only_bytes(item, "signedTimestamp") for item in stamps)
        data.refuse_unknown()
    fields.refuse_unknown()
    return LooseMaterial(kind, certificates, hint, entries, timestamps)


def _only_bytes(fields: Fields, name: str) -> bytes:
    raw = _bytes(fields, name)
    fields.refuse_unknown()
    return raw


def _entry(fields: Fields) -> LooseEntry:
    log_id = fields.optional_object("logId")
    kind_version = fields.optional_object("kindVersion")
    promise = fields.optional_object("inclusionPromise")
    proof = fields.optional_object("inclusionProof")
    named = None
    if kind_version is not None:
        named = (kind_version.optional_text("kind") or "", kind_version.optional_text("version") or "")
        kind_version.refuse_unknown()
    entry = LooseEntry(
        log_index=fields.optional_integer("logIndex") or 0,
        log_id=None if log_id is None else _only_bytes(log_id, "keyId"),
        kind_version=named,
        integrated_at=fields.optional_integer("integratedTime") or 0,
        promise=None if promise is None else _only_bytes(promise, "signedEntryTimestamp"),
        proof=None if proof is None else _proof(proof),
        body=_bytes(fields, "canonicalizedBody"),
    )
    fields.refuse_unknown()
    return entry


def _proof(fields: Fields) -> LooseProof:
    checkpoint = fields.optional_object("checkpoint")
    note = None
    if checkpoint is not None:
        note = checkpoint.optional_text("envelope") or ""
        checkpoint.refuse_unknown()
    hashes = fields.optional_texts("hashes", limit=limits.PROOF_HASHES) or ()
    proof = LooseProof(
        log_index=fields.optional_integer("logIndex") or 0,
        tree_size=fields.optional_integer("treeSize") or 0,
        root=_bytes(fields, "rootHash"),
        hashes=tuple(_decoded(text, fields.path("hashes")) for text in hashes),
        checkpoint=note,
    )
    fields.refuse_unknown()
    return proof


def _message(fields: Fields) -> LooseMessage:
    hinted = fields.optional_object("messageDigest")
    digest = None
    if hinted is not None:
        digest = (_algorithm(hinted), _bytes(hinted, "digest"))
        hinted.refuse_unknown()
    message = LooseMessage(digest, _bytes(fields, "signature"))
    fields.refuse_unknown()
    return message


def _algorithm(fields: Fields) -> str:
    """An enum's value: its name, or its number."""
    value = fields.optional_value("algorithm")
    if value is None:
        return _ALGORITHMS[0]
    if isinstance(value, int) and not isinstance(value, bool):
        return _ALGORITHMS[value] if 0 <= value < len(_ALGORITHMS) else str(value)
    if value not in _ALGORITHMS:
        raise MalformedError(fields.path("algorithm"), f"is not one of {', '.join(_ALGORITHMS)}")
    return str(value)


def _envelope(fields: Fields) -> LooseEnvelope:
    signatures = []
    for item in fields.optional_objects("signatures", limit=limits.SIGNATURES) or ():
        signatures.append((_bytes(item, "sig"), item.optional_text("keyid") or ""))
        item.refuse_unknown()
    envelope = LooseEnvelope(_bytes(fields, "payload"), fields.optional_text("payloadType") or "", tuple(signatures))
    fields.refuse_unknown()
    return envelope
