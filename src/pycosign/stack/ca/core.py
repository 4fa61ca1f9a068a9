"""What the CA decides, as values: request -> key and token -> precertificate -> certificate. Pure: `now` is given."""

import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from pycosign.ambient import Entropy
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError
from pycosign.limits import REQUEST_BYTES
from pycosign.stack.ca import profile
from pycosign.stack.ca.errors import CaRefusedError
from pycosign.stack.ca.possession import check_proof, key_of_csr, parse_key, spki_of
from pycosign.stack.ca.principal import Principal, principal_of
from pycosign.stack.ca.token import TrustedIssuer, check_token

__all__ = ["Authority", "CertificateRequest", "Precertificate", "finish", "parse_request", "plan"]

_SERIAL_BYTES = 20


class Authority(NamedTuple):
    """The signing certificate and its chain, DER, intermediate first and root last.

    `sign` gives an ECDSA P-256 signature (DER) over SHA-256 of its argument, by the first certificate's key.
    """

    chain: tuple[bytes, ...]
    name: bytes
    key_id: bytes
    spki_der: bytes
    sign: Callable[[bytes], bytes]


class CertificateRequest(NamedTuple):
    """What was asked: a token, and a key with a proof or a signing request. Exactly one of `key` and `csr` is there."""

    token: str
    key: bytes | None
    proof: bytes
    csr: bytes | None


class Precertificate(NamedTuple):
    """A certificate that the log has not seen: what the log signs (`tbs`), what it keeps (`der`), and whose it is."""

    leaf: profile.Leaf
    tbs: bytes
    der: bytes
    principal: Principal


def parse_request(body: bytes, authorization: str, *, version: int) -> CertificateRequest:
    """Read a signing request of API version 1 or 2; unknown fields are ignored, as protobuf's JSON does there.

    Args:    authorization: the header's value; in version 2 the body's token wins over it.
    Raises:  CaRefusedError: not JSON, a field of another type or not base64, no key.
    """
    try:
        parsed = load_json(body, what="request", max_bytes=REQUEST_BYTES)
    except MalformedError as exc:
        raise CaRefusedError(str(exc)) from exc
    if not isinstance(parsed, dict):
        raise CaRefusedError("the request is not a JSON object")
    token = authorization[7:].strip() if authorization[:7].lower() == "bearer " else ""
    csr = _member(parsed, "certificateSigningRequest", str)
    if version == 1:
        key = _member(_member(parsed, "publicKey", dict), "content", str)
        proof = _member(parsed, "signedEmailAddress", str)
        key_bytes = _base64(key, "publicKey.content") if key else None
    else:
        token = _member(_member(parsed, "credentials", dict), "oidcIdentityToken", str) or token
        request = _member(parsed, "publicKeyRequest", dict)
        key = _member(_member(request, "publicKey", dict), "content", str)
        proof = _member(request, "proofOfPossession", str)
        key_bytes = key.encode("utf-8") if key else None
    return CertificateRequest(
        token=token,
        key=key_bytes,
        proof=_base64(proof or "", "proof of possession"),
        csr=_base64(csr, "certificateSigningRequest") if csr else None,
    )


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def _member(parent: Any, name: str, kind: type[Any]) -> Any:
    """A member by its camelCase or snake_case name; None when it, or its parent, is missing or null."""
    if parent is None:
        return None
    value = parent.get(name)
    if value is None:
        value = parent.get(_snake(name))
    if value is not None and not isinstance(value, kind):
        raise CaRefusedError(f"{name} has the wrong type")
    return value


def _base64(text: str, what: str) -> bytes:
    """Base64 as Go's protobuf reads it: standard or URL-safe, padded or not."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except ValueError as exc:
        raise CaRefusedError(f"{what} is not base64") from exc


def plan(
    request: CertificateRequest, authority: Authority, issuer: TrustedIssuer, *, now: datetime, entropy: Entropy
) -> Precertificate:
    """Decide a request, and sign its precertificate.

    Raises: CaRefusedError: the token, the key or the proof does not hold; the token is judged first.
    """
    claims: Mapping[str, Any] = check_token(request.token, issuer, now=now)
    principal = principal_of(claims)
    key = _proven_key(request, principal)
    leaf = profile.leaf_of(
        principal,
        spki_der=spki_of(key),
        serial=int.from_bytes(entropy(_SERIAL_BYTES), "big") >> 1 or 1,
        issuer_name=authority.name,
        issuer_key_id=authority.key_id,
        now=now,
    )
    poisoned = profile.poisoned_tbs(leaf)
    return Precertificate(
        leaf=leaf,
        tbs=profile.tbs(leaf),
        der=profile.certificate(poisoned, authority.sign(poisoned)),
        principal=principal,
    )


def _proven_key(request: CertificateRequest, principal: Principal) -> PublicKeyTypes:
    if request.csr is not None:
        return key_of_csr(request.csr)
    if request.key is None:
        raise CaRefusedError("The public key supplied in the request could not be parsed", reason="no key")
    key = parse_key(request.key)
    check_proof(key, request.proof, principal.challenge)
    return key


def finish(precertificate: Precertificate, sct_list_value: bytes, authority: Authority) -> bytes:
    """The certificate with the log's promise inside, DER."""
    tbs = profile.tbs_with_scts(precertificate.leaf, sct_list_value)
    return profile.certificate(tbs, authority.sign(tbs))
