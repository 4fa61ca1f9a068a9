"""Log entries in Rekor v1's JSON and in protobuf's."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given

from pycosign import limits
from pycosign.codec.strict_json import Fields, canonical_json, compact_json, load_json
from pycosign.errors import MalformedError
from pycosign.wire.log_entry import (
    LogEntry,
    entry_from_fields,
    entry_to_dict,
    format_v1_response,
    parse_tlog_entry,
    parse_v1_response,
    parse_v1_responses,
    set_payload,
)
from tests.recordings import exchange, names
from tests.wire.strategies import json_bytes, log_entries

V1_ENTRIES = [name for name in names("rekor-v1-*.json") if name.startswith(("rekor-v1-post", "rekor-v1-get"))]
V2_ENTRIES = names("rekor-v2-post-*.json")
ID = "0" * 16 + "ab" * 32


@given(log_entries())
def test_protobuf_entries_that_we_write_we_read_back(entry: LogEntry) -> None:
    for unpopulated in (False, True):
        assert parse_tlog_entry(compact_json(entry_to_dict(entry, unpopulated=unpopulated))) == entry


@given(log_entries())
def test_v1_entries_that_we_write_we_read_back(entry: LogEntry) -> None:
    entry = entry._replace(integrated_at=entry.integrated_at or 0)
    written = compact_json(format_v1_response(ID, entry, b"attestation"))
    assert parse_v1_response(written) == (ID, entry)
    assert parse_v1_responses(b"[" + written + b"]") == ((ID, entry),)


@given(json_bytes)
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    for parse in (parse_tlog_entry, parse_v1_response, parse_v1_responses):
        try:
            parse(data)
        except MalformedError:
            continue
        assert data == b"[]"


@pytest.mark.parametrize("name", V1_ENTRIES)
def test_every_recorded_v1_answer_is_read_and_written_again_byte_for_byte(name: str) -> None:
    _, response = exchange(name)
    entry_id, entry = parse_v1_response(response.body)
    assert compact_json(format_v1_response(entry_id, entry)) + b"\n" == response.body
    assert entry_id.endswith(hashlib.sha256(b"\0" + entry.body).hexdigest())
    assert (entry.kind, entry.version) in {("hashedrekord", "0.0.1"), ("dsse", "0.0.1")}


@pytest.mark.parametrize("name", ["rekor-v1-retrieve-by-uuid", "rekor-v1-retrieve-by-entry"])
def test_recorded_answers_of_retrieve_are_read(name: str) -> None:
    _, response = exchange(name)
    found = parse_v1_responses(response.body)
    assert len(found) == 1
    assert b"[" + compact_json(format_v1_response(*found[0])) + b"]\n" == response.body


@pytest.mark.parametrize("name", V2_ENTRIES)
def test_every_recorded_v2_answer_is_read_and_written_again_byte_for_byte(name: str) -> None:
    _, response = exchange(name)
    entry = parse_tlog_entry(response.body)
    assert compact_json(entry_to_dict(entry, unpopulated=True)) == response.body
    assert (entry.integrated_at, entry.promise) == (None, None)


def test_zeros_that_protobuf_leaves_out_are_zeros() -> None:
    """Cosign 3 writes the first entry of a log without logIndex and hashes."""
    _, response = exchange("rekor-v2-post-hashedrekord-cosign3")
    value = json.loads(response.body)
    entry = parse_tlog_entry(response.body)
    for name in ("logIndex", "integratedTime", "inclusionPromise"):
        del value[name]
    del value["inclusionProof"]["logIndex"], value["inclusionProof"]["hashes"]
    assert parse_tlog_entry(compact_json(value)) == entry


def test_snake_case_and_plain_numbers_are_read() -> None:
    _, response = exchange("rekor-v2-post-dsse-cosign3")
    text = response.body.decode()
    for camel, snake in (("logIndex", "log_index"), ("kindVersion", "kind_version"), ("treeSize", "tree_size")):
        text = text.replace(camel, snake)
    text = text.replace('"1"', "1").replace('"2"', "2")
    assert parse_tlog_entry(text.encode()) == parse_tlog_entry(response.body)


def _v2() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(exchange("rekor-v2-post-dsse-cosign3")[1].body)
    return value


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("logIndex", "-1", "logIndex is not between 0"),
        ("logIndex", "9223372036854775808", "logIndex is not between 0"),
        ("integratedTime", -1, "integratedTime is not between 0"),
        ("logId", None, "logId is missing"),
        ("logId.keyId", "QUI=", "logId.keyId is 2 bytes long, not 32"),
        ("kindVersion", {"kind": "x"}, "kindVersion.version is missing"),
        ("inclusionPromise", {}, "inclusionPromise.signedEntryTimestamp is missing"),
        ("inclusionPromise", {"signedEntryTimestamp": ""}, "inclusionPromise.signedEntryTimestamp is 0 bytes long"),
        ("inclusionProof.rootHash", "QUI=", "inclusionProof.rootHash is 2 bytes long, not 32"),
        ("inclusionProof.treeSize", "0", "inclusionProof.treeSize is not between 1"),
        ("inclusionProof.logIndex", "2", "inclusionProof.logIndex is 2, in a tree of 2 leaves"),
        ("inclusionProof.hashes", ["QUI="], "inclusionProof.hashes has a hash of 2 bytes, not 32"),
        ("inclusionProof.hashes", ["QUI"], "inclusionProof.hashes is not base64"),
        ("inclusionProof.hashes", [""] * 65, "inclusionProof.hashes has 65 elements; 64 are allowed"),
        ("inclusionProof.checkpoint.envelope", "x" * 65537, "inclusionProof.checkpoint.envelope is longer than 65536"),
        ("inclusionProof.extra", 1, "inclusionProof has an unknown member 'extra'"),
        ("canonicalizedBody", "", "canonicalizedBody is 0 bytes long"),
        ("extra", 1, "log entry has an unknown member 'extra'"),
    ],
)
def test_other_protobuf_forms_are_refused_by_name(path: str, value: object, problem: str) -> None:
    entry = _v2()
    *parents, last = path.split(".")
    inner = entry
    for name in parents:
        inner = inner[name]
    inner[last] = value
    with pytest.raises(MalformedError) as caught:
        parse_tlog_entry(compact_json(entry))
    assert str(caught.value).removeprefix("log entry.").startswith(problem)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("logID", "AB" * 32), "logID is not lower-case hexadecimal"),
        (("logIndex", "1"), "logIndex is not an integer"),
        (("integratedTime", None), "integratedTime is missing"),
        (("body", "QUI="), "body is not JSON"),
        (("body", "e30="), "body.kind is missing"),
        (("verification", {"inclusionProof": {"hashes": ["zz"]}}), "verification.inclusionProof.hashes is not hexa"),
        (
            ("verification", {"inclusionProof": {"hashes": ["AB" * 32]}}),
            "verification.inclusionProof.hashes is not hexa",
        ),
        (
            ("verification", {"inclusionProof": {"hashes": ["a " * 64]}}),
            "verification.inclusionProof.hashes is not hexa",
        ),
        (("verification", {"inclusionProof": {"hashes": ["00"]}}), "verification.inclusionProof.hashes has a hash"),
    ],
)
def test_other_v1_forms_are_refused_by_name(change: tuple[str, object], problem: str) -> None:
    answer = json.loads(exchange("rekor-v1-post-dsse-cosign3")[1].body)
    ((entry_id, entry),) = answer.items()
    entry[change[0]] = change[1]
    with pytest.raises(MalformedError) as caught:
        parse_v1_response(compact_json(answer))
    assert str(caught.value).startswith(f"Rekor response.{entry_id}.{problem}")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{}", "has 0 entries, not one"),
        (b'{"a":{},"b":{}}', "has 2 entries, not one"),
        (b'{"abc":{}}', "is not named by an entry id"),
        (b"[]", "is not a JSON object"),
    ],
)
def test_an_answer_holds_one_entry_under_its_id(body: bytes, problem: str) -> None:
    with pytest.raises(MalformedError, match=problem):
        parse_v1_response(body)


def test_v1_entries_may_lack_verification_and_have_more_members() -> None:
    answer = json.loads(exchange("rekor-v1-post-dsse-cosign3")[1].body)
    ((entry_id, entry),) = answer.items()
    del entry["verification"]
    answer[entry_id] = entry | {"new": 1}
    _, read = parse_v1_response(compact_json(answer))
    assert (read.promise, read.proof) == (None, None)


@given(log_entries(max_integer=2**53 - 1))
def test_the_promise_signs_four_members_in_canonical_json(entry: LogEntry) -> None:
    if entry.integrated_at is None:
        with pytest.raises(MalformedError, match="integratedTime is missing"):
            set_payload(entry)
        return
    payload = set_payload(entry)
    fields = Fields(load_json(payload, what="p", max_bytes=len(payload)), "p", protojson=False)
    assert list(fields) == ["body", "integratedTime", "logID", "logIndex"]
    assert (fields.b64("body"), fields.hex("logID")) == (entry.body, entry.log_id)
    assert (fields.integer("logIndex"), fields.integer("integratedTime")) == (entry.log_index, entry.integrated_at)
    assert canonical_json(load_json(payload, what="p", max_bytes=len(payload))) == payload


def test_an_entry_inside_another_document_is_named_by_its_path() -> None:
    with pytest.raises(MalformedError, match=r"^bundle\.tlogEntries\[0\]\.kindVersion is missing$"):
        entry_from_fields(Fields({"tlogEntries": [{}]}, "bundle").objects("tlogEntries", limit=limits.LOG_ENTRIES)[0])
