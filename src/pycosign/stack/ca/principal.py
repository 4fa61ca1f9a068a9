"""Who a token speaks of, and what of it goes into the certificate. Source: sigstore/fulcio, pkg/identity.

The issuer is this stack's own, so one issuer URL may speak of people and of machines: the claims decide.
A token with an email is a person's, and clients prove possession over that email; all others prove it over `sub`.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pycosign.codec.der_writer import der_context, der_oid, der_utf8
from pycosign.stack.ca.errors import TokenRefusedError

__all__ = ["EXTENSION_ARC", "Principal", "principal_of"]

EXTENSION_ARC = "1.3.6.1.4.1.57264.1"
OTHER_NAME_OID = f"{EXTENSION_ARC}.7"
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[!-~]+", re.ASCII)

# extension number -> template over the claims of a GitHub-shaped token; a missing claim refuses the token
_GITHUB: Mapping[int, str] = {
    2: "{event_name}",
    3: "{sha}",
    4: "{workflow}",
    5: "{repository}",
    6: "{ref}",
    9: "{url}/{job_workflow_ref}",
    10: "{job_workflow_sha}",
    11: "{runner_environment}",
    12: "{url}/{repository}",
    13: "{sha}",
    14: "{ref}",
    15: "{repository_id}",
    16: "{url}/{repository_owner}",
    17: "{repository_owner_id}",
    18: "{url}/{workflow_ref}",
    19: "{workflow_sha}",
    20: "{event_name}",
    21: "{url}/{repository}/actions/runs/{run_id}/attempts/{run_attempt}",
    22: "{repository_visibility}",
    23: "{environment}",
}


class Principal(NamedTuple):
    """What a token proves.

    `general_name`: the one subject alternative name, DER. `challenge`: what the proof of possession signs.
    `extensions`: number below 1.3.6.1.4.1.57264.1 -> text, in ascending order, none empty.
    """

    name: str
    general_name: bytes
    challenge: str
    extensions: tuple[tuple[int, str], ...]


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Read the principal from the claims of a token whose signature, audience and times were checked.

    Raises: TokenRefusedError: an email that is unverified or none, a claim that is missing.
    """
    issuer, subject = _text(claims, "iss"), _text(claims, "sub")
    common = {1: issuer, 8: issuer, 24: subject}
    if "email" in claims:
        email = _text(claims, "email")
        if claims.get("email_verified") not in (True, "true"):
            raise TokenRefusedError("the token's email is not verified")
        if not _EMAIL.fullmatch(email):
            raise TokenRefusedError("the token's email is not an address")
        return _principal(email, der_context(1, email.encode("ascii"), constructed=False), email, common)
    if "job_workflow_ref" in claims:
        values = _Claims(claims, url="https://github.com", environment="")
        uri = "{url}/{job_workflow_ref}".format_map(values)
        found = {number: template.format_map(values) for number, template in _GITHUB.items()}
        return _principal(uri, _uri_name(uri), subject, common | found)
    if isinstance(kubernetes := claims.get("kubernetes.io"), dict):
        account = kubernetes.get("serviceaccount")
        namespace = _text(kubernetes, "namespace")
        name = _text(account, "name") if isinstance(account, dict) else ""
        uri = f"https://kubernetes.io/namespaces/{namespace}/serviceaccounts/{name}"
        return _principal(uri, _uri_name(uri), subject, common)
    if _URI.fullmatch(subject):
        return _principal(subject, _uri_name(subject), subject, common)
    return _username(issuer, subject, common)


def _principal(name: str, general_name: bytes, challenge: str, extensions: Mapping[int, str]) -> Principal:
    return Principal(name, general_name, challenge, tuple(sorted((n, v) for n, v in extensions.items() if v)))


def _username(issuer: str, subject: str, common: Mapping[int, str]) -> Principal:
    """A plain subject becomes "SUBJECT!DOMAIN" in an otherName, so that it cannot pass for an email or a URI."""
    if "!" in subject or "@" in subject:
        raise TokenRefusedError("the token's subject is neither a URI nor a plain name")
    try:
        domain = urlsplit(issuer).hostname or issuer
    except ValueError:  # brackets that hold no address
        raise TokenRefusedError("the token's issuer is not a URL") from None
    name = f"{subject}!{domain}"
    other = der_oid(OTHER_NAME_OID) + der_context(0, der_utf8(name))
    return _principal(name, der_context(0, other), subject, common)


def _uri_name(uri: str) -> bytes:
    if not _URI.fullmatch(uri):
        raise TokenRefusedError("the token leads to a name that is not a URI")
    return der_context(6, uri.encode("ascii"), constructed=False)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise TokenRefusedError(f"the token's claim {name} is missing or not text")
    return value


class _Claims(dict[str, str]):
    """Claims as text for templates: integers print without fraction, a missing one refuses the token."""

    def __init__(self, claims: Mapping[str, Any], **defaults: str) -> None:
        super().__init__(defaults)
        for name, value in claims.items():
            if isinstance(value, str | int) and not isinstance(value, bool):
                self[name] = str(value)

    def __missing__(self, name: str) -> str:
        raise TokenRefusedError(f"the token's claim {name} is missing")
