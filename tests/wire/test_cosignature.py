"""Witness cosignatures and witness keys."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.b64 import encode_b64
from pycosign.errors import MalformedError
from pycosign.wire.cosignature import (
    Cosignature,
    WitnessKey,
    cosigned_bytes,
    format_cosignature,
    format_witness_key,
    parse_cosignature,
    parse_witness_key,
    witness_key_hint,
)

names = st.text(st.characters(exclude_categories=("Z", "C"), exclude_characters="+"), min_size=1, max_size=20)
keys = st.builds(
    lambda name, raw: WitnessKey(name, witness_key_hint(name, raw), raw), names, st.binary(min_size=32, max_size=32)
)


@given(st.integers(0, 2**64 - 1), st.binary(min_size=64, max_size=64))
def test_a_cosignature_comes_back(timestamp: int, signature: bytes) -> None:
    cosignature = Cosignature(timestamp, signature)
    assert parse_cosignature(format_cosignature(cosignature)) == cosignature


@given(st.binary(max_size=100))
def test_only_72_bytes_are_a_cosignature(raw: bytes) -> None:
    try:
        assert format_cosignature(parse_cosignature(raw)) == raw
    except MalformedError:
        assert len(raw) != 72


@given(keys)
def test_a_key_comes_back(key: WitnessKey) -> None:
    assert parse_witness_key(format_witness_key(key)) == key


@given(st.one_of(st.text(max_size=100), st.lists(st.text(max_size=50), max_size=4).map("+".join)))
def test_nothing_but_malformed_error_escapes(text: str) -> None:
    with suppress(MalformedError):
        assert format_witness_key(parse_witness_key(text)) == text


def key_of(kind: bytes, raw: bytes, *, name: str = "w.example/1", hint: str | None = None) -> str:
    hint = witness_key_hint(name, raw).hex() if hint is None else hint
    return f"{name}+{hint}+{encode_b64(kind + raw)}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "w.example",
        "w.example+00000000",
        "+00000000+BAAA",
        key_of(b"\x01", bytes(32)),  # a log's key
        key_of(b"\x06", bytes(32)),
        key_of(b"\x04", bytes(31)),
        key_of(b"\x04", bytes(33)),
        key_of(b"\x04", bytes(32), hint="00000000"),
        key_of(b"\x04", bytes(32)).upper(),
        key_of(b"\x04", bytes(32), name="w example"),
        key_of(b"\x04", bytes(32)) + "\n",
        key_of(b"\x04", bytes(32)) + "+",
        "\udc80" + key_of(b"\x04", bytes(32)),  # a byte of the command line that is not UTF-8
    ],
)
def test_another_key_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_witness_key(text)


def test_the_signed_bytes_are_those_of_the_specification() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert cosigned_bytes(1679315147, text) == b"cosignature/v1\ntime 1679315147\n" + text.encode()
