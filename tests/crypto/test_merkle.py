"""Merkle proofs against the definitions of RFC 9162, 2.1, written out naively."""

import json
from binascii import a2b_base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosign.crypto.merkle import (
    EMPTY_ROOT,
    check_consistency,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    nodes_completed_by,
    root_from_inclusion_proof,
    tree_root,
)
from pycosign.errors import MalformedError, RootMismatchError, SigningError, UsageError
from tests.recordings import exchange

LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]


def split(count: int) -> int:
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    half = split(len(leaves))
    return node_hash(naive_root(leaves[:half]), naive_root(leaves[half:]))


def naive_inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return [*naive_inclusion(index, leaves[:half]), naive_root(leaves[half:])]
    return [*naive_inclusion(index - half, leaves[half:]), naive_root(leaves[:half])]


def naive_consistency(old: int, leaves: list[bytes], *, known: bool = True) -> list[bytes]:
    if old == len(leaves):
        return [] if known else [naive_root(leaves)]
    half = split(len(leaves))
    if old <= half:
        return [*naive_consistency(old, leaves[:half], known=known), naive_root(leaves[half:])]
    return [*naive_consistency(old - half, leaves[half:], known=False), naive_root(leaves[:half])]


def get_node(level: int, index: int) -> bytes:
    """A complete subtree of LEAVES; asking for another is an error."""
    begin, end = index << level, index + 1 << level
    assert end <= len(LEAVES)
    return naive_root(LEAVES[begin:end])


ROOTS = [naive_root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
sizes = st.integers(1, len(LEAVES))
indexes_in_sizes = sizes.flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))
pairs = sizes.flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size)))


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_roots_are_those_of_the_definition(size: int) -> None:
    assert tree_root(size, get_node) == ROOTS[size]


@given(indexes_in_sizes)
def test_inclusion_proofs_are_those_of_the_definition_and_lead_to_the_root(case: tuple[int, int]) -> None:
    index, size = case
    proof = inclusion_proof(index, size, get_node)
    assert proof == naive_inclusion(index, LEAVES[:size])
    assert root_from_inclusion_proof(LEAVES[index], index, size, proof) == ROOTS[size]


@given(pairs)
def test_consistency_proofs_are_those_of_the_definition_and_verify(case: tuple[int, int]) -> None:
    old, new = case
    proof = consistency_proof(old, new, get_node)
    if old:
        assert proof == naive_consistency(old, LEAVES[:new])
    check_consistency(old, ROOTS[old], new, ROOTS[new], proof)


def test_appending_completes_the_nodes_that_proofs_need() -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    for index, leaf in enumerate(LEAVES):
        for level, number, node in nodes_completed_by(index, leaf, lambda level, number: nodes[level, number]):
            assert node == get_node(level, number)
            nodes[level, number] = node
        assert tree_root(index + 1, lambda level, number: nodes[level, number]) == ROOTS[index + 1]


@settings(max_examples=300)
@given(indexes_in_sizes, indexes_in_sizes)
def test_a_proof_for_one_place_does_not_fit_another(right: tuple[int, int], wrong: tuple[int, int]) -> None:
    index, size = right
    proof = inclusion_proof(index, size, get_node)
    if right == wrong:
        return
    try:
        root = root_from_inclusion_proof(LEAVES[index], wrong[0], wrong[1], proof)
    except MalformedError:
        return
    # Proofs fix the shape of the path, not the tree's size itself: the signed size does that.
    assert root != ROOTS[wrong[1]] or ROOTS[wrong[1]] == ROOTS[size]


@given(indexes_in_sizes.filter(lambda case: case[1] > 1), st.data())
def test_every_flipped_bit_of_a_proof_leads_elsewhere(case: tuple[int, int], data: st.DataObject) -> None:
    index, size = case
    proof = inclusion_proof(index, size, get_node)
    place = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    proof[place] = flip(proof[place], bit)
    assert root_from_inclusion_proof(LEAVES[index], index, size, proof) != ROOTS[size]


@given(pairs.filter(lambda case: 0 < case[0] < case[1]), st.data())
def test_every_flipped_bit_of_a_consistency_proof_is_refused(case: tuple[int, int], data: st.DataObject) -> None:
    old, new = case
    proof = consistency_proof(old, new, get_node)
    place = data.draw(st.integers(0, len(proof) - 1))
    proof[place] = flip(proof[place], data.draw(st.integers(0, 255)))
    with pytest.raises(RootMismatchError):
        check_consistency(old, ROOTS[old], new, ROOTS[new], proof)


@given(pairs.filter(lambda case: case[0] > 0), st.integers(0, 255), st.booleans())
def test_another_root_at_either_end_is_refused(case: tuple[int, int], bit: int, at_old: bool) -> None:
    old, new = case
    old_root, new_root = ROOTS[old], ROOTS[new]
    if at_old:
        old_root = flip(old_root, bit)
    else:
        new_root = flip(new_root, bit)
    with pytest.raises(RootMismatchError):
        check_consistency(old, old_root, new, new_root, consistency_proof(old, new, get_node))


def flip(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(
    st.integers(-2, 2**64),
    st.integers(-2, 2**64),
    st.lists(st.one_of(st.just(b"\x00" * 32), st.binary(max_size=33)), max_size=70),
)
def test_nothing_else_escapes_from_nonsense(first: int, second: int, hashes: list[bytes]) -> None:
    for check in (
        lambda: root_from_inclusion_proof(EMPTY_ROOT, first, second, hashes),
        lambda: check_consistency(first, EMPTY_ROOT, second, EMPTY_ROOT, hashes),
    ):
        try:
            check()
        except SigningError:
            continue


def test_an_empty_tree_is_a_beginning_only_with_its_own_root() -> None:
    check_consistency(0, EMPTY_ROOT, 5, ROOTS[5], [])
    with pytest.raises(RootMismatchError):
        check_consistency(0, ROOTS[1], 5, ROOTS[5], [])
    with pytest.raises(MalformedError):
        check_consistency(0, EMPTY_ROOT, 5, ROOTS[5], [EMPTY_ROOT])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1)])
def test_a_proof_of_nothing_is_not_made(index: int, size: int) -> None:
    with pytest.raises(UsageError):
        inclusion_proof(index, size, get_node)


def test_impossible_sizes_are_not_made() -> None:
    with pytest.raises(UsageError):
        consistency_proof(2, 1, get_node)
    with pytest.raises(UsageError):
        tree_root(-1, get_node)


def test_the_real_logs_proofs_lead_to_their_roots() -> None:
    answer = json.loads(exchange("ctlog-get-entry-and-proof")[1].body)
    head = json.loads(exchange("ctlog-get-sth-consistency")[1].body)
    leaf = leaf_hash(a2b_base64(answer["leaf_input"]))
    path = [a2b_base64(item) for item in answer["audit_path"]]
    root = root_from_inclusion_proof(leaf, 0, 2, path)
    check_consistency(1, leaf, 2, root, [a2b_base64(item) for item in head["consistency"]])
    entry = json.loads(exchange("rekor-v2-post-hashedrekord-cosign3")[1].body)
    proof = entry["inclusionProof"]
    computed = root_from_inclusion_proof(
        leaf_hash(a2b_base64(entry["canonicalizedBody"])),
        int(proof["logIndex"]),
        int(proof["treeSize"]),
        [a2b_base64(item) for item in proof["hashes"]],
    )
    assert computed == a2b_base64(proof["rootHash"])
