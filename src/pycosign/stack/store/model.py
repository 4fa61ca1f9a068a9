"""What a log's store holds and promises: values, and the `LogStore` protocol.

Trust: only the log's own writer (`stack.tlog.engine`) writes a store; the log trusts it for the leaves' bytes and
order. Whoever can write the files can hide or replace entries, and is found out by anyone who kept a checkpoint, not
by this program; whoever can also read the log's private key (kept beside it) can sign such a history.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

__all__ = ["HASH_BYTES", "TILE_WIDTH", "Batch", "Head", "LogStore", "NewLeaf", "StoredLeaf", "TileWrite"]

HASH_BYTES = 32
TILE_WIDTH = 256  # hashes in a full tile; C2SP tlog-tiles


class Head(NamedTuple):
    """The newest tree that the log stands for."""

    size: int  # leaves
    root: bytes  # 32 bytes
    timestamp_ms: int  # Unix milliseconds, never less than an earlier head's
    signed: bytes  # the log's own form: a signed note (Rekor), a TreeHeadSignature (CT)


class NewLeaf(NamedTuple):
    """A leaf that a batch adds at `log_index`."""

    log_index: int
    timestamp_ms: int
    leaf_hash: bytes  # RFC 6962: SHA-256(0x00 | leaf)
    dedupe_key: bytes  # unique in the log; the leaf hash unless the log has a rule of its own
    leaf: bytes
    extra: bytes | None = None  # not hashed: an attestation, a chain
    search_keys: tuple[str, ...] = ()


class StoredLeaf(NamedTuple):
    """A leaf as read back."""

    log_index: int
    timestamp_ms: int
    leaf: bytes
    extra: bytes | None


class TileWrite(NamedTuple):
    """The hashes of one tile, complete or partial; a longer one replaces its own prefix."""

    level: int  # tile level: its hashes are roots of 256**level leaves
    tile_index: int
    hashes: bytes  # 1..256 hashes of 32 bytes


class Batch(NamedTuple):
    """One step of a log, all or nothing."""

    old_size: int  # -1 for the very first head
    leaves: tuple[NewLeaf, ...]
    tiles: tuple[TileWrite, ...]
    head: Head


class LogStore(Protocol):
    """One log's storage.

    `commit` and `find_duplicates` are called by the log's one writer (any thread, never two at once); the other reads
    by the event loop, meanwhile. Failures of the medium are UnavailableError; a state that cannot be is LogStateError.
    """

    def commit(self, batch: Batch) -> None:
        """Make the batch durable, all of it or nothing; when this returns it survives the loss of power.

        Raises LogStateError when the stored head is not of `batch.old_size`: somebody else wrote.
        """
        ...

    def head(self) -> Head | None:
        """The newest committed head; None in a new store."""
        ...

    def leaf_count(self) -> int:
        """How many leaves are stored, counted from the leaves themselves."""
        ...

    def tile(self, level: int, tile_index: int) -> bytes | None:
        """The newest hashes of a tile (1..256 of them), or None."""
        ...

    def leaves(self, start: int, end: int) -> list[StoredLeaf]:
        """The leaves `start <= log_index < end` that exist, in order."""
        ...

    def find_duplicates(self, dedupe_keys: Iterable[bytes]) -> dict[bytes, int]:
        """Of these keys, those that are in the log, with their log index."""
        ...

    def find_leaf_hash(self, leaf_hash: bytes) -> int | None:
        """The index of the first leaf of that hash."""
        ...

    def search(self, search_key: str, limit: int) -> list[int]:
        """Indexes of the leaves that carry the key, newest first, at most `limit`."""
        ...

    def close(self) -> None:
        """Let go of files; harmless when repeated."""
        ...
