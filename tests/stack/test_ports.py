"""Which service listens where."""

import socket

import pytest

from pycosign.errors import UsageError
from pycosign.stack.ports import (
    DEFAULT_PORTS,
    FREE,
    bind,
    choose_ports,
    is_loopback,
    parse_ports,
    url_host,
)


def test_without_a_word_the_ports_are_the_scaffoldings() -> None:
    assert choose_ports(None, None) == {
        "fulcio": 5555,
        "rekor": 3000,
        "rekor_v2": 3003,
        "tsa": 3004,
        "oidc": 8080,
        "ctlog": 6962,
        "tuf": 8081,
        "registry": 5001,
    }


def test_ports_that_are_not_listed_take_the_default_or_with_auto_a_free_one() -> None:
    assert choose_ports("fulcio=7000", None) == {**DEFAULT_PORTS, "fulcio": 7000}
    assert choose_ports("auto", None) == dict.fromkeys(DEFAULT_PORTS, FREE)
    assert choose_ports("fulcio=7000,auto", None) == {**dict.fromkeys(DEFAULT_PORTS, FREE), "fulcio": 7000}


@pytest.mark.parametrize(
    "text", ["fulcio", "fulcio=", "fulcio=x", "fulcio=65536", "fulcio=-1", "none=1", "fulcio=1,tsa=1"]
)
def test_what_cannot_be_read_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_ports(text)


def test_remembered_ports_win_and_may_not_be_contradicted() -> None:
    remembered = {**DEFAULT_PORTS, "fulcio": 7000}
    for text in (None, "auto", "fulcio=7000", "fulcio=0"):
        assert choose_ports(text, remembered) == remembered
    with pytest.raises(UsageError, match="fulcio"):
        choose_ports("fulcio=5555", remembered)


def test_a_taken_port_names_the_service_and_leaves_nothing_bound() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            other = free.getsockname()[1]
        with pytest.raises(UsageError, match="tsa"):
            bind("127.0.0.1", {"rekor": other, "tsa": port})
        bind("127.0.0.1", {"rekor": other})["rekor"].close()


def test_an_address_of_another_machine_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        bind("192.0.2.1", {"rekor": 0})


def test_only_loopback_is_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.0.0.5", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "", "10.0.0.1", "127.example.com.")))


def test_a_wildcard_is_advertised_as_loopback() -> None:
    assert (url_host("0.0.0.0"), url_host("::"), url_host("::1"), url_host("10.1.2.3")) == (
        "127.0.0.1",
        "127.0.0.1",
        "[::1]",
        "10.1.2.3",
    )
