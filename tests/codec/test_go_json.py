"""JSON byte for byte as Go writes it; the expected bytes come from Go's documentation and tests of encoding/json."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.go_json import go_json
from pycosign.codec.json_value import JsonValue
from pycosign.errors import MalformedError
from tests.wire.strategies import json_values


@given(json_values)
def test_python_reads_what_we_write(value: JsonValue) -> None:
    for sort in (False, True):
        for escape_html in (False, True):
            assert json.loads(go_json(value, sort=sort, escape_html=escape_html)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_value(number: float) -> None:
    assert float(go_json(number)) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1.5, "1.5"),
        (100.0, "100"),
        (123456.789, "123456.789"),
        (0.000001, "0.000001"),
        (0.00001234, "0.00001234"),
        (1e-7, "1e-7"),
        (1.23e-9, "1.23e-9"),
        (5e-324, "5e-324"),
        (1e20, "100000000000000000000"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (10, "10"),
        (2**70, str(2**70)),
    ],
)
def test_numbers_are_written_as_go_does(number: float, text: str) -> None:
    assert go_json(number).decode() == text


def test_html_and_line_separators_are_escaped() -> None:
    assert go_json("<a>&\u2028\u2029é\x7f") == '"\\u003ca\\u003e\\u0026\\u2028\\u2029é\x7f"'.encode()
    assert go_json("<a>&\u2028", escape_html=False) == b'"<a>&\\u2028"'
    assert go_json('\b\f\n\r\t\x00"\\/') == b'"\\b\\f\\n\\r\\t\\u0000\\"\\\\/"'


def test_members_keep_their_order_or_are_sorted() -> None:
    value = {"b": [], "a": {"d": None, "c": True}, "<": {}}
    assert go_json(value) == b'{"b":[],"a":{"d":null,"c":true},"\\u003c":{}}'
    assert go_json(value, sort=True) == b'{"\\u003c":{},"a":{"c":true,"d":null},"b":[]}'


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "\ud800", {"x": b""}, object()])
def test_what_go_cannot_write_is_refused(value: object) -> None:
    with pytest.raises(MalformedError):
        go_json(value)
