"""Merkle trees as transparency logs use them: proofs, checked and made. Source: RFC 9162, 2.1 (RFC 6962, 2.1).

A tree's nodes are addressed as `(level, index)`: level 0 holds the leaf hashes, and node `(l, i)` is the root of the
complete subtree over the leaves `[i * 2**l, (i + 1) * 2**l)`. Only complete subtrees are ever asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pycosign.crypto.digests import sha256
from pycosign.errors import MalformedError, RootMismatchError, UsageError

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "MAX_SIZE",
    "GetNode",
    "check_consistency",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "nodes_completed_by",
    "root_from_inclusion_proof",
    "tree_root",
]

HASH_BYTES: Final = 32
MAX_SIZE: Final = 2**63 - 1  # leaves
EMPTY_ROOT: Final = sha256(b"")

GetNode = Callable[[int, int], bytes]  # (level, index) -> the 32-byte hash of that complete subtree


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes. Source: RFC 9162, 2.1.1."""
    return sha256(b"\x00" + leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees' roots. Source: RFC 9162, 2.1.1."""
    return sha256(b"\x01" + left + right)


# ---- checking ------------------------------------------------------------------------------------------------------
def root_from_inclusion_proof(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to; the caller compares it with a signed one.

    Args:    leaf: the leaf's *hash*; index: 0 <= index < size; hashes: siblings from the leaf upward.
    Raises:  MalformedError: the proof's shape cannot belong to this index and size.
    Source:  RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise MalformedError("inclusion proof", f"is of entry {index} in a tree of {size}")
    inner = (index ^ (size - 1)).bit_length()  # levels on which the path has a sibling on either side
    border = (index >> inner).bit_count()  # above them, siblings stand on the left only
    _check_hashes("inclusion proof", hashes, inner + border)
    root = leaf
    for level, sibling in enumerate(hashes):
        if level < inner and not index >> level & 1:
            root = node_hash(root, sibling)
        else:
            root = node_hash(sibling, root)
    return root


def check_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, hashes: Sequence[bytes]) -> None:
    """Prove that the tree of `new_size` leaves has the tree of `old_size` leaves as its beginning.

    Raises:  MalformedError: the proof's shape cannot belong to these sizes. RootMismatchError: it leads elsewhere.
    Source:  RFC 9162, 2.1.4.2; an empty old tree is a beginning of every tree, with an empty proof.
    """
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        raise MalformedError("consistency proof", f"is from size {old_size} to {new_size}")
    if old_size in (0, new_size):
        _check_hashes("consistency proof", hashes, 0)
        if old_size == new_size and old_root != new_root:
            raise RootMismatchError(f"two roots for the same tree of {new_size} entries")
        if old_size == 0 and old_root != EMPTY_ROOT:
            raise RootMismatchError("the empty tree has another root")
        return
    fork = (old_size & -old_size).bit_length() - 1  # the old tree's last complete subtree is at this level
    inner = (old_size - 1 ^ new_size - 1).bit_length() - fork
    border = (old_size - 1 >> fork + inner).bit_count()
    whole = old_size == 1 << fork  # the old tree is itself a complete subtree: its root is left out of the proof
    _check_hashes("consistency proof", hashes, inner + border + (not whole))
    seed, path = (old_root, hashes) if whole else (hashes[0], hashes[1:])
    old = new = seed
    for level, sibling in enumerate(path):
        if level < inner and not old_size - 1 >> fork + level & 1:
            new = node_hash(new, sibling)
        else:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
    if old != old_root:
        raise RootMismatchError(f"the consistency proof leads to another root of the {old_size} older entries")
    if new != new_root:
        raise RootMismatchError(f"the consistency proof leads to another root of the {new_size} entries")


def _check_hashes(what: str, hashes: Sequence[bytes], count: int) -> None:
    if len(hashes) != count:
        raise MalformedError(what, f"has {len(hashes)} hashes, not {count}")
    for node in hashes:
        if len(node) != HASH_BYTES:
            raise MalformedError(what, f"has a hash that is not {HASH_BYTES} bytes")


# ---- making --------------------------------------------------------------------------------------------------------
def tree_root(size: int, get_node: GetNode) -> bytes:
    """The root of the first `size` leaves.

    Raises: UsageError: a negative size. Whatever `get_node` raises.
    """
    if size < 0:
        raise UsageError(f"a tree of {size} entries")
    return _range_root(0, size, get_node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, get_node: GetNode) -> list[bytes]:
    """The siblings from leaf `index` up to the root of the first `size` leaves. Source: RFC 9162, 2.1.3.1.

    Raises: UsageError: not 0 <= index < size. Whatever `get_node` raises.
    """
    if not 0 <= index < size:
        raise UsageError(f"no entry {index} in a tree of {size}")
    hashes: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            hashes.append(_range_root(middle, end, get_node))
            end = middle
        else:
            hashes.append(_range_root(begin, middle, get_node))
            begin = middle
    return hashes[::-1]


def consistency_proof(old_size: int, new_size: int, get_node: GetNode) -> list[bytes]:
    """What proves that the first `old_size` leaves are the beginning of `new_size` leaves. Source: RFC 9162, 2.1.4.1.

    Raises: UsageError: not 0 <= old_size <= new_size. Whatever `get_node` raises.
    """
    if not 0 <= old_size <= new_size:
        raise UsageError(f"no consistency proof from size {old_size} to {new_size}")
    hashes: list[bytes] = []
    if old_size in (0, new_size):
        return hashes
    begin, end = 0, new_size
    while end != old_size:
        middle = begin + _split(end - begin)
        if old_size <= middle:
            hashes.append(_range_root(middle, end, get_node))
            end = middle
        else:
            hashes.append(_range_root(begin, middle, get_node))
            begin = middle
    if begin:  # else the old tree is a complete subtree, and its root is known to the reader
        hashes.append(_range_root(begin, end, get_node))
    return hashes[::-1]


def nodes_completed_by(index: int, leaf: bytes, get_node: GetNode) -> Iterator[tuple[int, int, bytes]]:
    """The nodes that become complete when leaf number `index`, of hash `leaf`, is appended: level, index, hash.

    The first is the leaf itself. `get_node` is asked only for nodes that earlier leaves completed.
    """
    level, node = 0, leaf
    yield level, index, node
    while index & 1:
        node = node_hash(get_node(level, index - 1), node)
        level, index = level + 1, index >> 1
        yield level, index, node


def _split(count: int) -> int:
    """The largest power of two below `count` (> 1)."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(begin: int, end: int, get_node: GetNode) -> bytes:
    """The root over leaves [begin, end), where `begin` is a multiple of the power of two at or above the count."""
    count = end - begin
    if count & count - 1 == 0:
        level = count.bit_length() - 1
        return get_node(level, begin >> level)
    middle = begin + _split(count)
    return node_hash(_range_root(begin, middle, get_node), _range_root(middle, end, get_node))
