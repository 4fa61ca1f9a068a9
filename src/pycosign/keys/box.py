"""Cosign's encrypted key files: the file's form (wire) around the sealed box (crypto)."""

from collections.abc import Callable

from pycosign.ambient import random_bytes
from pycosign.crypto.keybox import SealedBox, open_box, seal_box
from pycosign.crypto.signers import LocalSigner, load_private_key
from pycosign.wire.cosign_key import EncryptedKey, format_encrypted_key, parse_encrypted_key

__all__ = ["open_key_file", "seal_key"]


def open_key_file(data: bytes, password: Callable[[], bytes], *, what: str = "private key") -> LocalSigner:
    """Open an encrypted key file.

    Args:   password: asked once, and only if the file has the right form.
    Raises: MalformedError: another form, or scrypt parameters that Cosign does not read. PasswordError.
    """
    key = parse_encrypted_key(data, what=what)
    box = SealedBox(key.scrypt_n, key.scrypt_r, key.scrypt_p, key.salt, key.nonce, key.ciphertext)
    return load_private_key(open_box(box, password()), what)


def seal_key(signer: LocalSigner, password: bytes) -> bytes:
    """The key file of a private key: PEM `ENCRYPTED SIGSTORE PRIVATE KEY`."""
    box = seal_box(signer.pkcs8_der(), password, entropy=random_bytes)
    return format_encrypted_key(EncryptedKey(*box))
