"""Digests of messages and of streams."""

import hashlib
import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.crypto.digests import ALGORITHMS, digest_of
from pycosign.crypto.stream_digests import CHUNK_BYTES, digest_file
from pycosign.errors import UsageError


class Dripping:
    """A stream that gives less than it is asked for, and remembers the largest request."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self.largest = io.BytesIO(raw), 0

    def read(self, count: int, /) -> bytes:
        self.largest = max(self.largest, count)
        return self._raw.read(min(count, 7))


@given(st.binary(max_size=200), st.sets(st.sampled_from(sorted(ALGORITHMS))))
def test_a_stream_has_the_digest_of_its_bytes(raw: bytes, names: set[str]) -> None:
    stream = Dripping(raw)
    assert digest_file(stream, names) == {name: hashlib.new(name, raw).digest() for name in names}
    assert stream.largest <= CHUNK_BYTES
    assert all(len(digest_of(name, raw)) == ALGORITHMS[name] for name in names)


@pytest.mark.parametrize("name", ["sha1", "md5", "sha224", "SHA256", ""])
def test_other_algorithms_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        digest_file(io.BytesIO(), [name])
    with pytest.raises(UsageError):
        digest_of(name, b"")


@pytest.mark.parametrize(
    "first", ["import hashlib", "import sys; sys.modules['_sha256'] = sys.modules['_sha2'] = None", ""]
)
def test_whatever_the_process_has_loaded_before_the_digests_are_the_same(first: str) -> None:
    """One library for each: hashlib with Python's own for short messages, hashlib alone, `cryptography`."""
    script = f"""
{first}
{"import hashlib" if "sys" in first else ""}
import sys
from pycosign.crypto.digests import digest_of
assert ("hashlib" in sys.modules) == {bool(first)}
for size in (0, 1, 55, 56, 64, 255, 256, 257, 5000):
    for name in ("sha256", "sha384", "sha512"):
        print(name, size, digest_of(name, bytes(size)).hex())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 27
    for line in lines:
        name, size, digest = line.split()
        assert digest == hashlib.new(name, bytes(int(size))).hexdigest()
