"""What the issuer says, as values: documents, claims, signed tokens, one-time codes. No clock, no network.

Who holds the issuer's key can be anyone towards this stack's CA (docs/trust.md).
"""

import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from pycosign.ambient import Entropy
from pycosign.errors import UsageError

__all__ = [
    "AUDIENCE",
    "DEFAULT_EMAIL",
    "TOKEN_SECONDS",
    "Authorization",
    "CodeBook",
    "IssuerKey",
    "claims_for",
    "discovery",
    "is_loopback_redirect",
    "jwks",
    "pkce_matches",
    "sign_token",
]

AUDIENCE = "sigstore"
DEFAULT_EMAIL = "foo@bar.com"
TOKEN_SECONDS = 3600
CODE_SECONDS = 300  # an authorization code lives this long at most
NOT_BEFORE_LEEWAY_SECONDS = 5  # sigstore-python takes nbf without leeway (sigstore/oidc.py)
MAX_CODES = 1000
_PRINTABLE = re.compile(r"[!-~]{1,2048}", re.ASCII)
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


class IssuerKey(NamedTuple):
    """The issuer's RSA key with its key id: hex of the first 8 bytes of the SHA-256 of the modulus."""

    private: rsa.RSAPrivateKey
    kid: str

    @classmethod
    def of(cls, private: rsa.RSAPrivateKey) -> "IssuerKey":
        """Name a key by its modulus, so that a restart keeps the name."""
        modulus = private.public_key().public_numbers().n.to_bytes(private.key_size // 8, "big")
        return cls(private, hashlib.sha256(modulus).hexdigest()[:16])


def _b64url(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(bytes.maketrans(b"+/", b"-_")).rstrip(b"=").decode()


def discovery(issuer: str) -> dict[str, Any]:
    """The OpenID provider's configuration. Cosign refuses an issuer that does not offer S256."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "device_authorization_endpoint": f"{issuer}/device/code",
        "jwks_uri": f"{issuer}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email"],
        "grant_types_supported": [
            "authorization_code",
            "urn:ietf:params:oauth:grant-type:device_code",
            "client_credentials",
        ],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "nbf", "nonce", "sub"],
    }


def jwks(key: IssuerKey) -> dict[str, Any]:
    """The issuer's public key as a JSON Web Key Set."""
    numbers = key.private.public_key().public_numbers()
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")
    return {
        "keys": [
            {
                "kty": "RSA",
                "alg": "RS256",
                "use": "sig",
                "kid": key.kid,
                "n": _b64url(modulus),
                "e": _b64url(exponent),
            }
        ]
    }


def claims_for(
    *,
    issuer: str,
    email: str | None = None,
    subject: str | None = None,
    now: int,
    audience: str = AUDIENCE,
    seconds: int = TOKEN_SECONDS,
    email_verified: bool = True,
    nonce: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The claims of an identity token, either a person's (`email`) or a machine's (`subject` alone).

    Clients prove possession over the email when there is one, else over the subject, and the CA must agree:
    so a machine's token carries no email. `now` is Unix seconds. Raises UsageError when neither or both are given.
    """
    if (email is None) == (subject is None):
        raise UsageError("an identity token is for an email address or for a subject: give exactly one")
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": email if email is not None else subject,
        "iat": now,
        "nbf": now - NOT_BEFORE_LEEWAY_SECONDS,
        "exp": now + seconds,
    }
    if email is not None:
        claims["email"] = email
        claims["email_verified"] = email_verified
    if nonce:
        claims["nonce"] = nonce
    claims.update(extra or {})
    return claims


def sign_token(claims: Mapping[str, Any], key: IssuerKey) -> str:
    """A JWT over the claims, RS256: the only algorithm by which Cosign tells a token from a file name."""
    return jwt.encode(dict(claims), key.private, algorithm="RS256", headers={"kid": key.kid})


def pkce_matches(verifier: str, challenge: str) -> bool:
    """Whether the verifier is the challenge's (RFC 7636, S256)."""
    return _b64url(hashlib.sha256(verifier.encode("utf-8")).digest()) == challenge


def is_loopback_redirect(uri: str) -> bool:
    """Whether a code may be sent there: plain http to this machine, any port and path, or out of band."""
    if uri == OUT_OF_BAND:
        return True
    if not _PRINTABLE.fullmatch(uri):
        return False  # it becomes a header's value
    try:
        parts = urlsplit(uri)
        named_loopback = parts.hostname in ("localhost", "127.0.0.1", "::1") and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return parts.scheme == "http" and named_loopback and parts.username is None


class Authorization(NamedTuple):
    """What a code stands for until it is redeemed. `expires` is Unix seconds; `challenge` is "" in the device flow."""

    client_id: str
    email: str
    nonce: str
    redirect_uri: str
    challenge: str
    expires: int


class CodeBook:
    """One-time codes and what they stand for, in memory: at most MAX_CODES, the oldest go first."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._codes: dict[str, Authorization] = {}

    def issue(self, authorization: Authorization) -> str:
        """Keep the authorization under a new unguessable code."""
        while len(self._codes) >= MAX_CODES:
            del self._codes[next(iter(self._codes))]
        code = self._entropy(24).hex()
        self._codes[code] = authorization
        return code

    def redeem(self, code: str, now: int) -> Authorization | None:
        """What the code stands for, once; None for an unknown, used or expired one."""
        authorization = self._codes.pop(code, None)
        return authorization if authorization is not None and now <= authorization.expires else None
