"""A log's store in memory, which can be told to fail: for tests of the engine, and for logs that need not survive."""

from collections.abc import Iterable

from pycosign.errors import LogStateError
from pycosign.stack.store.model import Batch, Head, StoredLeaf

__all__ = ["MemoryLogStore"]


class MemoryLogStore:
    """Holds everything in this process; nobody else can write it, and it dies with the process.

    `fail_at` = n lets the n-th commit raise OSError: with `persisted` after it has taken effect (the answer was lost),
    without it before. `heal()` ends that.
    """

    def __init__(self, *, fail_at: int | None = None, persisted: bool = False) -> None:
        self._fail_at, self._persisted = fail_at, persisted
        self._commits = 0
        self._head: Head | None = None
        self._leaves: list[StoredLeaf] = []
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._dedupe: dict[bytes, int] = {}
        self._hashes: dict[bytes, int] = {}
        self._search: dict[str, list[int]] = {}

    def heal(self) -> None:
        """Fail no more."""
        self._fail_at = None

    def commit(self, batch: Batch) -> None:
        stored = self._head.size if self._head else -1
        if stored != batch.old_size:
            raise LogStateError(f"the stored head is of size {stored}, not {batch.old_size}")
        self._commits += 1
        fails = self._commits == self._fail_at
        if fails and not self._persisted:
            raise OSError(f"commit {self._commits} failed before it wrote")
        for new in batch.leaves:
            self._leaves.append(StoredLeaf(new.log_index, new.timestamp_ms, new.leaf, new.extra))
            self._dedupe[new.dedupe_key] = new.log_index
            self._hashes.setdefault(new.leaf_hash, new.log_index)
            for key in dict.fromkeys(new.search_keys):
                self._search.setdefault(key, []).append(new.log_index)
        for tile in batch.tiles:
            self._tiles[tile.level, tile.tile_index] = tile.hashes
        self._head = batch.head
        if fails:
            raise OSError(f"commit {self._commits} failed after it wrote")

    def head(self) -> Head | None:
        return self._head

    def leaf_count(self) -> int:
        return len(self._leaves)

    def tile(self, level: int, tile_index: int) -> bytes | None:
        return self._tiles.get((level, tile_index))

    def leaves(self, start: int, end: int) -> list[StoredLeaf]:
        return self._leaves[max(start, 0) : max(end, 0)]

    def find_duplicates(self, dedupe_keys: Iterable[bytes]) -> dict[bytes, int]:
        return {key: self._dedupe[key] for key in dedupe_keys if key in self._dedupe}

    def find_leaf_hash(self, leaf_hash: bytes) -> int | None:
        return self._hashes.get(leaf_hash)

    def search(self, search_key: str, limit: int) -> list[int]:
        return self._search.get(search_key, [])[: -limit - 1 : -1]

    def close(self) -> None:
        """Nothing to let go of."""
