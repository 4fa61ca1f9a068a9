"""Forms that are read without `re`, because compiling a pattern is paid on every run: held to the patterns here."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.fields import is_decimal, is_lower_hex
from pycosign.codec.pem import parse_pem
from pycosign.codec.rfc3339 import parse_rfc3339
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError
from pycosign.wire.checkpoint import rekor_v1_tree_id

DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
LOWER_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
LABEL = re.compile(r"-----BEGIN ([A-Z0-9]+(?: [A-Z0-9]+)*)-----", re.ASCII)
ORIGIN = re.compile(r".+ - (0|[1-9][0-9]{0,18})", re.ASCII)
SURROGATE = re.compile("[\ud800-\udfff]")
TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))",
    re.ASCII,
)
DIGITS = st.text("0123456789", max_size=21)


@given(st.one_of(st.from_regex(DECIMAL), st.text("-+0159 _\u0661", max_size=21), DIGITS, DIGITS.map("-".__add__)))
def test_decimals(text: str) -> None:
    assert is_decimal(text) == bool(DECIMAL.fullmatch(text))


@given(st.one_of(st.text("0123456789abcdef", max_size=8), st.text("0aAfFg \n\u0661", max_size=8), st.text(max_size=4)))
def test_hexadecimal(text: str) -> None:
    assert is_lower_hex(text) == bool(LOWER_HEX.fullmatch(text))


@given(
    st.one_of(st.from_regex(ORIGIN), st.text("a -\n01", max_size=9), st.text(" -015", max_size=24).map("log".__add__))
)
def test_origins_of_rekor_v1(text: str) -> None:
    found = ORIGIN.fullmatch(text)
    assert rekor_v1_tree_id(text) == (int(found[1]) if found else None)


@given(st.one_of(st.from_regex(LABEL), st.text("-BEGIN A9\u0661", max_size=20).map("-----BEGIN {}-----".format)))
def test_labels(line: str) -> None:
    line = line.rstrip(" \t\r").replace("\n", "")
    found = LABEL.fullmatch(line)
    try:
        blocks = parse_pem(f"{line}\nQUJD\n-----END {line[11:-5]}-----\n".encode(), what="test")
    except MalformedError:
        assert found is None
    else:
        assert found is not None
        assert [block.label for block in blocks] == [found[1]]


@st.composite
def nearly_times(draw: st.DrawFn) -> str:
    """A time with up to two characters replaced, left out or put in."""
    text = draw(st.from_regex(TIME, fullmatch=True))
    for _ in range(draw(st.integers(0, 2))):
        at, width = draw(st.integers(0, len(text))), draw(st.integers(0, 1))
        text = text[:at] + draw(st.text("0123456789-+:.TZtz \u0661", max_size=1)) + text[at + width :]
    return text


@given(nearly_times())
def test_times(text: str) -> None:
    found = TIME.fullmatch(text)
    if found is None:
        with pytest.raises(MalformedError, match="is not a time as in RFC 3339"):
            parse_rfc3339(text, what="test")
        return
    try:
        at = parse_rfc3339(text, what="test")
    except MalformedError:  # a moment that does not exist
        return
    if found[8] is None:
        assert at.isoformat()[:19] == text[:19]
        assert f"{at.microsecond:06}" == (found[7] or "").ljust(6, "0")[:6]


@given(
    st.lists(st.sampled_from(["\\ud83d", "\\ude00", "\\uD7FF", "\\ue000", "a", "\\\\", "\\uDC00", "ud800"]), max_size=5)
)
def test_lone_surrogates(parts: list[str]) -> None:
    text = '["' + "".join(parts) + '"]'
    is_lone = SURROGATE.search(json.loads(text)[0])
    if is_lone:
        with pytest.raises(MalformedError):
            load_json(text, what="test", max_bytes=1000)
    else:
        assert load_json(text, what="test", max_bytes=1000) == json.loads(text)
