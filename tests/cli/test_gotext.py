"""Values as Go reads and writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.cli.gotext import format_duration, parse_bool, parse_duration, parse_int, quote, split_commas


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3m0s", 180),
        ("1h2m3.5s", 3723.5),
        ("0", 0),
        ("-1.5h", -5400),
        ("+90s", 90),
        ("1us", 1e-6),
        (".5s", 0.5),
        ("1.s", 1),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", 'time: invalid duration ""'),
        ("5", 'time: missing unit in duration "5"'),
        ("5x", 'time: unknown unit "x" in duration "5x"'),
        ("s", 'time: invalid duration "s"'),
        ("-", 'time: invalid duration "-"'),
        ("1h-1m", 'time: unknown unit "h-" in duration "1h-1m"'),
        ("99999999999999999h", 'time: invalid duration "99999999999999999h"'),
    ],
)
def test_what_is_no_duration(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_duration(text)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("seconds", "text"), [(180, "3m0s"), (0, "0s"), (3723.5, "1h2m3.5s"), (0.25, "250ms"), (3600, "1h0m0s")]
)
def test_durations_are_written_as_go_does(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=1, max_value=10**7))
def test_a_written_duration_reads_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "number"),
    [("10", 10), ("-3", -3), ("0x1f", 31), ("0b11", 3), ("0o17", 15), ("017", 15), ("0", 0), ("0x1_f", 31)],
)
def test_integers(text: str, number: int) -> None:
    assert parse_int(text) == number


@pytest.mark.parametrize("text", ["", "x", "1_000", "1__0", "08", "0x", "_1", "1.0", " 1", "\u0665", "--1"])
def test_what_is_no_integer(text: str) -> None:
    with pytest.raises(ValueError, match="invalid syntax"):
        parse_int(text)


def test_an_integer_has_64_bits() -> None:
    assert parse_int(str(2**63 - 1)) == 2**63 - 1
    with pytest.raises(ValueError, match="value out of range"):
        parse_int(str(2**63))


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("T", True), ("f", False), ("FALSE", False), ("0", False)]
)
def test_booleans(text: str, value: bool) -> None:
    assert parse_bool(text) is value


@pytest.mark.parametrize("text", ["yes", "", "tRUE", "2"])
def test_what_is_no_boolean(text: str) -> None:
    with pytest.raises(ValueError, match="invalid syntax"):
        parse_bool(text)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", []),
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        ("a,", ["a", ""]),
        ('"a,b",c', ["a,b", "c"]),
        ('"a""b"', ['a"b']),
        ('""', [""]),
    ],
)
def test_lists(text: str, fields: list[str]) -> None:
    assert split_commas(text) == fields


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('a"x', 'parse error on line 1, column 2: bare " in non-quoted-field'),
        ('"x"y', 'parse error on line 1, column 3: extraneous or missing " in quoted-field'),
        ('"x', 'parse error on line 1, column 3: extraneous or missing " in quoted-field'),
    ],
)
def test_what_is_no_list(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as refused:
        split_commas(text)
    assert str(refused.value) == reason


@given(st.lists(st.text(st.characters(exclude_characters='"\r\n')), min_size=1))
def test_quoted_fields_come_back(fields: list[str]) -> None:
    assert split_commas(",".join(f'"{field}"' for field in fields)) == fields


@given(st.text())
def test_quoting_leaves_only_what_prints(text: str) -> None:
    assert quote(text).isprintable()
