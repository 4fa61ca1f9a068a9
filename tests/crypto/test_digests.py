"""Digests of streams."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.crypto.digests import ALGORITHMS, CHUNK_BYTES, digest_file, digest_of
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
