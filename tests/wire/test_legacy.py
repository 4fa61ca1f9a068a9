"""Cosign's own JSON bundle, Rekor bundles and timestamp files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.b64 import decode_b64
from pycosign.codec.strict_json import compact_json
from pycosign.errors import MalformedError
from pycosign.wire.legacy import (
    LegacyBundle,
    format_legacy_bundle,
    format_rekor_bundle,
    format_rfc3161,
    parse_legacy_bundle,
    parse_rekor_bundle,
    parse_rfc3161,
)
from pycosign.wire.log_entry import LogEntry, set_payload
from tests.recordings import recorded_file
from tests.wire.strategies import json_bytes, log_entries, some_bytes

RECORDED = recorded_file("bundle-cosign2-blob-legacy.json")
legacy_entries = st.builds(
    lambda entry, promise, at: entry._replace(proof=None, promise=promise, integrated_at=at),
    log_entries(),
    some_bytes,
    st.integers(0, 2**62),
)


@given(st.builds(LegacyBundle, some_bytes, st.none() | some_bytes, st.none() | legacy_entries))
def test_what_we_write_we_read_back(bundle: LegacyBundle) -> None:
    assert parse_legacy_bundle(format_legacy_bundle(bundle)) == bundle


@given(legacy_entries, some_bytes)
def test_annotations_that_we_write_we_read_back(entry: LogEntry, stamp: bytes) -> None:
    assert parse_rekor_bundle(format_rekor_bundle(entry)) == entry
    assert parse_rfc3161(format_rfc3161(stamp)) == stamp


@given(st.one_of(json_bytes, st.binary()))
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    for parse in (parse_legacy_bundle, parse_rekor_bundle, parse_rfc3161):
        with pytest.raises(MalformedError):
            parse(data)


def test_the_bundle_of_cosign_2_is_read_and_written_again_byte_for_byte() -> None:
    bundle = parse_legacy_bundle(RECORDED)
    assert format_legacy_bundle(bundle) == RECORDED.rstrip(b"\n")
    assert bundle.cert is not None
    assert bundle.cert.startswith(b"-----BEGIN CERTIFICATE-----\n")
    assert bundle.entry is not None
    assert (bundle.entry.kind, bundle.entry.version, bundle.entry.log_index) == ("hashedrekord", "0.0.1", 2)
    assert b'"logIndex":2}' in set_payload(bundle.entry)


def test_an_empty_certificate_counts_as_none() -> None:
    """`cosign sign` writes it so for a key."""
    assert parse_legacy_bundle(b'{"base64Signature":"QUI=","cert":""}') == LegacyBundle(b"AB", None, None)


def test_the_timestamp_of_cosign_1_5_is_not_looked_at() -> None:
    """Releases 1.5.0 to 1.5.2 wrote the log's TUF timestamp there."""
    bundle = json.loads(RECORDED)
    bundle["timestamp"] = {"signatures": [{"keyid": "a", "sig": "b"}], "signed": {"_type": "timestamp", "version": 7}}
    assert parse_legacy_bundle(compact_json(bundle)) == parse_legacy_bundle(RECORDED)
    bundle["timestamp"] = "now"
    with pytest.raises(MalformedError, match="timestamp"):
        parse_legacy_bundle(compact_json(bundle))


def test_an_entry_without_promise_cannot_be_written() -> None:
    entry = parse_legacy_bundle(RECORDED).entry
    assert entry is not None
    for incomplete in (entry._replace(promise=None), entry._replace(integrated_at=None)):
        with pytest.raises(MalformedError, match="has no promise"):
            format_rekor_bundle(incomplete)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("base64Signature", None, "base64Signature is missing"),
        ("base64Signature", "", "base64Signature is 0 bytes long"),
        ("base64Signature", "QUJ=", "base64Signature is not canonical base64"),
        ("cert", "-----BEGIN", "cert is not base64"),
        ("cert", "QUJD" * 30000, "cert is longer than 65536 bytes"),
        ("other", 1, "legacy bundle has an unknown member"),
        ("rekorBundle.SignedEntryTimestamp", None, "rekorBundle.SignedEntryTimestamp is missing"),
        ("rekorBundle.Payload.logIndex", "2", "rekorBundle.Payload.logIndex is not an integer"),
        ("rekorBundle.Payload.logIndex", -1, "rekorBundle.Payload.logIndex is not between 0"),
        ("rekorBundle.Payload.logID", "ab", "rekorBundle.Payload.logID is 1 bytes long, not 32"),
        ("rekorBundle.Payload.body", "QUI=", "rekorBundle.Payload.body is not JSON"),
        ("rekorBundle.Payload.other", 1, "rekorBundle.Payload has an unknown member"),
    ],
)
def test_other_forms_are_refused_by_name(path: str, value: object, problem: str) -> None:
    bundle = json.loads(RECORDED)
    *parents, last = path.split(".")
    inner = bundle
    for name in parents:
        inner = inner[name]
    inner[last] = value
    with pytest.raises(MalformedError) as caught:
        parse_legacy_bundle(compact_json(bundle))
    assert str(caught.value).removeprefix("legacy bundle.").startswith(problem)


def test_a_timestamp_file_holds_the_whole_response() -> None:
    raw = b'{"SignedRFC3161Timestamp":"MAA="}'
    assert parse_rfc3161(raw) == decode_b64("MAA=", what="x")
    assert format_rfc3161(b"0\x00") == raw
    for other in (b"{}", b'{"SignedRFC3161Timestamp":""}', b'{"SignedRFC3161Timestamp":"MAA=","x":1}'):
        with pytest.raises(MalformedError):
            parse_rfc3161(other)
