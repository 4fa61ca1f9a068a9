"""Tiles: how a log publishes its tree as static files. Source: C2SP tlog-tiles.

A tile of hashes holds up to 256 consecutive nodes of every eighth level of the tree; an entry bundle holds up to 256
consecutive leaves, each after its length.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from pycosign.errors import MalformedError, UsageError
from pycosign.limits import ENTRY_BYTES

__all__ = [
    "FULL_WIDTH",
    "Tile",
    "format_entry_bundle",
    "format_tile_path",
    "parse_entry_bundle",
    "parse_hash_tile",
    "parse_tile_path",
    "tiles_between",
    "tiles_of_tree",
]

FULL_WIDTH: Final = 256
_LEVEL_BITS: Final = 8
_HASH_BYTES: Final = 32
_MAX_LEVEL: Final = 63
_PATH: Final = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class Tile(NamedTuple):
    """Which tile: of hashes at a tile level, or of entries."""

    level: int | None  # 0..63, in tile levels (8 tree levels each); None: an entry bundle
    tile_index: int  # of the tile on its level; its first hash or entry is number 256 * tile_index
    width: int = FULL_WIDTH  # hashes or entries in it, 1..256


def format_tile_path(tile: Tile) -> str:
    """The tile's path below the log's prefix: `tile/0/x001/234/067`, `tile/entries/000.p/3`.

    Raises: UsageError: a level, number or width outside the format.
    """
    in_range = (tile.level is None or 0 <= tile.level <= _MAX_LEVEL) and 0 <= tile.tile_index < 2**63
    if not in_range or not 1 <= tile.width <= FULL_WIDTH:
        raise UsageError(f"there is no tile of level {tile.level}, index {tile.tile_index}, width {tile.width}")
    groups = [f"{tile.tile_index % 1000:03d}"]
    rest = tile.tile_index // 1000
    while rest:
        groups.append(f"x{rest % 1000:03d}")
        rest //= 1000
    level = "entries" if tile.level is None else str(tile.level)
    suffix = "" if tile.width == FULL_WIDTH else f".p/{tile.width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{suffix}"


def parse_tile_path(path: str) -> Tile:
    """Parse what stands below the log's prefix.

    Raises: MalformedError: any character differs from what `format_tile_path` would write.
    """
    found = _PATH.fullmatch(path) if len(path) <= 80 else None
    if found is None:
        raise MalformedError("tile path", "is not LEVEL/INDEX[.p/WIDTH] in groups of three digits")
    level = None if found[1] == "entries" else int(found[1])
    tile = Tile(level, int(found[2].replace("x", "").replace("/", "")), int(found[3] or FULL_WIDTH))
    in_range = (level or 0) <= _MAX_LEVEL and tile.width <= FULL_WIDTH and tile.tile_index < 2**63
    if not in_range or format_tile_path(tile) != path:
        raise MalformedError("tile path", "is not written in the one canonical way")
    return tile


def parse_hash_tile(raw: bytes, width: int) -> tuple[bytes, ...]:
    """The hashes of a tile, 32 bytes each.

    Raises: MalformedError: not exactly `width` hashes.
    """
    if len(raw) != width * _HASH_BYTES:
        raise MalformedError("tile", f"is {len(raw)} bytes, not {width} hashes")
    return tuple(raw[at : at + _HASH_BYTES] for at in range(0, len(raw), _HASH_BYTES))


def parse_entry_bundle(raw: bytes, width: int | None = None) -> tuple[bytes, ...]:
    """The entries of a bundle: each a length of 16 bits, big-endian, and that many bytes.

    Args:    width: how many entries there must be; None: any number from 1 to 256.
    Raises:  MalformedError: cut short, too long, or another number of entries.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(raw):
        begin = at + 2
        at = begin + int.from_bytes(raw[at:begin], "big")
        if begin > len(raw) or at > len(raw) or len(entries) == FULL_WIDTH:
            raise MalformedError("entry bundle", "is cut short or too long")
        entries.append(raw[begin:at])
    if not entries or (width is not None and len(entries) != width):
        raise MalformedError("entry bundle", f"has {len(entries)} entries")
    return tuple(entries)


def format_entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Write 1 to 256 entries of at most 65,535 bytes each.

    Raises: UsageError: more, fewer or longer ones.
    """
    if not 1 <= len(entries) <= FULL_WIDTH or any(len(entry) > ENTRY_BYTES for entry in entries):
        raise UsageError(f"an entry bundle holds 1 to {FULL_WIDTH} entries of at most {ENTRY_BYTES} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def tiles_of_tree(size: int) -> Iterator[Tile]:
    """Every tile of hashes of a tree of `size` leaves, full ones and the partial one at each level's end."""
    return tiles_between(0, size)


def tiles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles of hashes that a tree of `new_size` leaves has and one of `old_size` has not. Level by level.

    Full tiles that the smaller tree had already are left out; a partial tile that grew is there in its new width.
    """
    for level in _levels(new_size):
        old, new = old_size >> _LEVEL_BITS * level, new_size >> _LEVEL_BITS * level
        for tile_index in range(old // FULL_WIDTH, -(-new // FULL_WIDTH)):
            width = min(FULL_WIDTH, new - tile_index * FULL_WIDTH)
            if old < tile_index * FULL_WIDTH + width:
                yield Tile(level, tile_index, width)


def _levels(size: int) -> Iterable[int]:
    """Tile levels that have at least one hash."""
    return range(-(-size.bit_length() // _LEVEL_BITS))
