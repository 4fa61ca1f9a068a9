"""Cosign's encrypted key files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign import limits
from pycosign.codec.pem import format_pem, parse_pem
from pycosign.errors import MalformedError
from pycosign.wire.cosign_key import (
    COSIGN_KEY_LABEL,
    SIGSTORE_KEY_LABEL,
    EncryptedKey,
    format_encrypted_key,
    parse_encrypted_key,
)
from tests.recordings import registry_file
from tests.wire.strategies import some_bytes

RECORDED = registry_file("cosign.key")
parameters = st.integers(1, 2**20)
keys = st.builds(
    EncryptedKey,
    parameters,
    parameters,
    parameters,
    some_bytes,
    st.binary(min_size=24, max_size=24),
    some_bytes,
    st.sampled_from([SIGSTORE_KEY_LABEL, COSIGN_KEY_LABEL]),
)


@given(keys)
def test_what_we_write_we_read_back(key: EncryptedKey) -> None:
    assert parse_encrypted_key(format_encrypted_key(key)) == key


@given(st.binary())
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    for file in (data, format_pem(SIGSTORE_KEY_LABEL, data or b"x")):
        with pytest.raises(MalformedError):
            parse_encrypted_key(file)


def test_the_file_that_cosign_3_wrote_is_read_and_written_again_byte_for_byte() -> None:
    key = parse_encrypted_key(RECORDED)
    assert format_encrypted_key(key) == RECORDED
    assert (key.scrypt_n, key.scrypt_r, key.scrypt_p) == (65536, 8, 1)
    assert (len(key.salt), len(key.nonce), key.label) == (32, 24, SIGSTORE_KEY_LABEL)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b'"N":65536', b'"N":0', "private key.kdf.params.N is not between 1"),
        (b'"N":65536', b'"N":"65536"', "private key.kdf.params.N is not an integer"),
        (b'"name":"scrypt"', b'"name":"argon2"', "private key.kdf.name is not scrypt"),
        (b"nacl/secretbox", b"aes", "private key.cipher.name is not nacl/secretbox"),
        (b'"nonce":"', b'"nonce":"AAAA', "private key.cipher.nonce is 27 bytes long, not 24"),
        (b'"ciphertext"', b'"other":1,"ciphertext"', "private key has an unknown member"),
        (b'"r":8', b'"r":8,"r":8', "private key has the member 'r' twice"),
    ],
)
def test_other_forms_are_refused_by_name(old: bytes, new: bytes, problem: str) -> None:
    body = parse_pem(RECORDED, what="key")[0].der
    assert old in body
    with pytest.raises(MalformedError) as caught:
        parse_encrypted_key(format_pem(SIGSTORE_KEY_LABEL, body.replace(old, new)))
    assert str(caught.value).startswith(problem)


def test_other_pem_files_are_refused_in_cosigns_words() -> None:
    with pytest.raises(MalformedError, match="unsupported pem type: PUBLIC KEY"):
        parse_encrypted_key(registry_file("cosign.pub"))
    for data in (b"", b"garbage", b"\xff\x00"):
        with pytest.raises(MalformedError, match="invalid pem block"):
            parse_encrypted_key(data)
    with pytest.raises(MalformedError, match="is longer than"):
        parse_encrypted_key(bytes(limits.KEY_FILE_BYTES + 1))
