"""Tiles and entry bundles."""

import json
from binascii import a2b_base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError, UsageError
from pycosign.wire.tile import (
    Tile,
    format_entry_bundle,
    format_tile_path,
    parse_entry_bundle,
    parse_hash_tile,
    parse_tile_path,
    tiles_between,
    tiles_of_tree,
)
from tests.recordings import exchange

tiles = st.builds(Tile, st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 2**63 - 1), st.integers(1, 256))
entry_lists = st.lists(st.binary(max_size=40), min_size=1, max_size=256)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0, 3), "tile/0/000.p/3"),
        (Tile(None, 0, 3), "tile/entries/000.p/3"),
        (Tile(2, 1000), "tile/2/x001/000"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert format_tile_path(tile) == path
    assert parse_tile_path(path) == tile


@given(tiles)
def test_paths_come_back(tile: Tile) -> None:
    assert parse_tile_path(format_tile_path(tile)) == tile


@given(st.one_of(st.text(), st.from_regex(r"tile/(entries|[0-9]{1,2})/(x[0-9]{3}/){0,3}[0-9]{3}(\.p/[0-9]{1,3})?")))
def test_what_we_accept_is_canonical_and_nothing_else_escapes(path: str) -> None:
    try:
        tile = parse_tile_path(path)
    except MalformedError:
        return
    assert format_tile_path(tile) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p",
        "tile/0/../000",
        "tile/0/\u0660\u0660\u0660",
        "tile/data/000",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ],
)
def test_another_path_is_refused(path: str) -> None:
    with pytest.raises(MalformedError):
        parse_tile_path(path)


@pytest.mark.parametrize(
    "tile", [Tile(64, 0), Tile(-1, 0), Tile(0, -1), Tile(0, 2**63), Tile(0, 0, 0), Tile(0, 0, 257)]
)
def test_a_tile_that_cannot_be_has_no_path(tile: Tile) -> None:
    with pytest.raises(UsageError):
        format_tile_path(tile)


@given(entry_lists)
def test_entry_bundles_come_back(entries: list[bytes]) -> None:
    raw = format_entry_bundle(entries)
    assert parse_entry_bundle(raw) == tuple(entries)
    assert parse_entry_bundle(raw, len(entries)) == tuple(entries)
    with pytest.raises(MalformedError):
        parse_entry_bundle(raw, len(entries) + 1)
    with pytest.raises(MalformedError):
        parse_entry_bundle(raw + b"\x00")


@given(st.binary(max_size=200))
def test_bundles_have_one_spelling(raw: bytes) -> None:
    try:
        entries = parse_entry_bundle(raw)
    except MalformedError:
        return
    assert format_entry_bundle(entries) == raw


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\x00\x02a", b"\x00\x00" * 257])
def test_a_bad_bundle_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_entry_bundle(raw)


@pytest.mark.parametrize("entries", [[], [b""] * 257, [bytes(65536)]])
def test_a_bundle_has_bounds(entries: list[bytes]) -> None:
    with pytest.raises(UsageError):
        format_entry_bundle(entries)


@given(st.integers(0, 300_000))
def test_the_tiles_of_a_tree_hold_all_its_full_subtrees(size: int) -> None:
    hashes: dict[int, int] = {}
    for tile in tiles_of_tree(size):
        assert tile.level is not None
        assert tile.tile_index * 256 == hashes.get(tile.level, 0)
        hashes[tile.level] = tile.tile_index * 256 + tile.width
    assert hashes == {level: size >> 8 * level for level in range(4) if size >> 8 * level}


def test_the_example_of_the_specification_holds() -> None:
    """C2SP tlog-tiles: "a tree of size 70,000"."""
    tiles = list(tiles_of_tree(70_000))
    assert [tile for tile in tiles if tile.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert len(tiles) == 274 + 2 + 1


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_growing_a_tree_writes_the_tiles_that_are_new(first: int, second: int) -> None:
    old, new = sorted((first, second))
    assert set(tiles_between(old, new)) == set(tiles_of_tree(new)) - set(tiles_of_tree(old))


def test_the_real_logs_tile_holds_the_hashes_of_its_entries() -> None:
    entries = parse_entry_bundle(exchange("rekor-v2-entry-bundle")[1].body, 3)
    hashes = parse_hash_tile(exchange("rekor-v2-tile")[1].body, 3)
    assert [sha256(b"\x00" + entry).digest() for entry in entries] == list(hashes)
    posted = json.loads(exchange("rekor-v2-post-hashedrekord-cosign3")[1].body)
    assert a2b_base64(posted["canonicalizedBody"]) in entries
    with pytest.raises(MalformedError):
        parse_hash_tile(exchange("rekor-v2-tile")[1].body, 4)
