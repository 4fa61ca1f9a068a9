"""A revocation list: what must not be accepted any more, whoever signed it. A JSON document; whoever reads it has
verified its signature first (`flows.policy_file`), for who can write it can make any answer "no".

    {"schema": 1, "issued": "2026-11-01T00:00:00Z", "expires": "2026-12-01T00:00:00Z",
     "artifacts": ["sha256:HEX", {"digest": "sha512:HEX", "reason": "..."}],
     "identities": [{"identity": "a@example.com", "issuer": "https://...", "from": "2026-10-01T00:00:00Z"}],
     "keys": ["sha256:HEX of the SubjectPublicKeyInfo, DER"],
     "certificates": [{"serial": "HEX", "issuer": "sha256:HEX of the issuing key's SubjectPublicKeyInfo"}]}
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from pycosign import limits
from pycosign.codec.rfc3339 import parse_rfc3339
from pycosign.codec.strict_json import Fields, load_json
from pycosign.errors import MalformedError, UsageError
from pycosign.verify.artifact import parse_digest
from pycosign.verify.text_rule import TextRule

__all__ = [
    "RevocationList",
    "Revoked",
    "RevokedCertificate",
    "RevokedIdentity",
    "parse_revocation_list",
]

_SCHEMA = 1
_SERIAL_DIGITS = 40  # 20 bytes; RFC 5280, 4.1.2.2


class Revoked(NamedTuple):
    """Why, and from when on: None is for ever, back to the first signature."""

    reason: str = ""
    since: datetime | None = None


class RevokedIdentity(NamedTuple):
    """Certificates whose name and issuer both fit; None is any."""

    identity: TextRule | None
    issuer: TextRule | None
    revoked: Revoked


class RevokedCertificate(NamedTuple):
    """issuer: SHA-256 of the issuing key's SubjectPublicKeyInfo; None: of any issuer."""

    serial: int
    issuer: bytes | None
    revoked: Revoked


class RevocationList(NamedTuple):
    """What one list revokes. artifacts: by (algorithm, raw digest); keys: by SHA-256 of the SubjectPublicKeyInfo."""

    name: str
    issued: datetime
    expires: datetime
    artifacts: Mapping[tuple[str, bytes], Revoked] = {}
    identities: tuple[RevokedIdentity, ...] = ()
    keys: Mapping[bytes, Revoked] = {}
    certificates: tuple[RevokedCertificate, ...] = ()

    @property
    def digest_algorithms(self) -> frozenset[str]:
        """The algorithms that its artifacts are named by."""
        return frozenset(algorithm for algorithm, _ in self.artifacts)


def parse_revocation_list(data: bytes, *, name: str = "revocation list") -> RevocationList:
    """Parse a list of schema 1.

    Args:   name: what messages call it.
    Raises: MalformedError: not strict JSON, an unknown or missing member, an entry twice, a list that expires before it
            was issued, or a pattern that is not RE2's.
    """
    fields = Fields(load_json(data, what=name, max_bytes=limits.REVOCATION_LIST_BYTES), name, protojson=False)
    if fields.integer("schema") != _SCHEMA:
        raise MalformedError(fields.path("schema"), f"is not {_SCHEMA}")
    issued, expires = (parse_rfc3339(fields.text(end), what=fields.path(end)) for end in ("issued", "expires"))
    if expires < issued:
        raise MalformedError(fields.path("expires"), "is before it was issued")
    artifacts = _digests(fields, "artifacts")
    keys = _digests(fields, "keys", has_since=True)
    for algorithm, _ in keys:
        if algorithm != "sha256":
            raise MalformedError(fields.path("keys"), "names a key by another digest than sha256")
    parsed = RevocationList(
        name,
        issued,
        expires,
        artifacts,
        tuple(_identity(item) for item in _objects(fields, "identities")),
        {digest: revoked for (_, digest), revoked in keys.items()},
        tuple(_certificate(item) for item in _objects(fields, "certificates")),
    )
    fields.refuse_unknown()
    return parsed


def _objects(fields: Fields, name: str) -> list[Fields]:
    return fields.optional_objects(name, limit=limits.REVOCATIONS) or []


def _digests(fields: Fields, name: str, *, has_since: bool = False) -> dict[tuple[str, bytes], Revoked]:
    """A list whose elements are "ALG:HEX", or objects with it as `digest` and with more."""
    value = fields.optional_value(name)
    if value is None:
        return {}
    if not isinstance(value, list):
        raise MalformedError(fields.path(name), "is not a list")
    if len(value) > limits.REVOCATIONS:
        raise MalformedError(fields.path(name), f"has {len(value)} elements; {limits.REVOCATIONS} are allowed")
    found: dict[tuple[str, bytes], Revoked] = {}
    for position, item in enumerate(value):
        what = f"{fields.path(name)}[{position}]"
        revoked = Revoked()
        if isinstance(item, dict):
            entry = Fields(item, what, protojson=False)
            text, revoked = entry.text("digest"), _revoked(entry, has_since=has_since)
            entry.refuse_unknown()
        elif isinstance(item, str):
            text = item
        else:
            raise MalformedError(what, "is neither text nor a JSON object")
        digest = parse_digest(text, what=what)
        if digest in found:
            raise MalformedError(what, "is there twice")
        found[digest] = revoked
    return found


def _revoked(fields: Fields, *, has_since: bool) -> Revoked:
    since = fields.optional_text("from") if has_since else None
    return Revoked(
        fields.optional_text("reason") or "", None if since is None else parse_rfc3339(since, what=fields.path("from"))
    )


def _identity(fields: Fields) -> RevokedIdentity:
    entry = RevokedIdentity(_rule(fields, "identity"), _rule(fields, "issuer"), _revoked(fields, has_since=True))
    if entry.identity is None and entry.issuer is None:
        raise MalformedError(fields.what, "names neither an identity nor an issuer")
    fields.refuse_unknown()
    return entry


def _rule(fields: Fields, name: str) -> TextRule | None:
    exact, regexp = fields.optional_text(name), fields.optional_text(f"{name}_regexp")
    if exact is not None and regexp is not None:
        raise MalformedError(fields.path(name), f"is given together with {name}_regexp")
    if exact is None and regexp is None:
        return None
    try:
        return TextRule(exact, regexp)
    except UsageError as exc:
        raise MalformedError(fields.path(f"{name}_regexp"), f"cannot be used: {exc}") from exc


def _certificate(fields: Fields) -> RevokedCertificate:
    serial = fields.text("serial")
    if not 0 < len(serial) <= _SERIAL_DIGITS or not set(serial) <= set("0123456789abcdef"):
        raise MalformedError(fields.path("serial"), f"is not 1 to {_SERIAL_DIGITS} lower-case hexadecimal digits")
    issuer = None
    if (text := fields.optional_text("issuer")) is not None:
        algorithm, issuer = parse_digest(text, what=fields.path("issuer"))
        if algorithm != "sha256":
            raise MalformedError(fields.path("issuer"), "is not a sha256 digest")
    entry = RevokedCertificate(int(serial, 16), issuer, _revoked(fields, has_since=False))
    fields.refuse_unknown()
    return entry
