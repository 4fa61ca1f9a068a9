"""The log's tree, held in tiles: against the definition, over every level, never changed in place."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosign.crypto.merkle import check_consistency, leaf_hash, node_hash, root_from_inclusion_proof
from pycosign.errors import LogStateError, UsageError
from pycosign.stack.tlog.core import Tree
from pycosign.wire.tile import Tile, tiles_of_tree


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it is written there."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(naive_root(hashes[:split]), naive_root(hashes[split:]))


class Tiles:
    """Stored tiles for a tree without a log."""

    def __init__(self) -> None:
        self.stored: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, tile_index: int) -> bytes | None:
        return self.stored.get((level, tile_index))

    def grow(self, tree: Tree, hashes: list[bytes]) -> Tree:
        after, writes = tree.grown(hashes)
        for write in writes:
            self.stored[write.level, write.tile_index] = write.hashes
        after.settle()
        return after


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.integers(1, 300), min_size=1, max_size=5), data=st.data())
def test_a_tree_grown_in_any_steps_has_the_root_and_proofs_of_the_definition(
    steps: list[int], data: st.DataObject
) -> None:
    tiles, hashes = Tiles(), [leaf_hash(b"%d" % number) for number in range(sum(steps))]
    tree = Tree.load(0, tiles.read)
    for step in steps:
        tree = tiles.grow(tree, hashes[tree.size : tree.size + step])
        assert tree.root() == naive_root(hashes[: tree.size])
    loaded = Tree.load(tree.size, tiles.read)
    size = data.draw(st.integers(1, tree.size))
    index = data.draw(st.integers(0, size - 1))
    for one in (tree, loaded):
        assert one.root(size) == naive_root(hashes[:size])
        proof = one.inclusion_proof(index, size)
        assert root_from_inclusion_proof(hashes[index], index, size, proof) == one.root(size)
        check_consistency(size, one.root(size), one.size, one.root(), one.consistency_proof(size))


def test_a_tree_over_three_levels_of_tiles_serves_every_tile_of_every_size() -> None:
    tiles, count = Tiles(), 256 * 256 + 70
    hashes = [leaf_hash(b"%d" % number) for number in range(count)]
    tree = tiles.grow(Tree.load(0, tiles.read), hashes)
    assert {tile.level for tile in tiles_of_tree(count)} == {0, 1, 2}
    for level, tile_index, width in tiles_of_tree(count):
        assert level is not None
        published = tree.tile(level, tile_index, width)
        assert published == tiles.stored[level, tile_index][: width * 32]
    assert tree.tile(0, 256, 71) is None
    assert tree.tile(2, 0, 2) is None
    for index in (0, 255, 256, 65_535, 65_536, count - 1):
        proof = tree.inclusion_proof(index)
        assert root_from_inclusion_proof(hashes[index], index, count, proof) == tree.root()


def test_growing_leaves_the_older_tree_as_it_was() -> None:
    tiles = Tiles()
    tree = tiles.grow(Tree.load(0, tiles.read), [leaf_hash(b"a")] * 3)
    root = tree.root()
    tree.grown([leaf_hash(b"b")] * 600)
    assert (tree.size, tree.root()) == (3, root)
    with pytest.raises(UsageError):
        tree.node(0, 3)
    with pytest.raises(UsageError):
        tree.root(4)


def test_a_tree_without_its_tiles_is_refused() -> None:
    tiles = Tiles()
    tree = tiles.grow(Tree.load(0, tiles.read), [leaf_hash(b"%d" % number) for number in range(300)])
    short = tiles.stored[0, 1]
    tiles.stored[0, 1] = short[:-32]
    with pytest.raises(LogStateError):
        Tree.load(tree.size, tiles.read)
    tiles.stored[0, 1] = short
    del tiles.stored[0, 0]
    with pytest.raises(LogStateError):
        Tree.load(tree.size, tiles.read).node(0, 5)


def test_tile_paths_name_what_the_tree_serves() -> None:
    tiles = Tiles()
    tree = tiles.grow(Tree.load(0, tiles.read), [leaf_hash(b"%d" % number) for number in range(300)])
    assert list(tiles_of_tree(300)) == [Tile(0, 0), Tile(0, 1, 44), Tile(1, 0, 1)]
    assert tree.tile(1, 0, 1) == tree.node(8, 0)
