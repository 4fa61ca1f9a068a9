"""Key boxes: what Cosign reads opens, nothing else does, and failures say nothing of the key."""

import hashlib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

from pycosign.crypto import keybox
from pycosign.crypto.keybox import NONCE_BYTES, SALT_BYTES, SEALING_N, SealedBox, open_box, seal_box
from pycosign.errors import MalformedError, PasswordError

PLAIN = b"private key bytes"
BOX = seal_box(PLAIN, b"secret", entropy=os.urandom)


def test_what_is_sealed_opens() -> None:
    assert open_box(BOX, b"secret") == PLAIN
    assert (BOX.scrypt_n, BOX.scrypt_r, BOX.scrypt_p) == (SEALING_N, 8, 1)
    assert (len(BOX.salt), len(BOX.nonce)) == (SALT_BYTES, NONCE_BYTES)
    assert PLAIN not in BOX.ciphertext


def test_an_empty_password_still_seals() -> None:
    box = seal_box(PLAIN, b"", entropy=os.urandom)
    assert open_box(box, b"") == PLAIN
    with pytest.raises(PasswordError):
        open_box(box, b"x")


def test_two_boxes_share_nothing() -> None:
    other = seal_box(PLAIN, b"secret", entropy=os.urandom)
    assert (other.salt, other.nonce, other.ciphertext) != (BOX.salt, BOX.nonce, BOX.ciphertext)


@pytest.mark.parametrize("n", [32768, 131072])
def test_cosigns_other_costs_open(n: int) -> None:
    key = hashlib.scrypt(b"secret", salt=BOX.salt, n=n, r=8, p=1, maxmem=2**28, dklen=32)
    box = BOX._replace(scrypt_n=n, ciphertext=bindings.crypto_secretbox(PLAIN, BOX.nonce, key))
    assert open_box(box, b"secret") == PLAIN


@pytest.mark.parametrize(
    "box",
    [
        BOX._replace(scrypt_n=16384),
        BOX._replace(scrypt_n=262144),
        BOX._replace(scrypt_n=2**40),
        BOX._replace(scrypt_n=65537),
        BOX._replace(scrypt_r=16),
        BOX._replace(scrypt_p=2),
        BOX._replace(nonce=bytes(23)),
        BOX._replace(ciphertext=bytes(15)),
    ],
    ids=["N too small", "N too large", "N enormous", "N odd", "r", "p", "nonce", "ciphertext"],
)
def test_other_parameters_are_refused_without_work(box: SealedBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keybox, "_derive", None)
    with pytest.raises(MalformedError):
        open_box(box, b"secret")


def test_a_wrong_password_and_a_changed_box_give_the_same_answer() -> None:
    changed = BOX._replace(ciphertext=BOX.ciphertext[:-1] + bytes((BOX.ciphertext[-1] ^ 1,)))
    said = set()
    for box, password in ((BOX, b"Secret"), (changed, b"secret"), (BOX._replace(salt=bytes(32)), b"secret")):
        with pytest.raises(PasswordError) as caught:
            open_box(box, password)
        assert caught.value.__cause__ is None
        said.add(str(caught.value))
    assert len(said) == 1
    assert "ecret" not in said.pop()


@settings(max_examples=5)
@given(st.integers(0, 8 * len(BOX.ciphertext) - 1))
def test_no_flipped_bit_opens(bit: int) -> None:
    changed = bytearray(BOX.ciphertext)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(PasswordError):
        open_box(BOX._replace(ciphertext=bytes(changed)), b"secret")


def test_openssls_scrypt_opens_the_same_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "has_crypto_pwhash_scryptsalsa208sha256", False)
    assert open_box(BOX, b"secret") == PLAIN
