"""Cosign's encrypted private key files: a PEM block that holds JSON. Source: go-securesystemslib, encrypted."""

from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.b64 import encode_b64
from pycosign.codec.go_json import go_json
from pycosign.codec.pem import format_pem, parse_pem
from pycosign.codec.strict_json import Fields, load_json
from pycosign.errors import MalformedError

__all__ = ["COSIGN_KEY_LABEL", "SIGSTORE_KEY_LABEL", "EncryptedKey", "format_encrypted_key", "parse_encrypted_key"]

SIGSTORE_KEY_LABEL: Final = "ENCRYPTED SIGSTORE PRIVATE KEY"  # written
COSIGN_KEY_LABEL: Final = "ENCRYPTED COSIGN PRIVATE KEY"  # written by Cosign before 2.0
_NONCE_BYTES: Final = 24
_MAX_SALT_BYTES: Final = 64
_MAX_PARAMETER: Final = 2**20


class EncryptedKey(NamedTuple):
    """A key box, closed: PKCS#8 (DER) under secretbox, keyed by scrypt of the password. `keybox` bounds the cost."""

    scrypt_n: int
    scrypt_r: int
    scrypt_p: int
    salt: bytes
    nonce: bytes  # 24 bytes
    ciphertext: bytes  # 16-byte tag first
    label: str = SIGSTORE_KEY_LABEL


def parse_encrypted_key(data: bytes, *, what: str = "private key") -> EncryptedKey:
    """Parse a key file. Its first PEM block counts, as in Cosign.

    Raises: MalformedError: "invalid pem block" or "unsupported pem type: X" (Cosign's words), or another form inside.
    """
    if len(data) > limits.KEY_FILE_BYTES:
        raise MalformedError(what, f"is longer than {limits.KEY_FILE_BYTES} bytes")
    try:
        block = parse_pem(data, what=what)[0]
    except MalformedError as exc:
        raise MalformedError(what, f"cannot be read: invalid pem block ({exc.problem})") from exc
    if block.label not in (SIGSTORE_KEY_LABEL, COSIGN_KEY_LABEL):
        raise MalformedError(what, f"cannot be read: unsupported pem type: {block.label}")
    fields = Fields(load_json(block.der, what=what, max_bytes=limits.KEY_FILE_BYTES), what, protojson=False)
    kdf, cipher = fields.object("kdf"), fields.object("cipher")
    params = kdf.object("params")
    for part, expected in ((kdf, "scrypt"), (cipher, "nacl/secretbox")):
        if part.text("name") != expected:
            raise MalformedError(part.path("name"), f"is not {expected}")
    key = EncryptedKey(
        scrypt_n=params.integer("N", minimum=1, maximum=_MAX_PARAMETER),
        scrypt_r=params.integer("r", minimum=1, maximum=_MAX_PARAMETER),
        scrypt_p=params.integer("p", minimum=1, maximum=_MAX_PARAMETER),
        salt=kdf.b64("salt", max_size=_MAX_SALT_BYTES),
        nonce=cipher.b64("nonce", size=_NONCE_BYTES),
        ciphertext=fields.b64("ciphertext", max_size=limits.KEY_FILE_BYTES),
        label=block.label,
    )
    for part in (params, kdf, cipher, fields):
        part.refuse_unknown()
    return key


def format_encrypted_key(key: EncryptedKey) -> bytes:
    """Write a key file as Cosign does, members in its order."""
    params = {"N": key.scrypt_n, "r": key.scrypt_r, "p": key.scrypt_p}
    body = {
        "kdf": {"name": "scrypt", "params": params, "salt": encode_b64(key.salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": encode_b64(key.nonce)},
        "ciphertext": encode_b64(key.ciphertext),
    }
    return format_pem(key.label, go_json(body))
