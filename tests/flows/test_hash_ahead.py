"""A large file is hashed while the process still imports: the same digest, the same errors, and one reading."""

import hashlib
from pathlib import Path

import pytest

from pycosign.cli.commands import verify_blob
from pycosign.errors import UnavailableError
from pycosign.flows.blob_source import blob_from_path
from pycosign.flows.hash_ahead import HashAhead


def test_the_digest_is_the_files(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abc" * 1_000_000)
    source = blob_from_path(str(file), ahead=HashAhead(str(file)))
    artifact = source.read(("sha256",), whole=False)
    assert artifact.digests == {"sha256": hashlib.sha256(file.read_bytes()).digest()}
    assert artifact == blob_from_path(str(file)).read(("sha256",), whole=False)


def test_other_digests_and_the_whole_file_are_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    source = blob_from_path(str(file), ahead=HashAhead(str(file)))
    assert source.read(("sha512",), whole=False).digests == {"sha512": hashlib.sha512(b"abc").digest()}
    assert set(source.read(("sha256", "sha384"), whole=False).digests) == {"sha256", "sha384"}
    assert source.read(("sha256",), whole=True).message == b"abc"


def test_a_file_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    ahead = HashAhead(str(tmp_path))  # opening a directory fails in the thread
    with pytest.raises(UnavailableError, match="cannot read"):
        blob_from_path(str(file), ahead=ahead).read(("sha256",), whole=False)


def test_only_large_local_files_are_hashed_ahead(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"abc")
    with large.open("wb") as file:
        file.truncate(verify_blob._LARGE_BYTES)
    assert verify_blob._hash_ahead(str(large)) is not None
    for word in (str(small), str(tmp_path), str(tmp_path / "missing"), "-", "sha256:00", "https://example.com", "a\0b"):
        assert verify_blob._hash_ahead(word) is None
