"""New key pairs, and existing private keys brought into Cosign's encrypted form."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from pycosign import limits
from pycosign.codec.pem import PemBlock, parse_pem
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import MalformedError, UsageError
from pycosign.keys.box import seal_key
from pycosign.keys.goodkey import check_private_key

if TYPE_CHECKING:
    from typing import Any

__all__ = ["KeyPair", "generate_key_pair", "import_key_pair"]


class KeyPair(NamedTuple):
    """Both files of a key pair."""

    private_pem: bytes  # encrypted
    public_pem: bytes


def generate_key_pair(password: Callable[[], bytes]) -> KeyPair:
    """Make an ECDSA P-256 key pair, as Cosign's `generate-key-pair` does; the password may be empty."""
    return _key_pair(generate_signer(), password)


def import_key_pair(data: bytes, password: Callable[[], bytes]) -> KeyPair:
    """Encrypt an existing private key: PEM of PKCS#1, SEC1 or PKCS#8, not encrypted. Its first PEM block counts.

    Raises: MalformedError, UsageError (code `key.weak` or `key.not-importable`): in Cosign's words, and before the
            password is asked for.
    """
    if len(data) > limits.KEY_FILE_BYTES:
        raise MalformedError("private key", f"is longer than {limits.KEY_FILE_BYTES} bytes")
    key = _load(_first_block(data))
    check_private_key(key)
    return _key_pair(LocalSigner(key), password)


def _key_pair(signer: LocalSigner, password: Callable[[], bytes]) -> KeyPair:
    return KeyPair(seal_key(signer, password()), signer.public_key.pem())


def _first_block(data: bytes) -> PemBlock:
    try:
        return parse_pem(data, what="private key")[0]
    except MalformedError as exc:
        if b"Proc-Type:" in data:  # OpenSSL's old way to encrypt a PEM file
            raise MalformedError("private key", "cannot be read: error parsing ecdsa private key") from exc
        raise MalformedError("private key", f"cannot be read: invalid pem block ({exc.problem})") from exc


def _load(block: PemBlock) -> "Any":
    """`cryptography`'s object for the key in a block."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    forms = {
        "RSA PRIVATE KEY": "rsa private key",
        "EC PRIVATE KEY": "ecdsa private key",
        "PRIVATE KEY": "pkcs #8 private key",
    }
    if block.label not in forms:
        raise UsageError(f"unsupported private key: {block.label}", code="key.not-importable")
    try:
        return load_der_private_key(block.der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise MalformedError("private key", f"cannot be read: error parsing {forms[block.label]}") from None
