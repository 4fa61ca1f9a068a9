"""Times as Go reads them: what our own strict reader takes, and what Go takes besides."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.go_time import parse_go_time
from pycosign.codec.rfc3339 import format_rfc3339, parse_rfc3339

LAYOUT = "2006-01-02T15:04:05Z07:00"


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))
def test_what_we_write_is_read(at: datetime) -> None:
    assert parse_go_time(format_rfc3339(at)) == at


@given(st.text(max_size=30) | st.from_regex(r"2024-\d\d-\d\dT\d\d?:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", fullmatch=True))
def test_anything_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert parse_go_time(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2024-01-01T1:02:03Z", "2024-01-01T01:02:03Z"),
        ("2024-01-01T01:02:03,5Z", "2024-01-01T01:02:03.5Z"),
        ("2024-01-01T01:02:03.123456789+01:30", "2023-12-31T23:32:03.123456Z"),
        ("2024-02-29T00:00:00-00:30", "2024-02-29T00:30:00Z"),
    ],
)
def test_what_go_takes_besides(text: str, same_as: str) -> None:
    assert parse_go_time(text) == parse_rfc3339(same_as, what="time")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", f'parsing time "" as "{LAYOUT}": cannot parse "" as "2006"'),
        ("2024", f'parsing time "2024" as "{LAYOUT}": cannot parse "" as "-"'),
        ("2024-00-01T00:00:00Z", 'parsing time "2024-00-01T00:00:00Z": month out of range'),
        ("2023-02-29T00:00:00Z", 'parsing time "2023-02-29T00:00:00Z": day out of range'),
        ("2024-01-01T00:00:00ZZ", 'parsing time "2024-01-01T00:00:00ZZ": extra text: "Z"'),
        ("2024-01-01T00:00:00+1", f'parsing time "2024-01-01T00:00:00+1" as "{LAYOUT}": cannot parse "+1" as "Z07:00"'),
        (
            "٢٠٢٤-01-01T00:00:00Z",
            f'parsing time "٢٠٢٤-01-01T00:00:00Z" as "{LAYOUT}": cannot parse "٢٠٢٤-01-01T00:00:00Z" as "2006"',
        ),
    ],
)
def test_complaints_are_those_of_go(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="parsing time") as caught:
        parse_go_time(text)
    assert str(caught.value) == complaint
