"""Strict reading, and canonical and compact writing, of JSON."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign import limits
from pycosign.codec.json_value import JsonValue
from pycosign.codec.strict_json import canonical_json, compact_json, load_json
from pycosign.errors import MalformedError
from tests.wire.strategies import json_values

MAX = 1 << 20


def load(data: bytes | str) -> JsonValue:
    return load_json(data, what="thing", max_bytes=MAX)


@given(json_values)
def test_what_we_write_we_read_back(value: JsonValue) -> None:
    assert load(canonical_json(value)) == value
    assert load(compact_json(value)) == value


@given(json_values)
def test_canonical_json_is_its_own_canonical_form(value: JsonValue) -> None:
    written = canonical_json(value)
    assert canonical_json(load(written)) == written


@given(st.one_of(st.binary(), st.text('{}[]",:0123456789eE.-+\\utrfnalsNIy \n\ud800', max_size=40)))
def test_nothing_but_malformed_error_escapes_and_python_agrees_on_what_is_accepted(data: bytes | str) -> None:
    try:
        value = load(data)
    except MalformedError:
        return
    assert json.loads(data) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a":1,"a":1}', "has the member 'a' twice"),
        ('{"x":{"a":1,"b":2,"\\u0061":3}}', "has the member 'a' twice"),
        ("NaN", "has NaN, which is not JSON"),
        ("[Infinity]", "has Infinity, which is not JSON"),
        ("[-Infinity]", "has -Infinity, which is not JSON"),
        ("1e999", "has a number that is too large"),
        ("9" * 5000, "has a number that is too large"),
        ('"\\ud800"', "has a lone surrogate in a string"),
        ('{"\\uDC00":1}', "has a lone surrogate in a string"),
        ('[["\\ud800x"]]', "has a lone surrogate in a string"),
        ("{} {}", "is not JSON: Extra data (line 1, column 4)"),
        ("", "is not JSON: Expecting value (line 1, column 1)"),
        ("\ufeff{}", "begins with a byte order mark, which JSON has none of (RFC 8259, 8.1)"),
    ],
)
def test_what_readers_disagree_about_is_refused(text: str, problem: str) -> None:
    with pytest.raises(MalformedError) as caught:
        load(text)
    assert caught.value.problem == problem


@pytest.mark.parametrize("data", [b"\xff", b'"\xc3"', b'"\xed\xa0\x80"', "\ud800"])
def test_text_that_is_not_utf8_is_refused(data: bytes | str) -> None:
    with pytest.raises(MalformedError, match=r"^thing is not UTF-8$"):
        load(data)


def test_a_surrogate_pair_is_one_character() -> None:
    assert load('"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_size_is_bounded_in_bytes() -> None:
    assert load_json('"é"', what="thing", max_bytes=4) == "é"
    with pytest.raises(MalformedError, match="is 4 bytes long; 3 are allowed"):
        load_json('"é"', what="thing", max_bytes=3)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded(opening: str, closing: str) -> None:
    depth = limits.JSON_DEPTH
    load(opening * depth + "1" + closing * depth)
    for deeper in (depth + 1, 500, 100_000):
        with pytest.raises(MalformedError, match=f"is nested deeper than {depth} levels"):
            load(opening * deeper + "1" + closing * deeper)


def test_many_shallow_values_are_not_deep() -> None:
    assert load("[" + ",".join(["[]"] * 1000) + "]") == [[]] * 1000


@pytest.mark.parametrize("item", ["[]", "{}", '{"a":0}'])
def test_more_objects_and_arrays_than_anybody_writes_are_not_even_read(item: str) -> None:
    """They took thirty times the memory of their text: a bundle of 32 MiB took 900 MB, and ten seconds."""
    text = "[" + ",".join([item] * limits.JSON_CONTAINERS) + "]"
    tracemalloc.start()
    try:
        with pytest.raises(MalformedError, match="objects and arrays"):
            load_json(text, what="thing", max_bytes=32 << 20)
        assert tracemalloc.get_traced_memory()[1] < 3 * len(text)
    finally:
        tracemalloc.stop()
    assert load_json("[[],[]]", what="thing", max_bytes=9, max_containers=3) == [[], []]
    with pytest.raises(MalformedError):
        load_json("[[],[]]", what="thing", max_bytes=9, max_containers=2)


def test_more_values_than_anybody_writes_are_not_even_read() -> None:
    """Of two letters they take twelve times the memory of their text."""
    text = "[" + ",".join(['"ab"'] * (8 * 1000 + 2)) + "]"
    with pytest.raises(MalformedError, match="has more than 8000 values"):
        load_json(text, what="thing", max_bytes=1 << 20, max_containers=1000)
    long = "[" + '"' + "," * 20_000 + '"]'
    with pytest.raises(MalformedError, match="values"):  # those in strings count, too
        load_json(long, what="thing", max_bytes=1 << 20, max_containers=1000)


@given(st.recursive(st.text('[{\\"a', max_size=4), st.lists, max_leaves=40), st.integers(0, 60))
def test_whatever_has_more_objects_and_arrays_than_allowed_is_refused(value: Any, allowed: int) -> None:
    def arrays(item: Any) -> int:
        return 1 + sum(map(arrays, item)) if isinstance(item, list) else 0

    try:
        assert load_json(json.dumps(value), what="thing", max_bytes=9999, max_containers=allowed) == value
    except MalformedError:
        text = json.dumps(value)
        assert text.count("[") + text.count("{") > allowed  # those in strings may count as well
    else:
        assert arrays(value) <= allowed


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_counted_exactly(opening: str, closing: str) -> None:
    deepest = opening * limits.JSON_DEPTH + "0" + closing * limits.JSON_DEPTH
    load_json(deepest, what="thing", max_bytes=9999)
    for text in (opening + deepest + closing, f"[{'[],' * 200}{deepest}]"):
        with pytest.raises(MalformedError, match="nested deeper"):
            load_json(text, what="thing", max_bytes=9999)


def test_canonical_names_are_ordered_by_utf16_as_rfc_8785_shows() -> None:
    value = {"\u20ac": "Euro", "\r": "CR", "\ufb33": "Dalet", "1": "One", "\U0001f600": "Face", "\x80": "C", "ö": "O"}
    assert list(json.loads(canonical_json(value))) == ["\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]


def test_canonical_strings_escape_only_what_they_must() -> None:
    assert canonical_json('<&>\u2028\x7f\x00\x1f"\\/\b\f\n\r\t') == (
        b'"<&>\xe2\x80\xa8\x7f\\u0000\\u001f\\"\\\\/\\b\\f\\n\\r\\t"'
    )


@pytest.mark.parametrize("value", [1.5, {"a": [1.0]}, 2**53, -(2**53), "\ud800", b"x", {1, 2}])
def test_what_has_no_agreed_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(MalformedError):
        canonical_json(value)
