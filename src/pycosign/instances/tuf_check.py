"""Checks stored TUF metadata again, offline: root -> timestamp -> snapshot -> targets -> file.

A checker, never an updater: `tuf` alone decides which metadata is newer. What is stored could have been damaged or
exchanged since, so every use checks it again. Expiry is reported, not judged here.
Source: the TUF specification, 1.0.31, sections 4 and 5.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from pycosign.codec.fields import Fields
from pycosign.codec.json_value import JsonValue
from pycosign.codec.rfc3339 import parse_rfc3339
from pycosign.codec.strict_json import load_json
from pycosign.crypto.keys import PublicKey, load_public_key
from pycosign.errors import InvalidSignatureError, MalformedError, RefusedError

__all__ = [
    "CheckedMetadata",
    "MetadataFiles",
    "TufMetadataError",
    "canonical_bytes",
    "check_metadata",
    "check_target",
    "root_version",
]

METADATA_BYTES: Final = 5 << 20
_ED25519_SPKI: Final = bytes.fromhex("302a300506032b6570032100")
_KEYS: Final = 256
_ECDSA: Final = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")  # key types, once, and schemes
_SCHEMES: Final = dict(zip(("ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"), ("ed25519", *_ECDSA), strict=True))
_RSA_HASHES: Final = ("sha256", "sha384", "sha512")


class TufMetadataError(RefusedError):
    """Stored TUF metadata does not hold together: a signature, version, length or hash is wrong."""

    code = "tuf.metadata-invalid"


class MetadataFiles(NamedTuple):
    """The four files as they are stored."""

    root: bytes
    timestamp: bytes
    snapshot: bytes
    targets: bytes


class CheckedMetadata(NamedTuple):
    """What the checked metadata says."""

    root_version: int
    expires_at: datetime  # the earliest of the four
    targets: Mapping[str, Fields]  # name -> length and hashes


class _Document:
    """One signed metadata file."""

    __slots__ = ("name", "raw", "signatures", "signed", "signed_bytes")

    def __init__(self, raw: bytes, name: str) -> None:
        what = f"TUF {name}"
        fields = Fields(load_json(raw, what=what, max_bytes=METADATA_BYTES), what, protojson=False)
        self.raw, self.name = raw, name
        self.signed = fields.object("signed")
        if self.signed.text("_type") != name:
            raise MalformedError(what, f"is of type {self.signed.text('_type')!r}")
        self.signed_bytes = canonical_bytes(fields.value("signed"))
        self.signatures = {
            item.text("keyid"): item.optional_text("sig") or "" for item in fields.objects("signatures", limit=_KEYS)
        }

    @property
    def version(self) -> int:
        return self.signed.integer("version", minimum=1)

    @property
    def expires_at(self) -> datetime:
        return parse_rfc3339(self.signed.text("expires"), what=f"TUF {self.name} expires")


def check_metadata(
    files: MetadataFiles, *, anchor: bytes | None, history: Mapping[str, bytes] | None = None
) -> CheckedMetadata:
    """Check the four files against each other, and the root against an anchor.

    Args:   anchor: a root that is trusted for reasons of its own (built in, or named by the user); the stored root must
            be the same, or signed by the anchor's keys too, as a rotation demands. None: the stored root is the anchor.
            history: roots between the two by file name ("5.root.json"), which are walked when the keys were rotated
            more than once; each must be signed by the keys of the one before.
    Raises: TufMetadataError: something does not fit; MalformedError: a file is not TUF metadata.
    """
    root = _Document(files.root, "root")
    if anchor is not None and anchor != files.root:
        known = _walk(_Document(anchor, "root"), root.version, history or {})
        if root.version < known.version:
            raise TufMetadataError(f"the stored TUF root (version {root.version}) is older than the trusted one")
        _check_role(root, known)
    _check_role(root, root)
    timestamp = _Document(files.timestamp, "timestamp")
    _check_role(timestamp, root)
    snapshot = _Document(files.snapshot, "snapshot")
    _check_listed(snapshot, timestamp.signed.object("meta").object("snapshot.json"))
    _check_role(snapshot, root)
    targets = _Document(files.targets, "targets")
    _check_listed(targets, snapshot.signed.object("meta").object("targets.json"))
    _check_role(targets, root)
    listed = targets.signed.object("targets")
    return CheckedMetadata(
        root_version=root.version,
        expires_at=min(item.expires_at for item in (root, timestamp, snapshot, targets)),
        targets={name: listed.object(name) for name in listed},
    )


def _walk(known: _Document, last: int, history: Mapping[str, bytes]) -> _Document:
    """The newest root before `last` to which the stored rotations lead (TUF, 5.3); `known` itself without any."""
    while known.version + 1 < last:
        raw = history.get(f"{known.version + 1}.root.json")
        if raw is None:
            break
        successor = _Document(raw, "root")
        if successor.version != known.version + 1:
            raise TufMetadataError(f"the stored TUF root {known.version + 1} says that it is {successor.version}")
        _check_role(successor, known)
        _check_role(successor, successor)
        known = successor
    return known


def check_target(metadata: CheckedMetadata, name: str, content: bytes) -> None:
    """Check a target file's bytes. Raises: TufMetadataError: not listed, or another length or hash."""
    listed = metadata.targets.get(name)
    if listed is None:
        raise TufMetadataError(f"the TUF repository has no target {name}")
    if listed.integer("length", minimum=0) != len(content):
        raise TufMetadataError(f"the stored TUF target {name} has another length")
    _check_hashes(listed.object("hashes"), content, f"target {name}")


def root_version(raw: bytes) -> int:
    """The version that a root file gives itself. Raises: MalformedError."""
    return _Document(raw, "root").version


def canonical_bytes(value: JsonValue) -> bytes:
    """OLPC canonical JSON, which TUF signs: sorted members, no spaces, only \\ and " escaped."""
    pieces: list[str] = []
    _write(value, pieces)
    return "".join(pieces).encode()


def _write(value: JsonValue, pieces: list[str]) -> None:
    if isinstance(value, str):
        pieces.append('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"')
    elif value is None or isinstance(value, bool):
        pieces.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        pieces.append(str(value))
    elif isinstance(value, list):
        pieces.append("[")
        for position, item in enumerate(value):
            if position:
                pieces.append(",")
            _write(item, pieces)
        pieces.append("]")
    elif isinstance(value, dict):
        pieces.append("{")
        for position, name in enumerate(sorted(value)):
            if position:
                pieces.append(",")
            _write(name, pieces)
            pieces.append(":")
            _write(value[name], pieces)
        pieces.append("}")
    else:
        raise MalformedError("TUF metadata", "holds a number that is no integer")


def _check_role(document: _Document, root: _Document) -> None:
    """Enough of the keys that the root gives this role have signed."""
    role = root.signed.object("roles").object(document.name)
    threshold = role.integer("threshold", minimum=1, maximum=_KEYS)
    keys = root.signed.object("keys")
    good: set[bytes] = set()  # by key: two ids of one key count once
    for keyid in role.texts("keyids", limit=_KEYS):
        text = document.signatures.get(keyid)
        if not text:
            continue
        fields = keys.optional_object(keyid)
        if fields is None:
            continue
        key = _load_key(fields)
        if key is not None and _signed_by(key, fields.text("scheme"), text, document):
            good.add(key.spki_der)
    if len(good) < threshold:
        raise TufMetadataError(
            f"the stored TUF {document.name} has {len(good)} good signatures of its role; {threshold} are needed"
        )


def _load_key(fields: Fields) -> PublicKey | None:
    """A key of a kind that we know; others do not count."""
    kind, public = fields.text("keytype"), fields.object("keyval").optional_text("public")
    if public is None:
        return None  # keys of Sigstore identities have none
    try:
        if kind == "ed25519":
            return load_public_key(_ED25519_SPKI + bytes.fromhex(public), what="TUF key")
        if kind in ("ecdsa", *_ECDSA, "rsa"):
            return load_public_key(public.encode(), what="TUF key")
    except (MalformedError, ValueError):
        return None
    return None


def _signed_by(key: PublicKey, scheme: str, text: str, document: _Document) -> bool:
    """Whether the key made this signature, in the scheme that the root names for it: those that `tuf` takes online."""
    try:
        signature = bytes.fromhex(text)
    except ValueError:
        return False
    method, _, hash_name = scheme.rpartition("-")
    try:
        if key.kind.startswith("rsa"):
            if method == "rsassa-pss" and hash_name in _RSA_HASHES:  # Go's signers make the salt as long as it goes
                key.verify_pss(signature, document.signed_bytes, hash_name=hash_name, any_salt=True)
            elif method == "rsa-pkcs1v15" and hash_name in _RSA_HASHES:
                key.verify(signature, document.signed_bytes, hash_name=hash_name)
            else:
                return False
        elif scheme == _SCHEMES.get(key.kind):
            key.verify(signature, document.signed_bytes)
        else:
            return False
    except InvalidSignatureError:
        return False
    return True


def _check_listed(document: _Document, listed: Fields) -> None:
    """The parent names exactly this version of the file."""
    version = listed.integer("version", minimum=1)
    if version != document.version:
        raise TufMetadataError(f"the stored TUF {document.name} is version {document.version}, not {version}")
    length = listed.optional_integer("length", minimum=0)
    if length is not None and length != len(document.raw):
        raise TufMetadataError(f"the stored TUF {document.name} has another length than its parent says")
    hashes = listed.optional_object("hashes")
    if hashes is not None:
        _check_hashes(hashes, document.raw, document.name)


def _check_hashes(hashes: Fields, content: bytes, what: str) -> None:
    checked = 0
    for algorithm in ("sha256", "sha512"):
        wanted = hashes.optional_hex(algorithm)
        if wanted is None:
            continue
        if hashlib.new(algorithm, content).digest() != wanted:
            raise TufMetadataError(f"the stored TUF {what} has another {algorithm} than its parent says")
        checked += 1
    if not checked:
        raise TufMetadataError(f"the stored TUF {what} is listed without a hash that we know")
