"""Signing configs: reading, writing, and which services they choose."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.strict_json import compact_json
from pycosign.errors import MalformedError, UsageError
from pycosign.wire.signing_config import (
    Selector,
    Service,
    SigningConfig,
    format_client_trust_config,
    format_signing_config,
    parse_client_trust_config,
    parse_signing_config,
    select_service,
    select_services,
)
from pycosign.wire.trusted_root import TrustedRoot, ValidFor, parse_trusted_root
from tests.recordings import recorded_file
from tests.wire.strategies import json_bytes, texts
from tests.wire.test_trusted_root import spans, trusted_roots

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RECORDED = recorded_file("file-signing_config.v0.2.json")
services = st.lists(st.builds(Service, texts, st.integers(1, 3), spans, texts), max_size=3).map(tuple)
selectors = st.one_of(
    st.sampled_from([Selector("ANY"), Selector("ALL")]),
    st.builds(Selector, st.just("EXACT"), st.integers(1, 9)),
)
configs = st.builds(SigningConfig, services, services, services, services, selectors, selectors)


@given(configs)
def test_what_we_write_we_read_back(config: SigningConfig) -> None:
    assert parse_signing_config(format_signing_config(config)) == config


@given(trusted_roots, configs)
def test_client_trust_configs_that_we_write_we_read_back(root: TrustedRoot, config: SigningConfig) -> None:
    assert parse_client_trust_config(format_client_trust_config(root, config)) == (root, config)


@given(st.one_of(json_bytes, st.binary()))
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    for parse in (parse_signing_config, parse_client_trust_config):
        with pytest.raises(MalformedError):
            parse(data)


@pytest.mark.parametrize(("name", "version"), [("signing_config.v0.2", 2), ("signing_config_v1", 1)])
def test_configs_that_cosign_wrote_are_read_and_written_again_byte_for_byte(name: str, version: int) -> None:
    raw = recorded_file(f"file-{name}.json")
    config = parse_signing_config(raw)
    assert format_signing_config(config) == raw.rstrip(b"\n")
    assert [service.api_version for service in config.rekor] == [version]
    assert [service.url for service in config.tsa] == ["http://127.0.0.1:3004/api/v1/timestamp"] * (version - 1)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.1+json"}, "mediaType is not"),
        ({"rekorTlogConfig": None}, "rekorTlogConfig is missing"),
        ({"tsaConfig": {"selector": "SERVICE_SELECTOR_UNDEFINED"}}, "tsaConfig.selector is not one of ANY, ALL"),
        ({"tsaConfig": {}}, "tsaConfig.selector is not one of"),
        ({"tsaConfig": {"selector": "EXACT"}}, "tsaConfig.count must be above 0 with EXACT"),
        ({"tsaConfig": {"selector": "ANY", "count": 2}}, "tsaConfig.count must be above 0 with EXACT"),
        ({"caUrls": [{"url": "x"}]}, "caUrls[0].majorApiVersion is missing"),
        ({"caUrls": [{"url": "x", "majorApiVersion": 0}]}, "caUrls[0].majorApiVersion is not between 1"),
        ({"caUrls": [{"majorApiVersion": 1}]}, "caUrls[0].url is missing"),
        ({"caUrls": [{"url": "x", "majorApiVersion": 1, "new": 1}]}, "caUrls[0] has an unknown member"),
        ({"new": 1}, "signing config has an unknown member"),
    ],
)
def test_other_forms_are_refused_by_name(change: dict[str, object], problem: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_signing_config(compact_json(json.loads(RECORDED) | change))
    assert str(caught.value).removeprefix("signing config.").startswith(problem)


def test_selectors_may_be_absent_where_there_is_no_service() -> None:
    config = {"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json", "tsaConfig": {}}
    parsed = parse_signing_config(compact_json(config))
    assert parsed == SigningConfig(rekor_selector=Selector(""), tsa_selector=Selector(""))
    assert json.loads(format_signing_config(parsed)) == config | {"rekorTlogConfig": {}}


def test_a_trust_config_names_what_is_wrong_inside() -> None:
    raw = format_client_trust_config(parse_trusted_root(recorded_file("file-trusted_root.json")), SigningConfig())
    with pytest.raises(MalformedError, match=r"^client trust config\.trustedRoot\.mediaType is not"):
        parse_client_trust_config(raw.replace(b"version=0.1", b"version=0.3"))
    with pytest.raises(MalformedError, match=r"^client trust config\.mediaType is not"):
        parse_client_trust_config(raw.replace(b"clienttrustconfig.v0.1", b"clienttrustconfig.v0.9"))


# ---- choosing ------------------------------------------------------------------------------------------------------
def service(url: str, version: int = 1, *, start: int = -9, end: int | None = None, operator: str = "") -> Service:
    span = ValidFor(NOW + start * DAY, None if end is None else NOW + end * DAY)
    return Service(url, version, span, operator or url)


def last(found: Sequence[Service], amount: int) -> Sequence[Service]:
    """In the place of a random choice."""
    return found[-amount:]


def urls(found: Sequence[Service]) -> str:
    return "".join(item.url for item in found)


def choose(found: Sequence[Service], kind: str = "ALL", amount: int = 0, versions: Sequence[int] = (1, 2)) -> str:
    return urls(select_services(found, Selector(kind, amount), versions=versions, now=NOW, choose=last))


def test_only_the_highest_version_that_the_client_speaks_is_used() -> None:
    found = [service("a", 1), service("b", 2), service("c", 3), service("d", 2)]
    assert choose(found) == "bd"
    assert choose(found, versions=[1]) == "a"
    assert choose(found, versions=[3, 1]) == "c"


def test_services_that_are_not_valid_now_are_left_out_and_the_ends_belong() -> None:
    assert choose([service("a", 2, start=1), service("b", 2, end=-1), service("c", 1)]) == "c"
    assert choose([service("a", start=0), service("b", end=0)]) == "ab"


def test_of_one_operator_the_newest_is_used_and_the_newest_comes_first() -> None:
    found = [service("a", operator="x", start=-3), service("b", operator="x", start=-1), service("c", start=-2)]
    assert choose(found) == "bc"
    open_start = Service("d", 1, ValidFor(), "x")
    assert choose([open_start, *found]) == "bc"


def test_any_chooses_one_and_exact_so_many() -> None:
    found = [service("a"), service("b"), service("c")]
    assert choose(found, "ANY") == "c"
    assert choose(found, "EXACT", 2) == "bc"
    with pytest.raises(UsageError, match="count 4 must be less than or equal to the slice length 3"):
        choose(found, "EXACT", 4)


def test_no_service_at_all_is_a_wish_and_none_that_fits_is_an_error() -> None:
    assert select_services([], Selector(), versions=[1], now=NOW, choose=last) == ()
    for found in ([service("a", 2)], [service("a", end=-1)]):
        with pytest.raises(UsageError, match="no matching services found for API versions") as caught:
            choose(found, versions=[1])
        assert caught.value.code == "signing-config.no-service"


def test_the_one_authority_is_the_newest_of_the_highest_version() -> None:
    found = [service("a", start=-2), service("b", start=-1), service("c", start=1), service("d", 2)]
    assert select_service(found, versions=[1], now=NOW).url == "b"
    with pytest.raises(UsageError):
        select_service([], versions=[1], now=NOW)
