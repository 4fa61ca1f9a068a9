"""What signs with private keys: in this process's memory (`LocalSigner`), or wherever else a `Signer` keeps them."""

from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from pycosign.crypto.algorithms import ALGORITHM_TABLE, CURVES, algorithm_of_name
from pycosign.crypto.ed25519ph import sign_sha512
from pycosign.crypto.keys import Ecdsa, PublicKey, hash_algorithm, parse_spki, rsa_scheme
from pycosign.errors import MalformedError, UsageError

__all__ = ["LocalSigner", "Signer", "generate_signer", "load_private_key"]


class Signer(Protocol):
    """Something that holds a private key, in this process or elsewhere."""

    @property
    def public_key(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes:
        """Sign a message: ECDSA and RSA with the key's default hash, Ed25519 pure."""
        ...

    def sign_digest(self, digest: bytes, hash_name: str) -> bytes:
        """Sign a message whose digest is known; Ed25519 keys: Ed25519ph, with sha512."""
        ...


class LocalSigner:
    """A private key in this process's memory. Safe to share between threads."""

    __slots__ = ("_key", "public_key")

    def __init__(self, key: Any) -> None:
        self._key = key
        self.public_key = _public_half(key)

    def __repr__(self) -> str:
        return f"<LocalSigner {self.public_key.kind}>"

    def sign(self, message: bytes) -> bytes:
        """As `Signer.sign`."""
        return self._sign(message, hash_algorithm(self.public_key.default_hash))

    def sign_digest(self, digest: bytes, hash_name: str) -> bytes:
        """As `Signer.sign_digest`.

        Raises: MalformedError: a digest of another length. UsageError: a hash that is not for this key.
        """
        if self.public_key.kind == "ed25519":
            if hash_name != "sha512":
                raise UsageError(f"an ed25519 key signs a sha512 digest, not {hash_name}")
            return sign_sha512(self._key.private_bytes_raw(), self.public_key.raw, digest)
        return self._sign(digest, hash_algorithm(hash_name, digest))

    def _sign(self, message: bytes, algorithm: Any) -> bytes:
        kind = self.public_key.kind
        if kind == "ed25519":
            signature: bytes = self._key.sign(message)
        elif kind.startswith("rsa"):
            signature = self._key.sign(message, *rsa_scheme(algorithm))
        else:
            signature = self._key.sign(message, Ecdsa(algorithm))
        return signature

    def pkcs8_der(self) -> bytes:
        """The private key itself, as PKCS#8; whoever asks must encrypt it or keep it from others' eyes."""
        from cryptography.hazmat.primitives import serialization as form

        der: bytes = self._key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
        return der

    def library_key(self) -> Any:
        """`cryptography`'s object, for its certificate builder."""
        return self._key


def _public_half(key: Any) -> PublicKey:
    from cryptography.hazmat.primitives import serialization as form

    spki = key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return parse_spki(spki, "private key's public half")


def load_private_key(der: bytes, what: str = "private key") -> LocalSigner:
    """Read an unencrypted private key: DER of PKCS#8, PKCS#1 (RSA) or SEC1 (EC).

    Raises: MalformedError, which never shows the key; code `key.unsupported` for another algorithm or size.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    try:
        key = serialization.load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise MalformedError(what, "is not an unencrypted PKCS#8, PKCS#1 or SEC1 private key") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise MalformedError(what, "is of an algorithm that is not supported", code="key.unsupported")
    return LocalSigner(key)


def generate_signer(algorithm: str = "ecdsa-sha2-256-nistp256") -> LocalSigner:
    """Make a key pair. The library draws the randomness (the exception that `ambient` names).

    Args:   algorithm: Cosign's name, or a kind of key ("ecdsa-p256", "ed25519", "rsa-2048" ...).
    Raises: UsageError: neither.
    """
    kinds = {item.kind for item in ALGORITHM_TABLE}
    kind = algorithm if algorithm in kinds else algorithm_of_name(algorithm).kind
    curve = next((curve for curve in CURVES if curve.kind == kind), None)
    if curve is not None:
        return LocalSigner(ec.generate_private_key(getattr(ec, curve.class_name)()))
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    if kind == "ed25519":
        return LocalSigner(ed25519.Ed25519PrivateKey.generate())
    return LocalSigner(rsa.generate_private_key(65537, int(kind.removeprefix("rsa-"))))
