"""The pure part of a log: its tree, held in tiles, and the plan of the next step. No I/O, no clock.

A tree is a value: `grown` gives the next one and leaves this one as it is, so a step that could not be committed is
simply dropped. Source: RFC 9162, 2.1; C2SP tlog-tiles.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pycosign.crypto.merkle import consistency_proof, inclusion_proof, leaf_hash, node_hash, tree_root
from pycosign.errors import LogStateError, UsageError
from pycosign.stack.store.model import HASH_BYTES, TILE_WIDTH, Batch, Head, NewLeaf, TileWrite

__all__ = [
    "Plan",
    "ReadTile",
    "SignHead",
    "Submission",
    "TileNodes",
    "Tree",
    "plan_first_head",
    "plan_step",
    "submission",
]

ReadTile = Callable[[int, int], bytes | None]  # (tile level, tile index) -> 1..256 stored hashes, or None
SignHead = Callable[[int, bytes, int], bytes]  # (size, root, timestamp_ms) -> the log's signed form of its head

_LEVEL_BITS: Final = 8
_CACHED_TILES: Final = 256  # about 40 kB each with their inner nodes


class TileNodes:
    """A tile's hashes and all complete nodes above them: row 0 is the tile, row 8 its root once it is full."""

    __slots__ = ("rows", "tile_index")

    def __init__(self, tile_index: int, hashes: Iterable[bytes] = ()) -> None:
        self.tile_index = tile_index
        self.rows: list[list[bytes]] = [[] for _ in range(_LEVEL_BITS + 1)]
        for item in hashes:
            self.push(item)

    def push(self, item: bytes) -> None:
        """Add one hash at the end and every node that it completes."""
        row = self.rows[0]
        row.append(item)
        level = 0
        while level < _LEVEL_BITS and not len(row) & 1:
            above = self.rows[level + 1]
            above.append(node_hash(row[-2], row[-1]))
            row, level = above, level + 1

    def copy(self) -> "TileNodes":
        """Another tile of the same content."""
        twin = TileNodes(self.tile_index)
        twin.rows = [list(row) for row in self.rows]
        return twin

    def width(self) -> int:
        """How many hashes it has: 0..256."""
        return len(self.rows[0])

    def hashes(self) -> bytes:
        """The tile's bytes as they are published."""
        return b"".join(self.rows[0])


class Tree:
    """The tree over the first `size` leaves. Its right edge is in memory; other tiles are read when needed."""

    __slots__ = ("_cache", "_edge", "_fresh", "_read_tile", "size")

    def __init__(
        self,
        size: int,
        edge: Sequence[TileNodes],
        read_tile: ReadTile,
        cache: "OrderedDict[tuple[int, int], TileNodes]",
        fresh: Sequence[tuple[int, TileNodes]] = (),
    ) -> None:
        self.size = size
        self._edge = tuple(edge)  # by tile level: the tile that is not full yet, possibly empty
        self._read_tile = read_tile
        self._cache = cache
        self._fresh = tuple(fresh)  # full tiles that are not committed yet

    @classmethod
    def load(cls, size: int, read_tile: ReadTile) -> "Tree":
        """The tree of `size` leaves over stored tiles.

        Raises: LogStateError: a tile of the right edge is missing or too short.
        """
        edge = []
        level = 0
        while size >> _LEVEL_BITS * level:
            count = size >> _LEVEL_BITS * level
            tile_index, width = count // TILE_WIDTH, count % TILE_WIDTH
            raw = (read_tile(level, tile_index) or b"")[: width * HASH_BYTES] if width else b""
            if len(raw) != width * HASH_BYTES:
                raise LogStateError(f"tile {tile_index} of level {level} has not the {width} hashes of size {size}")
            edge.append(TileNodes(tile_index, _split(raw)))
            level += 1
        return cls(size, edge, read_tile, OrderedDict())

    def grown(self, leaf_hashes: Sequence[bytes]) -> tuple["Tree", tuple[TileWrite, ...]]:
        """The tree with these leaves added, and the tiles that differ; this tree stays as it is."""
        edge = [tile.copy() for tile in self._edge]
        touched: dict[tuple[int, int], TileNodes] = {}
        full: list[tuple[int, TileNodes]] = []
        for item in leaf_hashes:
            level, node = 0, item
            while True:
                if level == len(edge):
                    edge.append(TileNodes(0))
                tile = edge[level]
                tile.push(node)
                touched[level, tile.tile_index] = tile
                if tile.width() < TILE_WIDTH:
                    break
                full.append((level, tile))
                edge[level] = TileNodes(tile.tile_index + 1)
                level, node = level + 1, tile.rows[_LEVEL_BITS][0]
        writes = tuple(TileWrite(level, index, tile.hashes()) for (level, index), tile in sorted(touched.items()))
        return Tree(self.size + len(leaf_hashes), edge, self._read_tile, self._cache, full), writes

    def settle(self) -> None:
        """The step that led to this tree is committed: its full tiles may be kept for readers."""
        for level, tile in self._fresh:
            self._cache[level, tile.tile_index] = tile
        self._fresh = ()

    def node(self, level: int, index: int) -> bytes:
        """The root of the complete subtree of 2**level leaves, number `index`.

        Raises: LogStateError: the stored tile is missing or short. UsageError: this tree has no such node.
        """
        tile_level, row = level >> 3, level & 7
        tile_index = index >> (_LEVEL_BITS - row)
        if tile_level < len(self._edge) and self._edge[tile_level].tile_index == tile_index:
            nodes = self._edge[tile_level].rows[row]
        else:
            if (index + 1) << level > self.size:
                raise UsageError(f"node {index} of level {level} is not in a tree of {self.size}")
            nodes = self._full_tile(tile_level, tile_index).rows[row]
        place = index & ((1 << (_LEVEL_BITS - row)) - 1)
        if place >= len(nodes):
            raise UsageError(f"node {index} of level {level} is not in a tree of {self.size}")
        return nodes[place]

    def _full_tile(self, level: int, tile_index: int) -> TileNodes:
        key = level, tile_index
        tile = self._cache.get(key)
        if tile is None:
            raw = self._read_tile(level, tile_index)
            if raw is None or len(raw) != TILE_WIDTH * HASH_BYTES:
                raise LogStateError(f"tile {tile_index} of level {level} is missing or not full")
            tile = self._cache[key] = TileNodes(tile_index, _split(raw))
            while len(self._cache) > _CACHED_TILES:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(key)
        return tile

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves (all of them by default). Raises UsageError beyond this tree."""
        wanted = self.size if size is None else size
        self._check_size(wanted)
        return tree_root(wanted, self.node)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Siblings of leaf `index` in the tree of the first `size` leaves. Raises UsageError beyond this tree."""
        wanted = self.size if size is None else size
        self._check_size(wanted)
        return inclusion_proof(index, wanted, self.node)

    def consistency_proof(self, old_size: int, new_size: int | None = None) -> list[bytes]:
        """That the first `old_size` leaves begin the first `new_size`. Raises UsageError beyond this tree."""
        wanted = self.size if new_size is None else new_size
        self._check_size(wanted)
        return consistency_proof(old_size, wanted, self.node)

    def tile(self, level: int, tile_index: int, width: int) -> bytes | None:
        """The published bytes of a tile of this tree, or None: the tree has not that many hashes there."""
        if width + tile_index * TILE_WIDTH > self.size >> _LEVEL_BITS * level:
            return None
        at_edge = level < len(self._edge) and self._edge[level].tile_index == tile_index
        nodes = self._edge[level] if at_edge else self._full_tile(level, tile_index)
        return b"".join(nodes.rows[0][:width])

    def _check_size(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise UsageError(f"no tree of {size} in a tree of {self.size}")


def _split(raw: bytes) -> list[bytes]:
    return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


# ---- the next step -------------------------------------------------------------------------------------------------
class Submission(NamedTuple):
    """What somebody wants logged."""

    leaf: bytes
    leaf_hash: bytes
    dedupe_key: bytes
    extra: bytes | None
    search_keys: tuple[str, ...]


class Plan(NamedTuple):
    """The next step: what to commit, the tree and head after it, and where each submission ends up."""

    batch: Batch | None  # None: every submission is logged already
    tree: Tree
    head: Head
    placed: tuple[tuple[int, bool], ...]  # for each submission its log index, and whether this step adds it


def plan_first_head(tree: Tree, at_ms: int, sign_head: SignHead) -> Batch:
    """The head of an empty log."""
    root = tree.root()
    return Batch(-1, (), (), Head(0, root, at_ms, sign_head(0, root, at_ms)))


def plan_step(
    tree: Tree,
    head: Head,
    submissions: Sequence[Submission],
    known: Mapping[bytes, int],
    at_ms: int,
    sign_head: SignHead,
) -> Plan:
    """Plan one batch. The head is signed here and leaves this program only after the batch is durable.

    Args:  known: dedupe keys that are logged already, with their index. at_ms: Unix milliseconds; time never runs
           backwards in a log, so an earlier moment than the head's is raised to the head's.
    """
    when = max(at_ms, head.timestamp_ms)
    taken: dict[bytes, int] = dict(known)
    leaves: list[NewLeaf] = []
    placed = []
    for item in submissions:
        index = taken.get(item.dedupe_key)
        placed.append((tree.size + len(leaves) if index is None else index, index is None))
        if index is None:
            taken[item.dedupe_key] = tree.size + len(leaves)
            leaves.append(
                NewLeaf(
                    tree.size + len(leaves),
                    when,
                    item.leaf_hash,
                    item.dedupe_key,
                    item.leaf,
                    item.extra,
                    item.search_keys,
                )
            )
    if not leaves:
        return Plan(None, tree, head, tuple(placed))
    after, tiles = tree.grown([new.leaf_hash for new in leaves])
    root = after.root()
    new_head = Head(after.size, root, when, sign_head(after.size, root, when))
    return Plan(Batch(head.size, tuple(leaves), tiles, new_head), after, new_head, tuple(placed))


def submission(
    leaf: bytes, *, extra: bytes | None = None, dedupe_key: bytes | None = None, search_keys: Iterable[str] = ()
) -> Submission:
    """A submission; without a key of its own its leaf hash keeps it from being logged twice."""
    hashed = leaf_hash(leaf)
    return Submission(leaf, hashed, hashed if dedupe_key is None else dedupe_key, extra, tuple(search_keys))
