"""Signed certificate timestamps and certificate log leaves."""

import json
from binascii import a2b_base64, b2a_base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.der_writer import der_octets
from pycosign.errors import MalformedError, UsageError
from pycosign.limits import SCTS
from pycosign.wire.sct import (
    PRECERT_ENTRY,
    X509_ENTRY,
    CertificateEntry,
    MerkleTreeLeaf,
    Sct,
    format_digitally_signed,
    format_merkle_tree_leaf,
    format_sct,
    format_sct_list,
    format_tree_head_signed,
    parse_digitally_signed,
    parse_merkle_tree_leaf,
    parse_sct,
    parse_sct_list,
    sct_signed_bytes,
)
from tests.recordings import exchange

times = st.integers(0, 2**64 - 1)
scts = st.builds(
    Sct,
    st.binary(min_size=32, max_size=32),
    times,
    st.binary(max_size=10),
    st.sampled_from(["sha256", "sha384", "sha512"]),
    st.sampled_from(["ecdsa", "rsa"]),
    st.binary(max_size=80),
    st.just(0),
)
leaves = st.builds(
    MerkleTreeLeaf,
    times,
    st.builds(CertificateEntry, st.one_of(st.none(), st.binary(min_size=32, max_size=32)), st.binary(max_size=60)),
    st.binary(max_size=10),
)
ONE = Sct(bytes(32), 1, b"", "sha256", "ecdsa", b"signature")


@given(scts)
def test_an_sct_comes_back(sct: Sct) -> None:
    assert parse_sct(format_sct(sct)) == sct


@given(st.lists(scts, min_size=1, max_size=4).map(tuple))
def test_a_list_comes_back(items: tuple[Sct, ...]) -> None:
    assert parse_sct_list(format_sct_list(items)) == items


@given(leaves)
def test_a_leaf_comes_back(leaf: MerkleTreeLeaf) -> None:
    assert parse_merkle_tree_leaf(format_merkle_tree_leaf(leaf)) == leaf
    assert leaf.entry.entry_type == (X509_ENTRY if leaf.entry.issuer_key_hash is None else PRECERT_ENTRY)
    # version, signature type against version, leaf type: the same two zero bytes in front
    assert format_merkle_tree_leaf(leaf) == sct_signed_bytes(leaf.timestamp_ms, leaf.entry, leaf.extensions)


def flip(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("bit", range(8 * len(format_sct_list((ONE,)))))
def test_every_flipped_bit_of_a_list_is_seen(bit: int) -> None:
    with suppress(MalformedError):
        changed = parse_sct_list(flip(format_sct_list((ONE,)), bit))
        assert changed != (ONE,)
        assert format_sct_list(changed) == flip(format_sct_list((ONE,)), bit)


@given(st.binary(max_size=120))
def test_what_we_accept_is_canonical_and_nothing_else_escapes(raw: bytes) -> None:
    with suppress(MalformedError):
        assert format_sct(parse_sct(raw)) == raw
    with suppress(MalformedError):
        assert format_sct_list(parse_sct_list(der_octets(raw))) == der_octets(raw)
    with suppress(MalformedError):
        parse_sct_list(raw)
    with suppress(MalformedError):
        assert format_merkle_tree_leaf(parse_merkle_tree_leaf(raw)) == raw
    with suppress(MalformedError):
        assert format_digitally_signed(*parse_digitally_signed(raw)) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"\x01" + format_sct(ONE)[1:],
        format_sct(ONE)[:-1],
        format_sct(ONE) + b"\x00",
        format_sct(ONE)[:43] + b"\x02" + format_sct(ONE)[44:],
        format_sct(ONE)[:44] + b"\x07" + format_sct(ONE)[45:],
    ],
    ids=["version", "short", "long", "SHA-1", "Ed25519"],
)
def test_another_sct_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_sct(raw)


def test_an_empty_or_endless_list_is_refused() -> None:
    assert len(parse_sct_list(format_sct_list((ONE,) * SCTS))) == SCTS
    for items in ((), (ONE,) * (SCTS + 1)):
        with pytest.raises(MalformedError):
            parse_sct_list(format_sct_list(items))
    with pytest.raises(MalformedError):
        parse_sct_list(format_sct_list((ONE,)) + b"\x00")


def test_what_does_not_fit_is_not_written() -> None:
    with pytest.raises(UsageError):
        format_sct(ONE._replace(extensions=bytes(65536)))
    with pytest.raises(UsageError):
        format_sct(ONE._replace(hash_alg="sha1"))
    with pytest.raises(UsageError):
        format_sct(ONE._replace(version=1))


@pytest.mark.parametrize(
    "raw", [b"\x01\x00" + bytes(16), b"\x00\x01" + bytes(16), b"\x00\x00" + bytes(8) + b"\x00\x02"]
)
def test_another_leaf_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_merkle_tree_leaf(raw + bytes(40))


def test_a_tree_head_is_signed_in_its_fifty_bytes() -> None:
    """RFC 6962, 3.5: version, type 1, timestamp, size, root."""
    assert format_tree_head_signed(2, 3, b"\xaa" * 32).hex() == "0001" + "00" * 7 + "02" + "00" * 7 + "03" + "aa" * 32


def test_the_real_logs_leaf_is_read_and_written_back() -> None:
    answer = json.loads(exchange("ctlog-get-entries")[1].body)
    raw = a2b_base64(answer["entries"][0]["leaf_input"])
    leaf = parse_merkle_tree_leaf(raw)
    assert format_merkle_tree_leaf(leaf) == raw
    assert leaf.entry.entry_type == PRECERT_ENTRY


def test_the_real_logs_answer_holds_a_digitally_signed() -> None:
    answer = json.loads(exchange("ctlog-add-pre-chain")[1].body)
    hash_alg, sig_alg, signature = parse_digitally_signed(a2b_base64(answer["signature"]))
    assert (hash_alg, sig_alg) == ("sha256", "ecdsa")
    again = format_digitally_signed(hash_alg, sig_alg, signature)
    assert b2a_base64(again, newline=False).decode() == answer["signature"]
