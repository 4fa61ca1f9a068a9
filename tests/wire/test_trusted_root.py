"""trusted_root.json."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign import limits
from pycosign.codec.strict_json import compact_json
from pycosign.errors import MalformedError
from pycosign.wire.trusted_root import (
    Authority,
    LogKey,
    TrustedRoot,
    ValidFor,
    format_trusted_root,
    parse_trusted_root,
)
from tests.recordings import recorded_file
from tests.wire.strategies import json_bytes, moments, some_bytes, texts

RECORDED = recorded_file("file-trusted_root.json")
spans = st.builds(
    lambda start, end: ValidFor(start, end if start is None or end is None else max(start, end)),
    st.none() | moments,
    st.none() | moments,
)
log_keys = st.builds(
    LogKey,
    base_url=texts,
    key_der=some_bytes,
    key_details=texts,
    log_id=some_bytes,
    valid_for=spans.filter(lambda span: span.start is not None),
    hash_algorithm=st.sampled_from(["sha256", "sha384", "sha512"]),
    operator=texts,
    checkpoint_key_id=st.none() | some_bytes,
)
authorities = st.builds(
    Authority,
    uri=texts,
    subject_organization=texts,
    subject_common_name=texts,
    chain_der=st.lists(some_bytes, min_size=1, max_size=3).map(tuple),
    valid_for=spans,
    operator=texts,
)
trusted_roots = st.builds(
    TrustedRoot,
    *(st.lists(item, max_size=2).map(tuple) for item in (log_keys, log_keys, authorities, authorities)),
)


@given(trusted_roots)
def test_what_we_write_we_read_back(root: TrustedRoot) -> None:
    assert parse_trusted_root(format_trusted_root(root)) == root


@given(st.one_of(json_bytes, st.binary()))
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_trusted_root(data)


@given(data=st.data())
def test_no_change_of_one_byte_lets_another_error_escape(data: st.DataObject) -> None:
    raw = bytearray(RECORDED)
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        root = parse_trusted_root(bytes(raw))
    except MalformedError:
        return
    assert parse_trusted_root(format_trusted_root(root)) == root


def test_the_root_that_cosign_wrote_is_read_and_written_again_byte_for_byte() -> None:
    root = parse_trusted_root(RECORDED)
    assert format_trusted_root(root) == RECORDED.rstrip(b"\n")
    start = datetime(2026, 11, 22, 17, 51, 10, tzinfo=UTC)
    assert [(log.base_url, log.key_details, log.valid_for) for log in root.tlogs] == [
        ("http://127.0.0.1:3000", "PKIX_ECDSA_P256_SHA_256", ValidFor(start)),
        ("http://127.0.0.1:3003", "PKIX_ED25519", ValidFor(start)),
    ]
    assert [len(authority.chain_der) for authority in root.certificate_authorities] == [2]
    assert [len(authority.chain_der) for authority in root.timestamp_authorities] == [3]
    assert root.ctlogs[0].base_url == "http://127.0.0.1:6962/test"


@given(moments.filter(lambda at: at.year < 9000), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_both_ends_of_a_span_belong_to_it(start: datetime, length: timedelta) -> None:
    tick, span = timedelta(microseconds=1), ValidFor(start, start + length)
    assert span.covers(start)
    assert span.covers(start + length)
    assert not span.covers(start + length + tick)
    assert ValidFor(start).covers(start + length)
    assert ValidFor(None, start).covers(start)
    assert not ValidFor(None, start).covers(start + tick)
    assert ValidFor().covers(start)


def test_explicit_nulls_as_sigstore_python_writes_them_are_read() -> None:
    root = json.loads(RECORDED)
    for log in root["tlogs"] + root["ctlogs"]:
        log |= {"operator": None, "checkpointKeyId": None}
        log["publicKey"]["validFor"]["end"] = None
    for authority in root["certificateAuthorities"]:
        authority["operator"] = None
    assert parse_trusted_root(compact_json(root)) == parse_trusted_root(RECORDED)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("mediaType", "application/vnd.dev.sigstore.trustedroot.v0.2+json", "mediaType is not"),
        ("tlogs.0.publicKey.validFor", None, "tlogs[0].publicKey.validFor is missing"),
        ("tlogs.0.publicKey.validFor", {}, "tlogs[0].publicKey.validFor.start is missing"),
        ("ctlogs.0.publicKey.validFor.start", None, "ctlogs[0].publicKey.validFor.start is missing"),
        ("tlogs.0.publicKey.validFor.start", "yesterday", "tlogs[0].publicKey.validFor.start is not a time"),
        ("tlogs.0.publicKey.validFor.end", "2020-01-01T00:00:00Z", "tlogs[0].publicKey.validFor ends before it starts"),
        ("tlogs.1.publicKey.rawBytes", "", "tlogs[1].publicKey.rawBytes is 0 bytes long"),
        ("tlogs.1.publicKey.keyDetails", None, "tlogs[1].publicKey.keyDetails is missing"),
        ("tlogs.1.hashAlgorithm", "SHA1", "tlogs[1].hashAlgorithm is not one of"),
        ("tlogs.1.hashAlgorithm", None, "tlogs[1].hashAlgorithm is missing"),
        ("tlogs.1.logId", None, "tlogs[1].logId is missing"),
        ("tlogs.1.logId.keyId", "", "tlogs[1].logId.keyId is 0 bytes long"),
        ("tlogs.1.new", 1, "tlogs[1] has an unknown member 'new'"),
        ("certificateAuthorities.0.certChain.certificates", [], "certificateAuthorities[0].certChain.certificates is"),
        ("certificateAuthorities.0.certChain", None, "certificateAuthorities[0].certChain is missing"),
        ("timestampAuthorities.0.subject.country", "x", "timestampAuthorities[0].subject has an unknown member"),
        ("tlogs", [{}] * (limits.TRUST_ENTRIES + 1), "tlogs has 257 elements; 256 are allowed"),
        ("new", {}, "trusted root has an unknown member 'new'"),
    ],
)
def test_other_forms_are_refused_by_name(path: str, value: object, problem: str) -> None:
    root: Any = json.loads(RECORDED)
    *parents, last = path.split(".")
    inner = root
    for name in parents:
        inner = inner[int(name) if name.isdigit() else name]
    inner[last] = value
    with pytest.raises(MalformedError) as caught:
        parse_trusted_root(compact_json(root))
    assert str(caught.value).removeprefix("trusted root.").startswith(problem)
