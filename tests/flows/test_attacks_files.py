"""Files with evidence, and names of files, that are made to be read in more ways than one, or for ever."""

import json
import resource
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path

import pytest

from pycosign import limits
from pycosign.errors import MalformedError
from pycosign.flows.blob_source import blob_from_argument
from pycosign.flows.candidates import read_candidates
from pycosign.flows.hash_ahead import HashAhead
from pycosign.wire.bundle_file import parse_bundle_file


def test_the_name_in_an_address_is_the_file_s_as_it_was_published() -> None:
    """A local version's plus sign is written %2B in addresses."""
    source = blob_from_argument(
        "https://files.example/a/b/pkg-1.0%2Bcu118-py3-none-any.whl?x=/y#z",
        stdin=None,
        environ={},
        open_url=lambda url: nullcontext(BytesIO(b"")),
    )
    assert source.file_name == "pkg-1.0+cu118-py3-none-any.whl"


def test_lines_without_end_take_little_more_memory_than_the_file() -> None:
    data = b"{}\n" + b"\n" * (8 << 20) + b"{}"
    assert len(data) < limits.BUNDLE_BYTES
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    items = parse_bundle_file(data)
    assert [item.place for item in items] == ["line 1", f"line {(8 << 20) + 2}"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48 << 10  # KiB


def test_lists_of_nothing_take_little_more_memory_than_the_file() -> None:
    data = b"[" + b"[[]]," * (6 << 20) + b"0]"
    assert len(data) < limits.BUNDLE_BYTES
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(MalformedError):
        parse_bundle_file(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48 << 10  # KiB


@pytest.mark.parametrize("count", [limits.BUNDLES_PER_FILE, limits.BUNDLES_PER_FILE + 1])
def test_a_file_never_holds_more_candidates_than_are_allowed(count: int) -> None:
    listed = json.dumps({"attestations": [{}] * count}).encode()
    spread: dict[str, object] = {"publisher": {}, "attestations": [{}] * (count // 2)}
    rest: dict[str, object] = {"publisher": {}, "attestations": [{}] * (count - count // 2)}
    provenance = json.dumps({"version": 1, "attestation_bundles": [spread, rest]}).encode()
    for data in (b"{}\n" * count, listed, provenance):
        if count > limits.BUNDLES_PER_FILE:
            with pytest.raises(MalformedError):
                read_candidates(data)
        else:
            assert len(read_candidates(data)) == count


@pytest.mark.parametrize(
    "text",
    [
        '{"attestations": [], "attestations": []}',
        '{"attestations": [], "attestation_bundles": [], "version": 1}',
        '{"attestations": [{"bundle": {}}], "mediaType": "x"}',
        '{"attestations": [{"bundle": {}}], "base64Signature": "eA=="}',
        '{"base64Signature": "eA==", "payloadType": "x", "payload": "", "signatures": []}',
        '{"base64Signature": "eA==", "\\u006dediaType": "x"}',
        '{"payloadType": "x", "payload_type": "y", "payload": "", "signatures": []}',
        '{"version": 1, "verification_material": {}, "envelope": {}, "dsseEnvelope": {}}',
        "[]",
        "[{}]",
        '"attestations"',
        "null",
        "",
        "\ufeff{}",
        "[" * 100_000,
    ],
)
def test_a_file_that_is_of_two_forms_is_of_none(text: str) -> None:
    for is_attestation in (False, True):
        try:
            candidates = read_candidates(text.encode(), is_attestation=is_attestation)
        except MalformedError:
            continue
        assert all(isinstance(item.evidence, MalformedError) for item in candidates)


def test_a_thread_that_ends_without_a_digest_gives_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty digest would be compared, and the file refused for a lack of memory."""
    path = tmp_path / "file"
    path.write_bytes(b"content")

    def no_memory(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr("pycosign.flows.hash_ahead.digest_file", no_memory)
    with pytest.raises(MemoryError):
        HashAhead(str(path)).sha256()
