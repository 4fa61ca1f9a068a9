"""YAML means what JSON could say, and nothing else."""

import contextlib
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.strict_yaml import load_yaml
from pycosign.errors import MalformedError


def load(text: str | bytes) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return load_yaml(data, what="file", max_bytes=10_000, max_depth=9)


SIX = {"a": "1e3", "b": "0x10", "c": "1.10", "d": "007", "e": "1_000", "f": "12:30"}
MEANINGS: dict[str, Any] = {
    "a: 1\nb: [x, -2, 'three']": {"a": 1, "b": ["x", -2, "three"]},
    "a: no\nb: on\nc: y": {"a": "no", "b": "on", "c": "y"},
    "a: true\nb: false\nc: null\nd: ~\ne:": {"a": True, "b": False, "c": None, "d": None, "e": None},
    "a: 1e3\nb: 0x10\nc: 1.10\nd: 007\ne: 1_000\nf: 12:30": SIX,
    "a: 2026-01-01T00:00:00Z": {"a": "2026-01-01T00:00:00Z"},
    "a: '1'\nb: \"null\"": {"a": "1", "b": "null"},
    "a: |\n  -----BEGIN\n  x\n": {"a": "-----BEGIN\nx\n"},
    "<<: {a: b}": {"<<": {"a": "b"}},
    "# nothing else\n---\nx\n...\n": "x",
}


@pytest.mark.parametrize("text", MEANINGS)
def test_a_value_means_what_it_looks_like(text: str) -> None:
    assert load(text) == MEANINGS[text]


REFUSED: dict[str, str | bytes] = {
    "an anchor": "a: &x 1",
    "an alias": "a: [&x [], *x]",
    "a bomb": "a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]",
    "a tag": "a: !!python/object/apply:os.system ['true']",
    "a local tag": "a: !x 1",
    "a tag on text": "a: !!str 1",
    "a directive": "%TAG ! tag:example.com,2026:\n---\na: 1",
    "a key twice": "a: 1\na: 2",
    "a key twice, once in quotes": "a: 1\n'a': 2",
    "a number for a key": "1: a",
    "null for a key": "~: a",
    "a list for a key": "? [a]\n: b",
    "two documents": "a: 1\n---\nb: 2",
    "no document": "",
    "not YAML": "a: [",
    "a tabulator": "a:\n\t- b",
    "too deep": "[[[[[[[[[[x]]]]]]]]]]",
    "much too deep": "[" * 5000,
    "too large": "a" * 10_001,
    "a control character": "a: \x00",
    "Latin-1": "a: \u00e9".encode("latin-1"),
    "UTF-16": "a: 1".encode("utf-16"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_yaml_surprising_is_refused(name: str) -> None:
    with pytest.raises(MalformedError):
        load(REFUSED[name])


def test_a_refusal_names_the_dotted_place() -> None:
    for text, place in (
        ("a:\n  - b: {c: 1, c: 2}", r"file\.a\[0\]\.b has the member 'c' twice"),
        ("a: [1, {b: !x 1}]", r"file\.a\[1\]\.b has a tag"),
        ("a: {b: &x 1}", r"file\.a\.b has an anchor"),
        ("a: [", r"file is not YAML: .* \(line [12], column [15]\)"),
    ):
        with pytest.raises(MalformedError, match=place):
            load(text)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


@given(VALUES)
def test_what_other_writers_write_is_read_as_it_was(value: Any) -> None:
    assert load(yaml.dump(value, Dumper=_NoAliases)) == value


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        json.dumps(load(data))
