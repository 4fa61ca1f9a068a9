"""Identity tokens: what one says, and those that the surroundings hold ready.

A token is read, never verified: the certificate authority does that. It is a secret, and in no message of ours.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.b64 import decode_b64url
from pycosign.codec.fields import Fields
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError, UnavailableError, UsageError

__all__ = ["AUDIENCE", "PROVIDERS", "IdentityToken", "ambient_token", "parse_identity_token", "token_from_argument"]

AUDIENCE: Final = "sigstore"
TOKEN_FILE: Final = "/var/run/sigstore/cosign/oidc-token"  # noqa: S105 - a path: Cosign's "filesystem" provider

# Cosign's names of ambient providers -> the detector of the package `id`; the first two are ours.
PROVIDERS: Final[Mapping[str, str]] = {
    "envvar": "",
    "filesystem": "",
    "github-actions": "detect_github",
    "google-workload-identity": "detect_gcp",
    "google-impersonate": "detect_gcp",
    "buildkite-agent": "detect_buildkite",
    "gitlab": "detect_gitlab",
    "circleci": "detect_circleci",
}


class IdentityToken(NamedTuple):
    """An OIDC identity token, read but not verified."""

    text: str  # the JWT: a secret
    algorithm: str  # of the header: "RS256"
    issuer: str
    subject: str
    email: str | None
    challenge: str  # what the proof of possession signs: the email, else the subject
    expires_at: datetime | None

    def __repr__(self) -> str:
        return f"IdentityToken({self.challenge!r} of {self.issuer!r})"


def parse_identity_token(text: str) -> IdentityToken:
    """Read a JWT's header and claims.

    Raises: MalformedError: not three parts of base64url JSON, or `iss` or `sub` is missing; UsageError: there is an
            email that its issuer has not verified (Fulcio refuses such a token).
    Source: RFC 7519; sigstore/sigstore, pkg/oauthflow (which claim is the challenge).
    """
    what = "identity token"
    parts = text.split(".")
    if len(parts) != 3 or len(text) > limits.TOKEN_BYTES:
        raise MalformedError(what, "is not a JSON web token")
    header, claims = (_read_part(part, name) for part, name in zip(parts, ("header", "claims"), strict=False))
    email = claims.optional_text("email") or None
    # Go accepts the text "true" too, which some issuers write.
    if email is not None and claims.optional_value("email_verified") not in (True, "true"):
        raise UsageError("the identity token's email address is not verified by its issuer")
    subject = claims.text("sub")
    expires = claims.optional_value("exp")
    return IdentityToken(
        text=text,
        algorithm=header.text("alg"),
        issuer=claims.text("iss"),
        subject=subject,
        email=email,
        challenge=email or subject,
        expires_at=_moment(expires),
    )


def _read_part(part: str, name: str) -> Fields:
    what = f"identity token {name}"
    raw = decode_b64url(part.rstrip("="), what=what)
    return Fields(load_json(raw, what=what, max_bytes=limits.TOKEN_BYTES), what, protojson=False)


def _moment(value: object) -> datetime | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 2**33:
        return None
    return datetime.fromtimestamp(value, UTC)


def token_from_argument(value: str) -> IdentityToken:
    """What `--identity-token` means: an RS256 token itself, else the path of a file that holds one of any algorithm.

    A token of another algorithm is taken as itself when no file has that name (Cosign says the file is missing).

    Raises: UsageError: neither; the value is not repeated, it may be a secret. MalformedError: the file's content.
    """
    try:
        token = parse_identity_token(value.strip())
    except MalformedError:
        token = None
    if token is not None and token.algorithm == "RS256":
        return token
    try:
        with open(value, "rb") as file:
            raw = file.read(limits.TOKEN_BYTES + 1)
    except (OSError, ValueError) as exc:
        if token is not None:
            return token
        shown = "given" if value.count(".") >= 2 else repr(value[:200])
        raise UsageError(f"the identity token {shown} is neither a token nor a readable file") from exc
    return parse_identity_token(_text(raw))


def ambient_token(environ: Mapping[str, str], *, provider: str = "") -> IdentityToken | None:
    """The token that the surroundings provide: a variable, a file, or the CI system's own service.

    Args:    provider: one of PROVIDERS, or "" for the first that has one.
    Returns: None when no provider is enabled here.
    Raises:  UsageError: no such provider; UnavailableError: one is enabled and gave no token; MalformedError.
    """
    if provider and provider not in PROVIDERS:
        raise UsageError(f"{provider} is not a valid provider", hint=f"known providers: {', '.join(PROVIDERS)}")
    if provider in ("", "envvar") and (text := environ.get("SIGSTORE_ID_TOKEN")):
        return parse_identity_token(text.strip())
    if provider in ("", "filesystem") and os.path.exists(TOKEN_FILE):
        try:
            with open(TOKEN_FILE, "rb") as file:
                return parse_identity_token(_text(file.read(limits.TOKEN_BYTES + 1)))
        except OSError as exc:
            raise UnavailableError(f"cannot read {TOKEN_FILE}: {exc.strerror or exc}") from exc
    if provider in ("envvar", "filesystem"):
        return None
    text = _detect(PROVIDERS[provider] if provider else "")
    return None if text is None else parse_identity_token(text)


def _detect(detector: str) -> str | None:
    # `id` reads the environment itself, and asks the CI system's service over HTTP with its own client.
    import id as ambient
    from id._internal.oidc import ambient as detectors

    try:
        found = getattr(detectors, detector)(AUDIENCE) if detector else ambient.detect_credential(AUDIENCE)
    except ambient.IdentityError as exc:
        raise UnavailableError(f"the ambient identity provider gave no token: {exc}", code="oidc.ambient") from exc
    return found if isinstance(found, str) else None


def _text(raw: bytes) -> str:
    try:
        return raw.decode("ascii").strip()
    except UnicodeDecodeError as exc:
        raise MalformedError("identity token", "is not ASCII text") from exc
