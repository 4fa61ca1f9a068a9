"""Thresholds of logs and authorities against one operator who shows up as several."""

import pytest

from pycosign.crypto.signers import generate_signer
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR, STAGING_MIRROR, embedded_file
from pycosign.verify.distinct import distinct_authorities, distinct_logs
from pycosign.verify.trust import TrustedLog, compile_trust
from pycosign.wire.trusted_root import ValidFor, parse_trusted_root


def log(url: str, operator: str = "") -> TrustedLog:
    key = generate_signer("ecdsa-p256").public_key.spki_der
    return TrustedLog(url, key[-32:], key, ValidFor(), operator=operator)


@pytest.mark.parametrize("mirror", [PUBLIC_GOOD_MIRROR, STAGING_MIRROR])
def test_the_shards_of_a_public_instance_are_one_log(mirror: str) -> None:
    """Their trust roots name no operators, and each shard has a URL and a key of its own."""
    content = embedded_file(mirror, "trusted_root.json")
    assert content is not None
    trust = compile_trust(parse_trusted_root(content))
    logs = [log for logs in trust.logs.values() for log in logs]
    assert len(logs) > 1
    assert distinct_logs(logs, logs) == 1
    authorities = trust.timestamp_authorities
    assert distinct_authorities([(item, ()) for item in authorities], authorities) == 1


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("https://log1.sigstore.example.com", "https://log2.sigstore.example.com", 1),
        ("https://log1.example.com.", "http://LOG2.Example.com:3000/x", 1),
        ("log1.sigstore.example.com", "https://log2.sigstore.example.com", 1),
        ("log1.example.com:3000/x", "log2.example.com", 1),
        ("https://log.example.com", "https://log.example.org", 2),
        ("https://log.one.co.uk", "https://log.two.co.uk", 2),
        ("https://log1.one.co.uk", "https://log2.one.co.uk", 1),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3001", 2),
        ("http://[::1]:3000", "http://[::1]:3001", 2),
        ("http://localhost:3000", "http://localhost:3001", 2),
        ("http://rekor", "http://rekor2", 2),
        ("", "", 2),
    ],
)
def test_whoever_has_the_domain_is_the_operator_that_nobody_names(first: str, second: str, count: int) -> None:
    logs = [log(first), log(second)]
    assert distinct_logs(logs, logs) == count


def test_operators_who_share_a_domain_are_told_apart_by_their_names() -> None:
    logs = [log("https://one.hosting.example", "one"), log("https://two.hosting.example", "two")]
    assert distinct_logs(logs, logs) == 2


@pytest.mark.parametrize("name", ["sigstore.dev", "Sigstore Project"])
def test_an_operator_who_is_named_at_one_shard_only_is_one(name: str) -> None:
    logs = [log("https://rekor.sigstore.dev"), log("https://log2025-1.rekor.sigstore.dev", name)]
    assert distinct_logs(logs, logs) == 1
    assert distinct_logs(logs[1:], logs) == 1
