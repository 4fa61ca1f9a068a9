"""Typed reading of objects: each refusal names the dotted path."""

from collections.abc import Callable

import pytest

from pycosign.codec.json_value import JsonValue
from pycosign.codec.strict_json import Fields
from pycosign.errors import MalformedError


def fields(value: JsonValue, *, protojson: bool = True) -> Fields:
    return Fields(value, "thing", protojson=protojson)


def test_members_are_read_by_name_and_type() -> None:
    read = fields(
        {
            "t": "x",
            "n": 5,
            "s": "-7",
            "b": "QUI=",
            "h": "00ff",
            "o": {"i": 1},
            "l": [{"i": 1}, {}],
            "w": ["a", "b"],
            "m": {"k": "v"},
            "f": False,
        }
    )
    assert (read.text("t"), read.integer("n"), read.integer("s")) == ("x", 5, -7)
    assert (read.b64("b"), read.hex("h")) == (b"AB", b"\x00\xff")
    assert read.object("o").integer("i") == 1
    assert [item.optional_integer("i") for item in read.objects("l", limit=2)] == [1, None]
    assert read.texts("w", limit=2) == ["a", "b"]
    assert read.optional_text_map("m") == {"k": "v"}
    assert read.optional_boolean("f") is False
    read.refuse_unknown()


def test_both_spellings_of_protobuf_names_are_read() -> None:
    read = fields({"log_index": "1", "inner_object": {"raw_bytes": "QUI="}, "x509_certificate_chain": {}})
    assert read.integer("logIndex") == 1
    assert read.object("innerObject").b64("rawBytes") == b"AB"
    assert "x509CertificateChain" in read
    read.refuse_unknown()


def test_other_json_has_one_spelling_and_no_numbers_as_text() -> None:
    read = fields({"log_index": 1, "size": "1"}, protojson=False)
    assert read.optional_integer("logIndex") is None
    with pytest.raises(MalformedError, match=r"^thing\.size is not an integer$"):
        read.integer("size")
    with pytest.raises(MalformedError, match=r"^thing has an unknown member 'log_index'$"):
        read.refuse_unknown()


def test_a_member_in_both_spellings_is_refused() -> None:
    values: list[JsonValue] = [{"logIndex": 1, "log_index": 1}, {"logIndex": None, "log_index": 1}]
    for value in values:
        with pytest.raises(MalformedError, match=r"^thing\.logIndex is given twice"):
            fields(value).integer("logIndex")


def test_null_counts_as_absent() -> None:
    read = fields({"a": None})
    assert read.optional_text("a") is None
    assert read.optional_objects("a", limit=1) is None
    assert "a" not in read
    with pytest.raises(MalformedError, match=r"^thing\.a is missing$"):
        read.value("a")
    read.refuse_unknown()


REFUSALS: list[tuple[JsonValue, Callable[[Fields], object], str]] = [
    (1, lambda f: f.text("a"), "a is not text"),
    ("x", lambda f: f.integer("a"), "a is not an integer"),
    (True, lambda f: f.integer("a"), "a is not an integer"),
    (1.0, lambda f: f.integer("a"), "a is not an integer"),
    ("01", lambda f: f.integer("a"), "a is not an integer"),
    ("-0", lambda f: f.integer("a"), "a is not an integer"),
    ("+1", lambda f: f.integer("a"), "a is not an integer"),
    ("١", lambda f: f.integer("a"), "a is not an integer"),
    ("9223372036854775808", lambda f: f.integer("a"), f"a is not between {-(2**63)} and {2**63 - 1}"),
    (-1, lambda f: f.integer("a", minimum=0, maximum=9), "a is not between 0 and 9"),
    (0, lambda f: f.optional_boolean("a"), "a is neither true nor false"),
    ("QUJ=", lambda f: f.b64("a"), "a is not canonical base64"),
    ("QUI=", lambda f: f.b64("a", size=3), "a is 2 bytes long, not 3"),
    ("QUI=", lambda f: f.b64("a", max_size=1), "a is 2 bytes long, not 1 to 1"),
    ("", lambda f: f.b64("a", max_size=1), "a is 0 bytes long, not 1 to 1"),
    ("0F", lambda f: f.hex("a"), "a is not lower-case hexadecimal"),
    ("f", lambda f: f.hex("a"), "a is not lower-case hexadecimal"),
    ("0f", lambda f: f.hex("a", size=2), "a is 1 bytes long, not 2"),
    ([], lambda f: f.object("a"), "a is not a JSON object"),
    ({}, lambda f: f.objects("a", limit=1), "a is not a list"),
    ([{}, {}], lambda f: f.objects("a", limit=1), "a has 2 elements; 1 are allowed"),
    ([{}, 1], lambda f: f.objects("a", limit=2), "a[1] is not a JSON object"),
    ([1], lambda f: f.texts("a", limit=2), "a is not a list of text"),
    (["x", "y"], lambda f: f.texts("a", limit=1), "a has 2 elements; 1 are allowed"),
    ([], lambda f: f.optional_text_map("a"), "a is not a JSON object"),
    ({"x": 1}, lambda f: f.optional_text_map("a"), "a has a member that is not text"),
    ([{"b": 1}], lambda f: f.objects("a", limit=1)[0].text("b"), "a[0].b is not text"),
]


@pytest.mark.parametrize(("value", "read", "sentence"), REFUSALS)
def test_what_is_refused_is_named_by_its_path(
    value: JsonValue, read: Callable[[Fields], object], sentence: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        read(fields({"a": value}))
    assert str(caught.value) == f"thing.{sentence}"


def test_a_missing_member_is_named() -> None:
    with pytest.raises(MalformedError, match=r"^thing\.o\.x is missing$"):
        fields({"o": {}}).object("o").integer("x")


def test_what_is_not_an_object_is_refused() -> None:
    with pytest.raises(MalformedError, match=r"^thing is not a JSON object$"):
        fields([])
