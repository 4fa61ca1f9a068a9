"""Whether an identity token counts, and what it claims. The issuer is embedded, so its key is given, never fetched."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from pycosign.limits import TOKEN_BYTES
from pycosign.stack.ca.errors import TokenRefusedError

__all__ = ["TrustedIssuer", "check_token"]

NOT_BEFORE_LEEWAY_SECONDS = 300  # as go-oidc, which Fulcio uses


class TrustedIssuer(NamedTuple):
    """An issuer whose tokens count: its URL, the audience that its tokens must name, its key."""

    url: str
    audience: str
    key: rsa.RSAPublicKey


def check_token(token: str, issuer: TrustedIssuer, *, now: datetime) -> Mapping[str, Any]:
    """Check signature (RS256 only), issuer, audience and times.

    Returns: the token's claims.
    Raises:  TokenRefusedError: any of them does not hold, or the token is none.
    """
    if not token or len(token) > TOKEN_BYTES:
        raise TokenRefusedError("no token, or one that is too long")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            issuer.key,
            algorithms=["RS256"],
            audience=issuer.audience,
            issuer=issuer.url,
            # the library would compare with its own clock; ours is injected
            options={
                "require": ["iss", "aud", "sub", "exp"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.PyJWTError as exc:
        raise TokenRefusedError(str(exc)) from exc
    moment = now.timestamp()
    if _seconds(claims, "exp") < moment:
        raise TokenRefusedError("the token has expired")
    if "nbf" in claims and _seconds(claims, "nbf") > moment + NOT_BEFORE_LEEWAY_SECONDS:
        raise TokenRefusedError("the token is not valid yet")
    return claims


def _seconds(claims: Mapping[str, Any], name: str) -> int | float:
    value: object = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefusedError(f"the token's claim {name} is not a number")
    return value
