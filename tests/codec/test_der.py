"""DER: what is written is read back, what is read is canonical, and nothing but MalformedError escapes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.der import BIT_STRING, INTEGER, OCTET_STRING, SEQUENCE, UTF8_STRING, DerReader, read_der
from pycosign.codec.der_writer import (
    der_bits,
    der_boolean,
    der_context,
    der_element,
    der_generalized_time,
    der_integer,
    der_named_bits,
    der_null,
    der_octets,
    der_oid,
    der_sequence,
    der_set_of,
    der_time,
    der_utf8,
)
from pycosign.errors import MalformedError

moments = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31, 23, 59, 59)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)


def reader(der: bytes) -> DerReader:
    return DerReader(der, "thing")


@given(st.integers())
def test_integers_come_back(value: int) -> None:
    assert reader(der_integer(value)).integer() == value


@given(st.binary(max_size=12))
def test_integers_have_one_spelling(content: bytes) -> None:
    der = der_element(INTEGER, content)
    try:
        value = reader(der).integer()
    except MalformedError:
        return
    assert der_integer(value) == der


@given(
    st.integers(0, 2).flatmap(
        lambda first: st.tuples(
            st.just(first),
            st.integers(0, 39 if first < 2 else 2**40),
            st.lists(st.integers(0, 2**40), max_size=5),
        )
    )
)
def test_oids_come_back(arcs: tuple[int, int, list[int]]) -> None:
    text = ".".join(map(str, (arcs[0], arcs[1], *arcs[2])))
    assert reader(der_oid(text)).oid() == text


def test_more_oids_than_are_remembered_come_back_all_the_same() -> None:
    for _ in range(2):
        assert all(reader(der_oid(f"1.2.{number}")).oid() == f"1.2.{number}" for number in range(700))


@given(st.binary(max_size=20))
def test_oids_have_one_spelling(content: bytes) -> None:
    der = der_element(0x06, content)
    try:
        text = reader(der).oid()
    except MalformedError:
        return
    assert der_oid(text) == der


@given(moments)
def test_times_come_back(at: datetime) -> None:
    assert reader(der_time(at)).time() == at
    assert reader(der_generalized_time(at)).generalized_time() == at


@given(st.frozensets(st.integers(0, 20)))
def test_flags_come_back(numbers: frozenset[int]) -> None:
    assert reader(der_named_bits(numbers)).named_bits() == numbers


def test_flags_have_a_bound() -> None:
    """Each is looked at; a timestamp's failures are signed by nobody, and may take all of its 64 KiB."""
    assert reader(der_named_bits(frozenset((0, 63)))).named_bits() == {0, 63}
    with pytest.raises(MalformedError):
        reader(der_named_bits(frozenset((64,)))).named_bits()


@given(st.binary(max_size=4))
def test_flags_have_one_spelling(content: bytes) -> None:
    der = der_element(BIT_STRING, content)
    try:
        numbers = reader(der).named_bits()
    except MalformedError:
        return
    assert der_named_bits(numbers) == der


@given(st.binary(max_size=300), st.text(max_size=20))
def test_other_values_come_back(raw: bytes, text: str) -> None:
    der = der_sequence(
        der_octets(raw),
        der_bits(raw),
        der_boolean(True),
        der_null(),
        der_utf8(text),
        der_context(0, der_null()),
    )
    inner = read_der(der, SEQUENCE, "thing")
    assert inner.octets() == raw
    assert inner.bits() == raw
    assert inner.boolean() is True
    inner.null()
    assert inner.text(UTF8_STRING) == text
    tagged = inner.optional_context(0)
    assert tagged is not None
    tagged.null()
    tagged.finish()
    assert inner.optional_context(0) is None
    inner.finish()


def test_a_set_is_written_in_order() -> None:
    assert der_set_of(der_integer(2), der_integer(1)) == der_set_of(der_integer(1), der_integer(2))


@pytest.mark.parametrize(
    "der",
    [
        bytes.fromhex(text)
        for text in (
            "",
            "04",
            "0402aa",
            "0480aa0000",  # indefinite
            "048101aa",  # not minimal
            "04820001aa",
            "0485000000000100",  # a length of five bytes
            "1f0400",  # a tag of several bytes
        )
    ],
    ids=bytes.hex,
)
def test_a_bad_header_is_refused(der: bytes) -> None:
    with pytest.raises(MalformedError):
        reader(der).whole()


def test_bytes_after_the_element_are_refused() -> None:
    with pytest.raises(MalformedError, match="trailing"):
        read_der(der_sequence() + b"\x00", SEQUENCE, "thing")


def test_an_element_cannot_reach_beyond_its_parent() -> None:
    outer = reader(bytes.fromhex("3003" + "0402aa" + "bb"))
    with pytest.raises(MalformedError, match="early"):
        outer.sequence().octets()


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x17, "2611221951Z"),
        (0x17, "26112219513aZ"),
        (0x17, "261122195130+0100"),
        (0x17, "261322195130Z"),
        (0x17, "261122195160Z"),
        (0x18, "20261122195130"),
        (0x18, "20261122195130.Z"),
        (0x18, "20261122195130.50Z"),
        (0x18, "20261122195130,5Z"),
        (0x18, "00000101000000Z"),
        (0x18, "20261122195130.5Z"),
    ],
)
def test_a_bad_time_is_refused(tag: int, text: str) -> None:
    with pytest.raises(MalformedError, match="time"):
        reader(der_element(tag, text.encode())).time()


def test_a_timestamp_may_have_a_fraction() -> None:
    der = der_element(0x18, b"20261122195130.0000019Z")
    assert reader(der).generalized_time() == datetime(2026, 11, 22, 19, 51, 30, 1, UTC)


def test_an_integer_that_may_be_shown_has_a_bound() -> None:
    for value in (0, -1, (1 << 512) - 1):
        assert reader(der_integer(value)).bounded_integer() == value
    with pytest.raises(MalformedError):
        reader(der_integer(1 << 512)).bounded_integer()


@given(st.binary(max_size=60))
def test_no_other_exception_escapes(der: bytes) -> None:
    for method in (
        "whole",
        "boolean",
        "integer",
        "oid",
        "octets",
        "bits",
        "named_bits",
        "null",
        "time",
        "sequence",
    ):
        try:
            getattr(reader(der), method)()
        except MalformedError:
            continue
    try:
        reader(der).text(OCTET_STRING)
    except MalformedError:
        return


@given(st.binary(max_size=60))
def test_what_is_read_as_an_element_is_written_the_same(der: bytes) -> None:
    try:
        whole = reader(der).whole()
    except MalformedError:
        return
    assert der_element(whole[0], reader(der).content(whole[0])) == whole
