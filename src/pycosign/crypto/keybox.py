"""Private keys under a password: scrypt and NaCl's secretbox, as Cosign seals them.

The cost parameters are the three that Cosign reads, whatever the file says: a file cannot make us work for hours.
Source: go-securesystemslib, encrypted/encrypted.go; sigstore/cosign, pkg/cosign/keys.go.
"""

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

from pycosign.errors import MalformedError, PasswordError, UnavailableError

__all__ = ["NONCE_BYTES", "SALT_BYTES", "SEALING_N", "SealedBox", "open_box", "seal_box"]

SEALING_N: Final = 65536  # written
_OPENING_N: Final = (32768, 65536, 131072)  # read
_R: Final = 8
_P: Final = 1
_KEY_BYTES: Final = 32
SALT_BYTES: Final = 32
NONCE_BYTES: Final = 24
_TAG_BYTES: Final = 16


class SealedBox(NamedTuple):
    """A closed box and the parameters of the key that opens it."""

    scrypt_n: int
    scrypt_r: int
    scrypt_p: int
    salt: bytes
    nonce: bytes  # 24 bytes
    ciphertext: bytes  # 16-byte tag first


def open_box(box: SealedBox, password: bytes) -> bytes:
    """Open a box.

    Returns: what was sealed.
    Raises:  PasswordError: the password is wrong, or the box was changed: nobody can tell which.
             MalformedError: parameters that Cosign does not read either.
    """
    if box.scrypt_n not in _OPENING_N or (box.scrypt_r, box.scrypt_p) != (_R, _P):
        raise MalformedError("private key", "has unsupported scrypt parameters")
    if len(box.nonce) != NONCE_BYTES or len(box.ciphertext) < _TAG_BYTES:
        raise MalformedError("private key", "has a nonce or a ciphertext of a wrong length")
    from nacl import bindings
    from nacl.exceptions import CryptoError

    key = _derive(password, box.salt, box.scrypt_n)
    try:
        opened: bytes = bindings.crypto_secretbox_open(box.ciphertext, box.nonce, key)
    except CryptoError:
        raise PasswordError("the password does not open the private key: decryption failed") from None
    return opened


def seal_box(plain: bytes, password: bytes, *, entropy: Callable[[int], bytes]) -> SealedBox:
    """Seal a box with a fresh salt and nonce. An empty password is allowed, as in Cosign.

    Args: entropy: gives as many random bytes as it is asked for.
    """
    from nacl import bindings

    salt, nonce = entropy(SALT_BYTES), entropy(NONCE_BYTES)
    ciphertext: bytes = bindings.crypto_secretbox(plain, nonce, _derive(password, salt, SEALING_N))
    return SealedBox(SEALING_N, _R, _P, salt, nonce, ciphertext)


def _derive(password: bytes, salt: bytes, n: int) -> bytes:
    """scrypt, by libsodium where it has it: a third faster than OpenSSL's. Takes 32 to 128 MiB for a moment."""
    from nacl import bindings

    most = 2 * 128 * n * _R  # bytes
    try:
        if not bindings.has_crypto_pwhash_scryptsalsa208sha256:
            return hashlib.scrypt(password, salt=salt, n=n, r=_R, p=_P, maxmem=most, dklen=_KEY_BYTES)
        key: bytes = bindings.crypto_pwhash_scryptsalsa208sha256_ll(password, salt, n, _R, _P, _KEY_BYTES, most)
    except (MemoryError, RuntimeError) as exc:  # nacl.exceptions.RuntimeError derives from it
        raise UnavailableError("not enough memory to open the private key") from exc
    return key
