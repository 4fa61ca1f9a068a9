"""The repository's metadata, made with the `tuf` package. Pure: files come out as bytes, the moment is given.

Two keys, one of them for root and targets, one for snapshot and timestamp; threshold 1 each. Only the timestamp is
ever signed again: root, targets and snapshot live as long as the certificates that they speak of.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

__all__ = ["TIMESTAMP_LIFETIME", "Target", "TufKeys", "build_repository", "renewed_timestamp"]

LIFETIME = timedelta(days=3650)
TIMESTAMP_LIFETIME = timedelta(days=30)
_HASHES = ["sha256"]


class TufKeys(NamedTuple):
    """P-256 keys: `root` signs root and targets, `online` snapshot and timestamp."""

    root: ec.EllipticCurvePrivateKey
    online: ec.EllipticCurvePrivateKey


class Target(NamedTuple):
    """A target's bytes, and for old clients what it is used for ("Fulcio", "Rekor", "CTFE", "TSA") and where."""

    data: bytes
    usage: str | None = None
    uri: str = ""


def _signer(key: ec.EllipticCurvePrivateKey) -> CryptoSigner:
    """A signer whose key id is the hash of the canonical key, as older clients recompute it."""
    return CryptoSigner(key, SSlibKey.from_crypto(key.public_key(), scheme="ecdsa-sha2-nistp256"))


def _signed(signed: Signed, signer: CryptoSigner) -> bytes:
    metadata: Metadata[Any] = Metadata(signed)
    metadata.sign(signer)
    return metadata.to_bytes(JSONSerializer(compact=True))


def build_repository(targets: Mapping[str, Target], keys: TufKeys, *, now: datetime) -> dict[str, bytes]:
    """Version 1 of a repository with consistent snapshots.

    Returns: path below the repository's URL -> content; `root.json` is a copy of `1.root.json`, to start from.
    """
    moment = now.replace(microsecond=0)
    root_signer, online_signer = _signer(keys.root), _signer(keys.online)
    files: dict[str, bytes] = {}
    described = Targets(expires=moment + LIFETIME)
    for name, target in targets.items():
        entry = TargetFile.from_data(name, target.data, _HASHES)
        if target.usage is not None:
            sigstore = {"usage": target.usage, "status": "Active", "uri": target.uri}
            entry.unrecognized_fields["custom"] = {"sigstore": sigstore}
        described.targets[name] = entry
        files[f"targets/{entry.hashes['sha256']}.{name}"] = target.data
    root = Root(expires=moment + LIFETIME, consistent_snapshot=True)
    for role, signer in (
        ("root", root_signer),
        ("targets", root_signer),
        ("snapshot", online_signer),
        ("timestamp", online_signer),
    ):
        root.add_key(signer.public_key, role)
    files["1.root.json"] = files["root.json"] = _signed(root, root_signer)
    files["1.targets.json"] = _signed(described, root_signer)
    snapshot = Snapshot(expires=moment + LIFETIME)
    snapshot.meta["targets.json"] = MetaFile.from_data(1, files["1.targets.json"], _HASHES)
    files["1.snapshot.json"] = _signed(snapshot, online_signer)
    timestamp = Timestamp(expires=moment + TIMESTAMP_LIFETIME)
    timestamp.snapshot_meta = MetaFile.from_data(1, files["1.snapshot.json"], _HASHES)
    files["timestamp.json"] = _signed(timestamp, online_signer)
    return files


def renewed_timestamp(current: bytes, online: ec.EllipticCurvePrivateKey, *, now: datetime) -> bytes:
    """The same timestamp with the next version, for another thirty days."""
    metadata: Metadata[Timestamp] = Metadata.from_bytes(current)
    metadata.signed.version += 1
    metadata.signed.expires = now.replace(microsecond=0) + TIMESTAMP_LIFETIME
    metadata.sign(_signer(online))
    return metadata.to_bytes(JSONSerializer(compact=True))
