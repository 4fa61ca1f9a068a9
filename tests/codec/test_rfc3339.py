"""Times in RFC 3339."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.rfc3339 import format_rfc3339, parse_rfc3339
from pycosign.errors import MalformedError

moments = st.datetimes().map(lambda at: at.replace(tzinfo=UTC))


@given(moments)
def test_what_we_write_we_read_back(at: datetime) -> None:
    assert parse_rfc3339(format_rfc3339(at), what="time") == at


@given(
    st.one_of(
        st.text(),
        st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"),
    )
)
def test_nothing_but_malformed_error_escapes(text: str) -> None:
    try:
        at = parse_rfc3339(text, what="time")
    except MalformedError:
        return
    assert at.tzinfo is UTC
    assert parse_rfc3339(format_rfc3339(at), what="time") == at


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-22T17:51:10Z", "2026-11-22T17:51:10Z"),
        ("2026-11-22T17:51:10.5Z", "2026-11-22T17:51:10.500Z"),
        ("2026-11-22T17:51:10.123456789Z", "2026-11-22T17:51:10.123456Z"),
        ("2026-11-22T19:21:10+01:30", "2026-11-22T17:51:10Z"),
        ("2026-11-22T17:51:10-00:00", "2026-11-22T17:51:10Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_times_are_written_in_utc_with_protobufs_fractions(text: str, written: str) -> None:
    assert format_rfc3339(parse_rfc3339(text, what="time")) == written


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22t17:51:10Z",
        "2026-11-22T17:51:10z",
        "2026-11-22 17:51:10Z",
        "2026-11-22T17:51:10",
        "2026-11-22T17:51Z",
        "2026-11-22T17:51:10.Z",
        "2026-11-22T17:51:10.1234567890Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "2026-11-22T17:51:10+24:00",
        "2026-11-22T17:51:10+01:60",
        "２026-11-22T17:51:10Z",
        "2026-11-22T17:51:10Z\n",
    ],
)
def test_other_forms_and_moments_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_rfc3339(text, what="time")
