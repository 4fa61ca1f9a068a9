"""A certificate log's answer as JSON."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError
from pycosign.wire.sct import Sct
from pycosign.wire.sct_response import parse_sct_response, sct_response
from tests.recordings import exchange
from tests.wire.strategies import json_bytes

scts = st.builds(
    Sct,
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**63 - 1),
    st.binary(max_size=10),
    st.sampled_from(["sha256", "sha384", "sha512"]),
    st.sampled_from(["ecdsa", "rsa"]),
    st.binary(max_size=80),
    st.just(0),
)
GOOD = sct_response(Sct(bytes(32), 1, b"", "sha256", "ecdsa", b"signature"))


@given(scts)
def test_an_answer_comes_back(sct: Sct) -> None:
    assert parse_sct_response(json.dumps(sct_response(sct)).encode()) == sct


def test_the_real_logs_answer_is_read() -> None:
    body = exchange("ctlog-add-pre-chain")[1].body
    assert sct_response(parse_sct_response(body)) == json.loads(body)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sct_version", 1),
        ("sct_version", None),
        ("sct_version", "0"),
        ("id", "AAAA"),
        ("id", None),
        ("timestamp", -1),
        ("timestamp", "1"),
        ("timestamp", 2**63),
        ("timestamp", 1.5),
        ("extensions", "a"),
        ("extensions", 3),
        ("signature", ""),
        ("signature", "BAMAAAA="),
        ("signature", "AAMAAA=="),
        ("signature", None),
        ("more", 1),
    ],
)
def test_another_answer_is_malformed(name: str, value: Any) -> None:
    with pytest.raises(MalformedError):
        parse_sct_response(json.dumps({**GOOD, name: value}).encode())


@given(st.one_of(json_bytes, st.binary(max_size=200)))
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    with suppress(MalformedError):
        parse_sct_response(data)


def test_a_member_twice_is_malformed() -> None:
    with pytest.raises(MalformedError):
        parse_sct_response(json.dumps(GOOD).replace('"id"', '"timestamp": 2, "id"').encode())


def test_an_endless_answer_is_malformed() -> None:
    with pytest.raises(MalformedError):
        parse_sct_response(json.dumps({**GOOD, "extensions": "A" * (1 << 20)}).encode())
