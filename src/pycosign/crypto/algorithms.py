"""The signature algorithms, in one table: Cosign's names, the trust root's names, kinds of key, hashes, OIDs.

Sources: protobuf-specs `PublicKeyDetails`; Cosign's `--signing-algorithm`; RFC 5758, RFC 8017, RFC 8410 and RFC 9881
for the OIDs.
"""

from typing import Final

from pycosign.errors import MalformedError, UsageError
from pycosign.record import Record

__all__ = [
    "ALGORITHM_TABLE",
    "CURVES",
    "HASH_OIDS",
    "MAX_RSA_BITS",
    "MIN_RSA_BITS",
    "ML_DSA",
    "RSA_PSS_OID",
    "RSA_SIZES",
    "Algorithm",
    "Curve",
    "MlDsa",
    "SignatureScheme",
    "algorithm_of_details",
    "algorithm_of_key",
    "algorithm_of_name",
    "algorithm_of_signature",
    "default_hash",
    "hash_name_of_oid",
    "scheme_of_oid",
]

MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192  # to verify; keys that sign are of `RSA_SIZES`, or imported
RSA_SIZES: Final = (2048, 3072, 4096)


class Curve(Record):
    """A NIST curve."""

    kind: str
    class_name: str  # in `cryptography`'s `ec`
    oid: str
    field_bytes: int
    hash_name: str


CURVES: Final = (
    Curve("ecdsa-p256", "SECP256R1", "1.2.840.10045.3.1.7", 32, "sha256"),
    Curve("ecdsa-p384", "SECP384R1", "1.3.132.0.34", 48, "sha384"),
    Curve("ecdsa-p521", "SECP521R1", "1.3.132.0.35", 66, "sha512"),
)


class MlDsa(Record):
    """A parameter set of ML-DSA (FIPS 204), used pure: the message itself is signed, with an empty context."""

    kind: str
    class_name: str  # of the public key, in `cryptography`'s `mldsa`
    oid: str
    key_bytes: int


ML_DSA: Final = (
    MlDsa("ml-dsa-44", "MLDSA44PublicKey", "2.16.840.1.101.3.4.3.17", 1312),
    MlDsa("ml-dsa-65", "MLDSA65PublicKey", "2.16.840.1.101.3.4.3.18", 1952),
    MlDsa("ml-dsa-87", "MLDSA87PublicKey", "2.16.840.1.101.3.4.3.19", 2592),
)


class Algorithm(Record):
    """A kind of key with the hash it signs: what a trust root or `--signing-algorithm` names."""

    name: str  # Cosign's
    details: str  # protobuf-specs PublicKeyDetails
    kind: str  # of key
    hash_name: str | None  # None: the message itself is signed (pure Ed25519, ML-DSA)
    is_pss: bool = False  # RSASSA-PSS in place of PKCS #1 v1.5

    def fits(self, kind: str) -> bool:
        """Whether a key of this kind is meant; the names of old mean RSA of any size."""
        return kind == self.kind or (self.kind == "rsa" and kind.startswith("rsa"))


ALGORITHM_TABLE: Final = (
    Algorithm("ecdsa-sha2-256-nistp256", "PKIX_ECDSA_P256_SHA_256", "ecdsa-p256", "sha256"),
    Algorithm("ecdsa-sha2-384-nistp384", "PKIX_ECDSA_P384_SHA_384", "ecdsa-p384", "sha384"),
    Algorithm("ecdsa-sha2-512-nistp521", "PKIX_ECDSA_P521_SHA_512", "ecdsa-p521", "sha512"),
    Algorithm("rsa-sign-pkcs1-2048-sha256", "PKIX_RSA_PKCS1V15_2048_SHA256", "rsa-2048", "sha256"),
    Algorithm("rsa-sign-pkcs1-3072-sha256", "PKIX_RSA_PKCS1V15_3072_SHA256", "rsa-3072", "sha256"),
    Algorithm("rsa-sign-pkcs1-4096-sha256", "PKIX_RSA_PKCS1V15_4096_SHA256", "rsa-4096", "sha256"),
    Algorithm("ed25519", "PKIX_ED25519", "ed25519", None),
    Algorithm("ed25519-ph", "PKIX_ED25519_PH", "ed25519", "sha512"),
)
# To verify with; Cosign has no name for them, and no log takes them where it only sees a digest.
_ML_DSA_TABLE: Final = tuple(
    Algorithm(item.kind, item.kind.upper().replace("-", "_"), item.kind, None) for item in ML_DSA
)
# What trust roots and log entries also name: other hashes on larger curves, PSS, RSA of any size under its old names.
_OTHER_DETAILS: Final = (
    Algorithm("ecdsa-sha2-256-nistp384", "PKIX_ECDSA_P384_SHA_256", "ecdsa-p384", "sha256"),
    Algorithm("ecdsa-sha2-256-nistp521", "PKIX_ECDSA_P521_SHA_256", "ecdsa-p521", "sha256"),
    Algorithm("rsa-sign-pkcs1-sha256", "PKIX_RSA_PKCS1V5", "rsa", "sha256"),
    Algorithm("rsa-sign-pkcs1-sha256", "PKCS1_RSA_PKCS1V5", "rsa", "sha256"),
    Algorithm("rsa-sign-pss-2048-sha256", "PKIX_RSA_PSS_2048_SHA256", "rsa-2048", "sha256", is_pss=True),
    Algorithm("rsa-sign-pss-3072-sha256", "PKIX_RSA_PSS_3072_SHA256", "rsa-3072", "sha256", is_pss=True),
    Algorithm("rsa-sign-pss-4096-sha256", "PKIX_RSA_PSS_4096_SHA256", "rsa-4096", "sha256", is_pss=True),
    Algorithm("rsa-sign-pss-sha256", "PKIX_RSA_PSS", "rsa", "sha256", is_pss=True),
    Algorithm("rsa-sign-pss-sha256", "PKCS1_RSA_PSS", "rsa", "sha256", is_pss=True),
)


def algorithm_of_name(name: str) -> Algorithm:
    """The algorithm under Cosign's name.

    Raises: UsageError, in Cosign's words.
    """
    for algorithm in ALGORITHM_TABLE:
        if algorithm.name == name:
            return algorithm
    names = ", ".join(item.name for item in ALGORITHM_TABLE if item.kind != "ed25519")
    raise UsageError(f"invalid signing algorithm: {name}. Supported algorithms are: {names}")


def algorithm_of_details(details: str) -> Algorithm | None:
    """The algorithm under the trust root's name, or None: one that we do not know."""
    for algorithm in (*ALGORITHM_TABLE, *_OTHER_DETAILS, *_ML_DSA_TABLE):
        if algorithm.details == details:
            return algorithm
    return None


def algorithm_of_key(kind: str) -> Algorithm | None:
    """The algorithm that a key of this kind is used with by default (Ed25519: pure); None: RSA of an odd size."""
    for algorithm in (*ALGORITHM_TABLE, *_ML_DSA_TABLE):
        if algorithm.kind == kind:
            return algorithm
    return None


def algorithm_of_signature(kind: str, hash_name: str, *, is_pss: bool = False) -> Algorithm | None:
    """The algorithm of a signature by a key of this kind over this hash, under the name that clients write; or None."""
    for algorithm in ALGORITHM_TABLE:
        if algorithm.kind == kind and algorithm.hash_name == hash_name and algorithm.is_pss == is_pss:
            return algorithm
    return None


def default_hash(kind: str) -> str:
    """The hash that a key of this kind signs, when signing a digest: of the curve's size; RSA SHA-256.

    ML-DSA keys sign no digests; for them it is the one to name files by.
    """
    if kind == "ed25519":
        return "sha512"
    return next((curve.hash_name for curve in CURVES if curve.kind == kind), "sha256")


HASH_OIDS: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


class SignatureScheme(Record):
    """A signature algorithm as X.509 and CMS name it."""

    family: str  # "ecdsa" | "rsa" | "ed25519" | "ml-dsa-44" ...: how the kind of key begins
    hash_name: str | None  # None: not said by the OID (rsaEncryption in CMS) or none at all (Ed25519, ML-DSA)
    has_null: bool  # whether the parameters are NULL, or left out; otherwise they are absent


_SCHEMES: Final = {
    "1.2.840.10045.4.3.2": SignatureScheme("ecdsa", "sha256", False),
    "1.2.840.10045.4.3.3": SignatureScheme("ecdsa", "sha384", False),
    "1.2.840.10045.4.3.4": SignatureScheme("ecdsa", "sha512", False),
    "1.2.840.113549.1.1.11": SignatureScheme("rsa", "sha256", True),
    "1.2.840.113549.1.1.12": SignatureScheme("rsa", "sha384", True),
    "1.2.840.113549.1.1.13": SignatureScheme("rsa", "sha512", True),
    "1.2.840.113549.1.1.1": SignatureScheme("rsa", None, True),
    "1.3.101.112": SignatureScheme("ed25519", None, False),
    **{item.oid: SignatureScheme(item.kind, None, False) for item in ML_DSA},
}
# Its parameters say the rest; only `crypto.certificate` reads them.
RSA_PSS_OID: Final = "1.2.840.113549.1.1.10"


def hash_name_of_oid(oid: str, what: str) -> str:
    """The hash under an OID; SHA-1 and others that are not for signatures have no name here.

    Raises: MalformedError, with the code `algorithm.unsupported`.
    """
    if oid not in HASH_OIDS:
        raise MalformedError(what, f"uses a hash that is not supported: {oid}", code="algorithm.unsupported")
    return HASH_OIDS[oid]


def scheme_of_oid(oid: str, what: str) -> SignatureScheme:
    """The signature algorithm under an OID.

    Raises: MalformedError, with the code `algorithm.unsupported`.
    """
    if oid not in _SCHEMES:
        problem = f"uses a signature algorithm that is not supported: {oid}"
        raise MalformedError(what, problem, code="algorithm.unsupported")
    return _SCHEMES[oid]
