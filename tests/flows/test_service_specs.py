"""Specifications of services on the command line: read or refused, whatever is typed."""

from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import UsageError
from pycosign.flows.service_specs import parse_count, parse_selector, parse_service
from pycosign.flows.trusted_root_create import GivenAuthorities, GivenLogs, GivenRoot, create_trusted_root
from pycosign.wire.trusted_root import parse_trusted_root

pieces = st.sampled_from(
    [
        "url=",
        "api-version=1",
        "start-time=2024-01-01T00:00:00Z",
        "end-time=2025-01-01T00:00:00Z",
        "operator=me",
        "=",
        "x",
    ]
)
specs = st.lists(pieces | st.text(max_size=8), max_size=6).map(",".join)


@given(specs)
def test_a_service_is_read_or_refused(spec: str) -> None:
    try:
        service = parse_service(spec)
    except UsageError:
        return
    assert (service.url, service.operator, service.api_version > 0) == (service.url or None, service.operator, True)


@given(st.text(max_size=12) | st.from_regex(r"(any|ALL|EXACT)(:\d{0,30})?", fullmatch=True))
def test_a_selector_is_read_or_refused(text: str) -> None:
    try:
        selector = parse_selector(text)
    except UsageError:
        return
    assert (selector.kind == "EXACT") == (0 < selector.amount < 2**32)


@given(st.integers(0, 2**33))
def test_counts_have_32_bits(number: int) -> None:
    try:
        assert parse_count(f"000{number}") == number
    except UsageError:
        assert number >= 2**32


@given(st.lists(specs, max_size=2), st.binary(max_size=300))
def test_a_trusted_root_is_made_of_whatever_is_in_the_files_or_refused(given_specs: list[str], content: bytes) -> None:
    known = tuple(f"url=u,{key}=file,start-time=2024-01-01T00:00:00Z" for key in ("public-key", "certificate-chain"))
    given_root = GivenRoot(
        fulcio=GivenAuthorities(specs=(*given_specs, known[1])), rekor=GivenLogs(specs=(*given_specs, known[0]))
    )
    try:
        written = create_trusted_root(given_root, base=None, read=lambda path: content)
    except UsageError:
        return
    parse_trusted_root(written)
