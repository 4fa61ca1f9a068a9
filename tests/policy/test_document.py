"""The policy file's parser, and the published schema beside it."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError
from pycosign.policy.document import KeyRule, NamedIdentity, parse_policy
from pycosign.verify.fulcio_claims import CLAIM_NUMBERS
from pycosign.verify.requirements import Waiver
from tests.cli.json_schema import problems

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "policy.schema.json").read_text())
WHO = {"identity": "a@example.com", "issuer": "https://issuer.example"}
KEY = {"key": "a.pub"}
MINIMAL = {"schema": 1, "signers": [WHO]}
FULL = """
schema: 1
description: releases
signers:
  - name: the release key
    key: keys/release.pub
    valid_from: 2026-01-01T00:00:00Z
    valid_until: 2026-12-31T23:59:59+01:00
  - key: |
      -----BEGIN PUBLIC KEY-----
      -----END PUBLIC KEY-----
  - identity_regexp: ^https://github\\.com/example/app/
    issuer: https://token.actions.githubusercontent.com
    claims:
      source_repository_uri: https://github.com/example/app
      build_trigger: {regexp: ^(push|release)$}
      source_repository_identifier: "12345"
threshold: 2
logs: 1
timestamp_authorities: 2
annotations: {stage: production}
predicate_type: slsaprovenance1
waivers: [sct]
revocations:
  - file: revoked.json
    bundle: revoked.json.sigstore.json
    signers: [{key: security.pub}]
    waivers: [tlog]
"""


def test_everything_that_a_policy_can_say_is_read() -> None:
    document = parse_policy(FULL.encode())
    release, inline, workflow = document.rules.signers
    assert isinstance(release, KeyRule)
    assert isinstance(inline, KeyRule)
    assert isinstance(workflow, NamedIdentity)
    assert (release.name, release.reference) == ("the release key", "keys/release.pub")
    assert release.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert release.valid_until == datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
    assert inline.reference.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert (inline.name, inline.valid_from, inline.valid_until) == ("", None, None)
    assert workflow.signer.identity.accepts("https://github.com/example/app/.github/x.yml@refs/heads/main")
    assert not workflow.signer.issuer.accepts("https://token.actions.githubusercontent.com/other")
    assert set(workflow.signer.claims) == {12, 15, 20}
    assert workflow.signer.claims[20].accepts("push")
    assert (document.rules.threshold, document.logs, document.timestamp_authorities) == (2, 1, 2)
    assert document.annotations == {"stage": "production"}
    assert document.predicate_type == "https://slsa.dev/provenance/v1"
    assert document.rules.waivers == {Waiver.SCT}
    (source,) = document.revocations
    assert (source.file, source.bundle) == ("revoked.json", "revoked.json.sigstore.json")
    assert (source.rules.threshold, source.rules.waivers) == (1, frozenset({Waiver.TLOG}))


def test_what_is_left_out_is_the_strictest_of_one_signer() -> None:
    document = parse_policy(json.dumps(MINIMAL).encode())
    assert (document.rules.threshold, document.logs, document.timestamp_authorities) == (1, 1, 0)
    assert not document.rules.waivers
    assert (document.annotations, document.predicate_type, document.revocations) == ({}, None, ())


def signer(**members: Any) -> dict[str, Any]:
    return {"signers": [members]}


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "another schema": ("policy.schema", {"schema": 2}),
    "schema as text": ("policy.schema", {"schema": "1"}),
    "an unknown member": ("policy has an unknown member 'treshold'", {"treshold": 2}),
    "no signers": ("policy.signers is empty", {"signers": []}),
    "signers that are no list": ("policy.signers is not a list", {"signers": WHO}),
    "a signer that is text": (r"policy.signers\[0\]", {"signers": ["a.pub"]}),
    "a signer without anything": (r"policy.signers\[0\].identity is missing", signer()),
    "an unknown member of a signer": (r"policy.signers\[0\] has an unknown member", signer(**WHO, email="x")),
    "an identity without issuer": (r"policy.signers\[0\].issuer is missing", signer(identity="a")),
    "an empty identity": (r"policy.signers\[0\].identity is empty", signer(identity="", issuer="b")),
    "an identity without value": (r"policy.signers\[0\].issuer has no value", signer(identity="a", issuer=None)),
    "an identity and a pattern": (r"signers\[0\].identity is given together", signer(**WHO, identity_regexp="a")),
    "a pattern that is none": (r"signers\[0\].identity_regexp cannot", signer(identity_regexp="(", issuer="b")),
    "a key and an identity": (r"signers\[0\] names a key and an identity", signer(**WHO, **KEY)),
    "a key with an issuer": (r"signers\[0\] has an unknown member 'issuer'", signer(**KEY, issuer="b")),
    "an identity with a window": (
        r"signers\[0\] has an unknown member 'valid_from'",
        signer(**WHO, valid_from="2026-01-01T00:00:00Z"),
    ),
    "a window that ends before it starts": (
        r"signers\[0\].valid_until is before",
        signer(**KEY, valid_from="2026-01-02T00:00:00Z", valid_until="2026-01-01T00:00:00Z"),
    ),
    "a day for a moment": (r"signers\[0\].valid_from is not a time", signer(**KEY, valid_from="2026-01-01")),
    "an unknown claim": (r"signers\[0\].claims has an unknown", signer(**WHO, claims={"repository": "x"})),
    "a number for a claim": (
        r"claims.source_repository_identifier is not text",
        signer(**WHO, claims={"source_repository_identifier": 1}),
    ),
    "an unknown member of a claim": (r"claims.issuer has", signer(**WHO, claims={"issuer": {"regexp": "a", "x": "b"}})),
    "a claim without a pattern": (r"claims.issuer.regexp is missing", signer(**WHO, claims={"issuer": {}})),
    "a threshold of none": ("policy.threshold", {"threshold": 0}),
    "a threshold as text": ("policy.threshold", {"threshold": "2"}),
    "no log": ("policy.logs", {"logs": 0}),
    "fewer than no authorities": ("policy.timestamp_authorities", {"timestamp_authorities": -1}),
    "an annotation that is a number": ("policy.annotations", {"annotations": {"a": 1}}),
    "an unknown waiver": ("policy.waivers has 'claims'", {"waivers": ["claims"]}),
    "a waiver twice": ("policy.waivers has 'sct'", {"waivers": ["sct", "sct"]}),
    "a waiver that is no list": ("policy.waivers is not a list", {"waivers": "tlog"}),
    "several logs and none": ("policy.logs is given, and", {"logs": 2, "waivers": ["tlog"]}),
    "an empty predicate type": ("policy.predicate_type is empty", {"predicate_type": ""}),
    "a revocation list without signers": (
        r"policy.revocations\[0\].signers is missing",
        {"revocations": [{"file": "a", "bundle": "b"}]},
    ),
    "a revocation list without its bundle": (
        r"policy.revocations\[0\].bundle is missing",
        {"revocations": [{"file": "a", "signers": [WHO]}]},
    ),
    "an unknown member of a revocation list": (
        r"policy.revocations\[0\] has an unknown",
        {"revocations": [{"file": "a", "bundle": "b", "signers": [WHO], "optional": True}]},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_by_its_dotted_name(name: str) -> None:
    match, members = WRONG[name]
    with pytest.raises(MalformedError, match=match):
        parse_policy(json.dumps(MINIMAL | members).encode())


@pytest.mark.parametrize("name", ["schema", "signers"])
def test_what_every_policy_must_say_is_missed(name: str) -> None:
    with pytest.raises(MalformedError, match=f"policy.{name} is missing"):
        parse_policy(json.dumps({key: value for key, value in MINIMAL.items() if key != name}).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"x", b"\xff", b"a" * (2 << 20)])
def test_what_is_no_policy_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_policy(data)


# ---- the schema ----------------------------------------------------------------------------------------------------
BEYOND_THE_SCHEMA = ("cannot be used", "is before valid_from", "turns that check off", "or twice", "that exists")
TEXT = st.sampled_from(("", "a", "(", "tlog", "sct", "2026-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2027-01-01"))
LEAVES = st.none() | st.booleans() | st.integers(-1, 300) | TEXT
ANY = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2))


def members(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the known members, mostly with values of their kind, rarely with any; rarely an unknown one."""
    mostly = {name: st.one_of(*[value] * 9, ANY) for name, value in known.items()}
    return st.fixed_dictionaries({}, optional=mostly | {"unknown": ANY}).map(
        lambda chosen: chosen if len(chosen) % 3 else {key: item for key, item in chosen.items() if key != "unknown"}
    )


CLAIM = TEXT | members(regexp=TEXT)
CLAIMS = st.dictionaries(st.sampled_from((*CLAIM_NUMBERS, "unknown")), CLAIM, max_size=2)
SIGNER = st.one_of(
    st.just(KEY),
    st.just(WHO),
    members(key=TEXT, name=TEXT, valid_from=TEXT, valid_until=TEXT),
    members(identity=TEXT, issuer=TEXT, claims=CLAIMS, name=TEXT).map(lambda some: WHO | some),
    members(identity=TEXT, identity_regexp=TEXT, issuer=TEXT, issuer_regexp=TEXT, claims=CLAIMS),
)
SIGNERS = st.lists(SIGNER, max_size=2)
COUNT = st.integers(-1, 300)
WAIVERS = st.lists(st.sampled_from(("tlog", "sct", "claims")), max_size=3)
SOURCE = members(file=TEXT, bundle=TEXT, signers=SIGNERS, threshold=COUNT, waivers=WAIVERS).map(
    lambda some: {"file": "a", "bundle": "b", "signers": [KEY]} | some
)
POLICY = members(
    schema=st.sampled_from((1, 1, 1, 2, True)),
    description=TEXT,
    signers=SIGNERS,
    threshold=COUNT,
    logs=COUNT,
    timestamp_authorities=COUNT,
    annotations=st.dictionaries(TEXT, TEXT, max_size=2),
    predicate_type=TEXT,
    waivers=WAIVERS,
    revocations=st.lists(SOURCE, max_size=2),
).map(lambda some: MINIMAL | some)


@given(POLICY)
def test_the_published_schema_and_the_parser_agree(document: dict[str, Any]) -> None:
    misfits = list(problems(document, SCHEMA, SCHEMA))
    refusal = ""
    try:
        parse_policy(json.dumps(document).encode())
    except MalformedError as exc:
        refusal = str(exc)
    if not any(text in refusal for text in BEYOND_THE_SCHEMA):
        assert bool(misfits) == bool(refusal), (misfits, refusal)


@pytest.mark.parametrize("name", WRONG)
def test_the_published_schema_refuses_what_the_parser_refuses(name: str) -> None:
    match, wrong = WRONG[name]
    beyond = any(text in match for text in ("cannot", "is before", "is given, and", "has 'sct'"))
    assert bool(list(problems(MINIMAL | wrong, SCHEMA, SCHEMA))) != beyond


def test_the_schema_names_exactly_the_claims_that_there_are() -> None:
    assert list(SCHEMA["$defs"]["identity"]["properties"]["claims"]["properties"]) == list(CLAIM_NUMBERS)


@given(st.binary(max_size=80))
def test_any_bytes_after_a_good_beginning_are_a_policy_or_malformed(tail: bytes) -> None:
    with contextlib.suppress(MalformedError):
        parse_policy(json.dumps(MINIMAL).encode() + tail)
