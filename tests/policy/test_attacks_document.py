"""A policy file that reads one way to people and another way to the program."""

import pytest

from pycosign.errors import MalformedError
from pycosign.policy.document import parse_policy

GOOD = """schema: 1
signers:
  - identity: a@example.com
    issuer: https://issuer.example
"""


def refused(text: str) -> MalformedError:
    with pytest.raises(MalformedError) as refusal:
        parse_policy(text.encode())
    return refusal.value


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_no_demand_hides_behind_an_end_of_line_that_only_some_readers_see(end: str) -> None:
    """YAML 1.1, which PyYAML reads, ends a comment there; editors and YAML 1.2 do not."""
    parse_policy(GOOD.encode())
    assert "end of a line" in str(refused(f"{GOOD}# nothing else{end}waivers: [tlog]\n"))


@pytest.mark.parametrize(
    "line",
    [
        "<<: {threshold: 2}",
        "waivers: !!seq [tlog]",
        "waivers: &x [tlog]",
        "logs: 0",
        "logs: '2'",
        "logs: 2.0",
        "logs: true",
        "logs: 1_0",
        "threshold: 0x1",
        "threshold: -1",
        "threshold: null",
        "Threshold: 2",
        "threshold: 1\nthreshold: 1",
        '"threshold": 1\nthreshold: 1',
        "waivers: tlog",
        "waivers: [tlog, tlog]",
        "waivers: [TLOG]",
        "waivers: [claims]",
        "annotations: {a: yes, a: no}",
        "annotations: {a: true}",
        "annotations: {a: 1}",
        "predicate_type: ''",
        "revocations: {file: a, bundle: b}",
        "revocations: [{file: a, bundle: b, signers: []}]",
        "revocations: [{file: a, signers: [{key: k}]}]",
        "revocation: []",
        "---\nschema: 1",
        "...\n---\nwaivers: [tlog]",
    ],
)
def test_a_demand_that_is_not_said_exactly_is_refused(line: str) -> None:
    refused(f"{GOOD}{line}\n")


@pytest.mark.parametrize(
    "signer",
    [
        "{}",
        "{identity: a@example.com}",
        "{issuer: https://issuer.example}",
        "{identity: '', issuer: https://issuer.example}",
        "{identity: a@example.com, issuer: ''}",
        "{identity_regexp: '', issuer: https://issuer.example}",
        "{identity: a@example.com, identity_regexp: ., issuer: https://issuer.example}",
        "{identity: a@example.com, issuer: https://issuer.example, claims: {}, claims: {}}",
        "{identity: a@example.com, issuer: https://issuer.example, claims: []}",
        "{identity: a@example.com, issuer: https://issuer.example, claims: {issuer: {regexp: ''}}}",
        "{identity: a@example.com, issuer: https://issuer.example, claims: {issuer: {}}}",
        "{identity: a@example.com, issuer: https://issuer.example, valid_until: 2026-01-01T00:00:00Z}",
        "{key: a.pub, issuer: https://issuer.example}",
        "{key: a.pub, claims: {issuer: x}}",
        "{key: a.pub, valid_from: 2026-01-01}",
        "{key: a.pub, valid_from: 2026-01-01T00:00:00}",
        "{key: a.pub, valid_from: 2026-01-01 00:00:00}",
        "{key: ''}",
        "{key: [a.pub]}",
        "a@example.com",
        "null",
    ],
)
def test_a_signer_that_is_not_said_exactly_is_refused(signer: str) -> None:
    refused(f"schema: 1\nsigners:\n  - {signer}\n")
