"""Ed25519ph: Ed25519 over the SHA-512 digest of a message. Source: RFC 8032, 5.1.

`cryptography` does not have it, and libsodium's own functions want the message, not its digest; so the two equations
of RFC 8032 are written out over libsodium's constant-time arithmetic. The tests compare them with libsodium's
streaming functions and with RFC 8032's vector.
"""

from hashlib import sha512
from types import ModuleType
from typing import Final

from pycosign.errors import InvalidSignatureError, MalformedError, UsageError

__all__ = ["sign_sha512", "verify_sha512"]

_DOM2: Final = b"SigEd25519 no Ed25519 collisions" + b"\x01\x00"  # prehashed, no context
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493  # of the base point
_DIGEST_BYTES: Final = 64


def _arithmetic() -> ModuleType:
    """libsodium's group operations. Imported when needed: 5 ms."""
    from nacl import bindings

    if not (bindings.has_crypto_core_ed25519 and bindings.has_crypto_scalarmult_ed25519):
        raise UsageError("this build of PyNaCl has no Ed25519 arithmetic, which Ed25519ph needs")
    return bindings


def _challenge(arithmetic: ModuleType, point: bytes, public: bytes, digest: bytes) -> bytes:
    reduced: bytes = arithmetic.crypto_core_ed25519_scalar_reduce(sha512(_DOM2 + point + public + digest).digest())
    return reduced


def _check_digest(digest: bytes) -> None:
    if len(digest) != _DIGEST_BYTES:
        raise MalformedError("digest", f"is {len(digest)} bytes; Ed25519ph needs {_DIGEST_BYTES} (sha512)")


def verify_sha512(public: bytes, signature: bytes, digest: bytes) -> None:
    """Check a signature over a SHA-512 digest.

    Args:   public: 32 bytes.
    Raises: InvalidSignatureError. MalformedError: the digest is not 64 bytes. UsageError: PyNaCl cannot do it.
    """
    _check_digest(digest)
    arithmetic = _arithmetic()
    point, scalar = signature[:32], signature[32:]
    refused = InvalidSignatureError("the signature does not verify under the ed25519 key (prehashed)")
    if len(signature) != 64 or int.from_bytes(scalar, "little") >= _ORDER:
        raise refused
    try:  # libsodium refuses keys outside the prime-order group, and results that are the neutral element
        left = arithmetic.crypto_scalarmult_ed25519_base_noclamp(scalar)
        challenge = _challenge(arithmetic, point, public, digest)
        right = arithmetic.crypto_scalarmult_ed25519_noclamp(challenge, public)
        computed: bytes = arithmetic.crypto_core_ed25519_sub(left, right)
    except RuntimeError as exc:  # nacl.exceptions.RuntimeError derives from it
        raise refused from exc
    if computed != point:
        raise refused


def sign_sha512(seed: bytes, public: bytes, digest: bytes) -> bytes:
    """Sign a SHA-512 digest.

    Args:    seed: the private key, 32 bytes; public: its public key, 32 bytes.
    Returns: 64 bytes.
    Raises:  MalformedError: the digest is not 64 bytes. UsageError: PyNaCl cannot do it.
    """
    _check_digest(digest)
    arithmetic = _arithmetic()
    expanded = sha512(seed).digest()
    secret = bytes((expanded[0] & 0xF8, *expanded[1:31], expanded[31] & 0x7F | 0x40))
    nonce = arithmetic.crypto_core_ed25519_scalar_reduce(sha512(_DOM2 + expanded[32:] + digest).digest())
    point: bytes = arithmetic.crypto_scalarmult_ed25519_base_noclamp(nonce)
    challenge = _challenge(arithmetic, point, public, digest)
    product = arithmetic.crypto_core_ed25519_scalar_mul(challenge, secret)
    scalar: bytes = arithmetic.crypto_core_ed25519_scalar_add(product, nonce)
    return point + scalar
