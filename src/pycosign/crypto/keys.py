"""Public keys: ECDSA on the NIST curves, Ed25519 and Ed25519ph, RSA, ML-DSA. `signers.py` has the private ones.

They are read by our own DER reader: `cryptography`'s loader costs 16 ms of import on every run.
"""

from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from pycosign.codec.der import SEQUENCE, DerReader, read_der
from pycosign.codec.der_writer import der_bits, der_null, der_oid, der_sequence
from pycosign.codec.pem import format_pem, parse_pem
from pycosign.crypto.algorithms import (
    CURVES,
    MAX_RSA_BITS,
    MIN_RSA_BITS,
    ML_DSA,
    Curve,
    MlDsa,
    algorithm_of_key,
    default_hash,
)
from pycosign.crypto.digests import ALGORITHMS, HASHES, digest_of
from pycosign.errors import InvalidSignatureError, MalformedError, UsageError

__all__ = [
    "Ecdsa",
    "PublicKey",
    "hash_algorithm",
    "key_details",
    "load_public_key",
    "parse_spki",
    "rsa_scheme",
]

_EC_OID: Final = "1.2.840.10045.2.1"
_RSA_OID: Final = "1.2.840.113549.1.1.1"
_ED25519_OID: Final = "1.3.101.112"
_ED25519_FIELD: Final = 2**255 - 19
_ED25519_SMALL_ORDER: Final = frozenset(  # the y coordinates of the eight points whose order divides 8; RFC 8032, 5.1
    (
        0,
        1,
        _ED25519_FIELD - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    )
)


class Ecdsa(ec.ECDSA):
    """ECDSA over a hash. The library's own constructor imports 20 more modules, for deterministic signing."""

    def __init__(self, algorithm: Any) -> None:
        self._hash = algorithm

    @property
    def algorithm(self) -> Any:
        return self._hash

    @property
    def deterministic_signing(self) -> bool:
        return False


_ECDSA: Final = {name: (Ecdsa(algorithm),) for name, algorithm in HASHES.items()}
_ECDSA_OF_DIGEST: Final = {name: (Ecdsa(Prehashed(algorithm)),) for name, algorithm in HASHES.items()}


def hash_algorithm(name: str, digest: bytes | None = None) -> Any:
    """The library's object for a hash, or for a digest that was made already.

    Raises: UsageError: another hash. MalformedError: the digest has another length.
    """
    if name not in HASHES:
        raise UsageError(f"unknown digest algorithm: {name}")
    if digest is None:
        return HASHES[name]
    if len(digest) != ALGORITHMS[name]:
        raise MalformedError("digest", f"is {len(digest)} bytes; {name} has {ALGORITHMS[name]}")
    return Prehashed(HASHES[name])


class PublicKey:
    """A public key. Immutable, safe to share; equal when the SubjectPublicKeyInfo is equal."""

    __slots__ = ("_key", "default_hash", "kind", "spki_der")

    def __init__(self, spki_der: bytes, kind: str, key: Any) -> None:
        self.spki_der = spki_der
        self.kind = kind  # ecdsa-p256, -p384, -p521; ed25519; rsa-2048, -3072, -4096; rsa (another size); ml-dsa-44 ...
        self.default_hash = default_hash(kind)  # of a digest to be signed
        self._key = key  # the library's object

    def __repr__(self) -> str:
        return f"<PublicKey {self.kind} {self.spki_der.hex()}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.spki_der == self.spki_der

    def __hash__(self) -> int:
        return hash(self.spki_der)

    @property
    def raw(self) -> bytes:
        """What the SubjectPublicKeyInfo's BIT STRING holds: the point, the 32 bytes of Ed25519, the RSA structure."""
        return _split_spki(self.spki_der, "public key")[2]

    @property
    def signs_messages(self) -> bool:
        """Whether a signature may be over the message itself: Ed25519 (which has a form over digests too), ML-DSA."""
        return self.kind == "ed25519" or not self.signs_digests

    @property
    def signs_digests(self) -> bool:
        """Whether a digest is enough to check a signature: always but for ML-DSA."""
        return not self.kind.startswith("ml-dsa")

    def verify(self, signature: bytes, message: bytes, *, hash_name: str | None = None) -> None:
        """Check a signature over a message.

        Args:   hash_name: None: ECDSA and RSA take `default_hash`, Ed25519 and ML-DSA are pure. "sha512" makes it
                Ed25519ph.
        Raises: InvalidSignatureError. UsageError: a hash that is not for this key.
        """
        if not self.signs_digests:
            if hash_name is not None:
                raise UsageError(f"an {self.kind} key signs the message itself, not a {hash_name} digest")
            self._check(signature, message)
        elif self.kind == "ed25519":
            if hash_name is not None:
                self.verify_digest(signature, digest_of("sha512", message), hash_name)
                return
            self._check(signature, message)
        else:
            self._check(signature, message, *self._scheme(hash_name or self.default_hash))

    def verify_digest(self, signature: bytes, digest: bytes, hash_name: str) -> None:
        """Check a signature over a message whose digest is known; Ed25519 keys: Ed25519ph, with sha512.

        Raises: InvalidSignatureError. MalformedError: a digest of another length.
                UsageError: a hash that is not for this key.
        """
        if not self.signs_digests:
            raise UsageError(f"an {self.kind} key signs the message itself, not a {hash_name} digest")
        if self.kind == "ed25519":
            if hash_name != "sha512":
                raise UsageError(f"an ed25519 key signs a sha512 digest, not {hash_name}")
            from pycosign.crypto.ed25519ph import verify_sha512

            verify_sha512(self.raw, signature, digest)
        else:
            self._check(signature, digest, *self._scheme(hash_name, digest))

    def verify_pss(
        self,
        signature: bytes,
        data: bytes,
        *,
        hash_name: str = "sha256",
        is_digest: bool = False,
        any_salt: bool = False,
    ) -> None:
        """Check an RSASSA-PSS signature: MGF1 with the same hash. RFC 8017, 8.1.

        Args:   data: the message, or with `is_digest` its digest; any_salt: else the salt is as long as the digest.
        Raises: InvalidSignatureError. UsageError: not an RSA key, or an unknown hash.
        """
        if not self.kind.startswith("rsa"):
            raise UsageError(f"an {self.kind} key makes no PSS signatures")
        from cryptography.hazmat.primitives.asymmetric import padding

        length = padding.PSS.AUTO if any_salt else padding.PSS.DIGEST_LENGTH
        scheme = padding.PSS(padding.MGF1(hash_algorithm(hash_name)), length)
        self._check(signature, data, scheme, hash_algorithm(hash_name, data if is_digest else None))

    def _scheme(self, hash_name: str, digest: bytes | None = None) -> tuple[Any, ...]:
        if self.kind.startswith("rsa"):
            return rsa_scheme(hash_algorithm(hash_name, digest))
        if hash_name not in HASHES or (digest is not None and len(digest) != ALGORITHMS[hash_name]):
            hash_algorithm(hash_name, digest)  # says which
        return (_ECDSA if digest is None else _ECDSA_OF_DIGEST)[hash_name]

    def _check(self, signature: bytes, message: bytes, *scheme: Any) -> None:
        try:
            self._key.verify(signature, message, *scheme)
        except (InvalidSignature, ValueError) as exc:
            raise InvalidSignatureError(f"the signature does not verify under the {self.kind} key") from exc

    def pem(self) -> bytes:
        """PEM `PUBLIC KEY`, as key files and log entries have it."""
        return format_pem("PUBLIC KEY", self.spki_der)


def rsa_scheme(algorithm: Any) -> tuple[Any, ...]:
    """The library's arguments for PKCS #1 v1.5 with a hash."""
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.PKCS1v15(), algorithm


# ---- reading public keys ---------------------------------------------------------------------------------
def load_public_key(data: bytes, what: str = "public key") -> PublicKey:
    """Read a public key: PEM `PUBLIC KEY` or `RSA PUBLIC KEY`, or DER SubjectPublicKeyInfo.

    Raises: MalformedError, in Cosign's words where it has some.
    """
    if data[:1] == b"\x30":
        return parse_spki(data, what)
    if b"-----BEGIN" not in data:
        raise MalformedError(what, "is not a public key: PEM decoding failed")
    block, *others = parse_pem(data, what=what)
    if others:
        raise MalformedError(what, "holds more than one PEM block")
    if block.label == "PUBLIC KEY":
        return parse_spki(block.der, what)
    if block.label == "RSA PUBLIC KEY":
        return parse_spki(der_sequence(der_sequence(der_oid(_RSA_OID), der_null()), der_bits(block.der)), what)
    problem = f"unknown Public key PEM file type: {block.label}. Are you passing the correct public key?"
    raise MalformedError(what, f"cannot be read: {problem}")


def parse_spki(der: bytes, what: str = "public key") -> PublicKey:
    """Read a SubjectPublicKeyInfo.

    Source: RFC 5280, 4.1.2.7; RFC 5480 (named curves, uncompressed points); RFC 8410; RFC 9881.
    Raises: MalformedError; with the code `key.unsupported`, a sound structure of an algorithm or size not supported.
    """
    oid, parameters, raw = _split_spki(der, what)
    if oid == _EC_OID:
        return _parse_ec(der, parameters, raw, what)
    if oid == _ED25519_OID:
        parameters.finish()
        return _parse_ed25519(der, raw, what)
    if oid == _RSA_OID:
        parameters.null()
        parameters.finish()
        return _parse_rsa(der, raw, what)
    ml_dsa = next((item for item in ML_DSA if item.oid == oid), None)
    if ml_dsa is not None:
        parameters.finish()
        return _parse_ml_dsa(der, raw, ml_dsa, what)
    raise MalformedError(what, f"is of an algorithm that is not supported: {oid}", code="key.unsupported")


def _split_spki(der: bytes, what: str) -> tuple[str, DerReader, bytes]:
    """The algorithm's OID, a reader over its parameters, and the key's own bytes."""
    reader = read_der(der, SEQUENCE, what)
    algorithm = reader.sequence()
    raw = reader.bits()
    reader.finish()
    return algorithm.oid(), algorithm, raw


def _parse_ec(der: bytes, parameters: DerReader, point: bytes, what: str) -> PublicKey:
    curve_oid = parameters.oid()
    parameters.finish()
    curve: Curve | None = next((curve for curve in CURVES if curve.oid == curve_oid), None)
    if curve is None:
        raise MalformedError(what, f"is on a curve that is not supported: {curve_oid}", code="key.unsupported")
    if len(point) != 1 + 2 * curve.field_bytes or point[0] != 4:
        raise MalformedError(what, "is not an uncompressed point")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(getattr(ec, curve.class_name)(), point)
    except ValueError as exc:
        raise MalformedError(what, "is not a point on its curve") from exc
    return PublicKey(der, curve.kind, key)


def _parse_ed25519(der: bytes, raw: bytes, what: str) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    if len(raw) != 32:
        raise MalformedError(what, f"is {len(raw)} bytes; Ed25519 has 32")
    height = int.from_bytes(raw, "little") & ~(1 << 255)  # the y coordinate; the top bit is the sign of x
    if height >= _ED25519_FIELD:
        raise MalformedError(what, "is not a canonical Ed25519 point")
    if height in _ED25519_SMALL_ORDER:  # under such a key, one signature fits every message (or every eighth)
        raise MalformedError(what, "is an Ed25519 point of small order", code="key.unsupported")
    return PublicKey(der, "ed25519", ed25519.Ed25519PublicKey.from_public_bytes(raw))


def _parse_rsa(der: bytes, raw: bytes, what: str) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    numbers = read_der(raw, SEQUENCE, what)
    modulus, exponent = numbers.integer(), numbers.integer()
    numbers.finish()
    bits = modulus.bit_length()
    if modulus <= 0 or not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        problem = f"is RSA of {bits} bits, not {MIN_RSA_BITS} to {MAX_RSA_BITS}"
        raise MalformedError(what, problem, code="key.unsupported")
    if modulus % 2 == 0 or exponent % 2 == 0 or not 3 <= exponent < 2**31:
        raise MalformedError(what, "is not a sound RSA key")
    kind = f"rsa-{bits}" if algorithm_of_key(f"rsa-{bits}") else "rsa"
    return PublicKey(der, kind, rsa.RSAPublicNumbers(exponent, modulus).public_key())


def _parse_ml_dsa(der: bytes, raw: bytes, form: MlDsa, what: str) -> PublicKey:
    """Older versions of `cryptography` have no ML-DSA, and newer ones only where their OpenSSL has it."""
    from cryptography.exceptions import UnsupportedAlgorithm

    if len(raw) != form.key_bytes:
        raise MalformedError(what, f"is {len(raw)} bytes; {form.kind} has {form.key_bytes}")
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa

        return PublicKey(der, form.kind, getattr(mldsa, form.class_name).from_public_bytes(raw))
    except (ImportError, UnsupportedAlgorithm) as exc:
        problem = f"is of {form.kind}, which the installed version of cryptography does not have"
        raise MalformedError(what, problem, code="key.unsupported") from exc
    except ValueError as exc:
        raise MalformedError(what, f"is not a sound {form.kind} key") from exc


def key_details(key: PublicKey) -> str | None:
    """The trust root's name for a key with its default hash (Ed25519, ML-DSA: pure); None: RSA of an odd size."""
    algorithm = algorithm_of_key(key.kind)
    return algorithm.details if algorithm else None
