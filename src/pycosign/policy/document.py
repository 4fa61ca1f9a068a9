"""The policy file: YAML to values. Schema 1 is docs/policy.schema.json, which tests hold to this parser.

Nothing is opened here: keys, lists and their bundles are named, and `flows.policy_file` reads them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.attest.predicate_types import predicate_type_uri
from pycosign.codec.fields import Fields
from pycosign.codec.json_value import JsonValue
from pycosign.codec.rfc3339 import parse_rfc3339
from pycosign.codec.strict_yaml import load_yaml
from pycosign.errors import MalformedError, UsageError
from pycosign.verify.fulcio_claims import CLAIM_NUMBERS
from pycosign.verify.requirements import SignerIdentity, TextRule, Waiver

__all__ = ["KeyRule", "NamedIdentity", "PolicyDocument", "RevocationSource", "SignerRules", "parse_policy"]

_SCHEMA = 1
_WAIVERS: Final = {"tlog": Waiver.TLOG, "sct": Waiver.SCT}


class KeyRule(NamedTuple):
    """A key that may sign. reference: a path, `env://NAME` or PEM; the window's ends are inclusive."""

    name: str
    reference: str
    valid_from: datetime | None
    valid_until: datetime | None


class NamedIdentity(NamedTuple):
    """An identity that may sign, and what the file calls it."""

    name: str
    signer: SignerIdentity


class SignerRules(NamedTuple):
    """Who may sign, how many of them must, and which checks are turned off."""

    signers: tuple[KeyRule | NamedIdentity, ...]
    threshold: int
    waivers: frozenset[Waiver]


class RevocationSource(NamedTuple):
    """A revocation list's file, the bundle with its signature, and who may sign it."""

    file: str
    bundle: str
    rules: SignerRules


class PolicyDocument(NamedTuple):
    """One policy file. logs, timestamp_authorities: so many distinct ones; predicate_type: a URI."""

    rules: SignerRules
    logs: int
    timestamp_authorities: int
    annotations: Mapping[str, str]
    predicate_type: str | None
    revocations: tuple[RevocationSource, ...]


def parse_policy(data: bytes, *, what: str = "policy") -> PolicyDocument:
    """Parse a policy file of schema 1.

    Raises: MalformedError, naming the dotted field: not strict YAML, an unknown or missing member, a value of another
            type or range, a pattern that is not RE2's, or a member that contradicts another.
    """
    value = load_yaml(data, what=what, max_bytes=limits.POLICY_BYTES, max_depth=limits.POLICY_DEPTH)
    _refuse_nulls(value, what)
    fields = Fields(value, what, protojson=False)
    if fields.integer("schema") != _SCHEMA:
        raise MalformedError(fields.path("schema"), f"is not {_SCHEMA}")
    fields.optional_text("description")
    rules = _rules(fields)
    predicate_type = fields.optional_text("predicate_type")
    if predicate_type == "":
        raise MalformedError(fields.path("predicate_type"), "is empty")
    sources = fields.optional_objects("revocations", limit=limits.POLICY_LISTS) or []
    document = PolicyDocument(
        rules,
        _count(fields, "logs", minimum=1, default=1),
        _count(fields, "timestamp_authorities", minimum=0, default=0),
        fields.optional_text_map("annotations") or {},
        None if predicate_type is None else predicate_type_uri(predicate_type),
        tuple(_revocation_source(source) for source in sources),
    )
    fields.refuse_unknown()
    if document.logs > 1 and Waiver.TLOG in rules.waivers:
        raise MalformedError(fields.path("logs"), "is given, and the waiver tlog turns that check off")
    return document


def _refuse_nulls(value: JsonValue, what: str) -> None:
    """A name without a value (`issuer:`) is a mistake, not the absence of a demand."""
    stack = [(value, what)]
    while stack:
        item, place = stack.pop()
        if item is None:
            raise MalformedError(place, "has no value")
        if isinstance(item, dict):
            stack += [(member, f"{place}.{name[:80]}") for name, member in item.items()]
        elif isinstance(item, list):
            stack += [(member, f"{place}[{position}]") for position, member in enumerate(item)]


def _count(fields: Fields, name: str, *, minimum: int, default: int) -> int:
    count = fields.optional_integer(name, minimum=minimum, maximum=limits.POLICY_SIGNERS)
    return default if count is None else count


def _rules(fields: Fields) -> SignerRules:
    signers = fields.objects("signers", limit=limits.POLICY_SIGNERS)
    if not signers:
        raise MalformedError(fields.path("signers"), "is empty: then nobody could sign")
    waivers = set()
    for name in fields.optional_texts("waivers", limit=len(_WAIVERS)) or []:
        if name not in _WAIVERS or _WAIVERS[name] in waivers:
            raise MalformedError(
                fields.path("waivers"), f"has {name[:80]!a}, which is not one of {', '.join(_WAIVERS)}, or twice"
            )
        waivers.add(_WAIVERS[name])
    threshold = _count(fields, "threshold", minimum=1, default=1)
    return SignerRules(tuple(_signer(item) for item in signers), threshold, frozenset(waivers))


def _signer(fields: Fields) -> KeyRule | NamedIdentity:
    name = fields.optional_text("name") or ""
    signer: KeyRule | NamedIdentity
    if "key" in fields:
        signer = KeyRule(name, _nonempty(fields, "key"), _moment(fields, "valid_from"), _moment(fields, "valid_until"))
        if signer.valid_from is not None and signer.valid_until is not None and signer.valid_until < signer.valid_from:
            raise MalformedError(fields.path("valid_until"), "is before valid_from")
        if "identity" in fields or "identity_regexp" in fields:
            raise MalformedError(fields.what, "names a key and an identity: they are two signers")
    else:
        claims = fields.optional_object("claims")
        signer = NamedIdentity(
            name,
            SignerIdentity(
                _rule(fields, "identity"), _rule(fields, "issuer"), claims={} if claims is None else _claims(claims)
            ),
        )
    fields.refuse_unknown()
    return signer


def _nonempty(fields: Fields, name: str) -> str:
    text = fields.text(name)
    if not text:
        raise MalformedError(fields.path(name), "is empty")
    return text


def _moment(fields: Fields, name: str) -> datetime | None:
    text = fields.optional_text(name)
    return None if text is None else parse_rfc3339(text, what=fields.path(name))


def _rule(fields: Fields, name: str) -> TextRule:
    """`NAME` or `NAME_regexp`, one of them."""
    pattern_name = f"{name}_regexp"
    if name in fields and pattern_name in fields:
        raise MalformedError(fields.path(name), f"is given together with {pattern_name}")
    if pattern_name in fields:
        return _pattern(_nonempty(fields, pattern_name), fields.path(pattern_name))
    return TextRule(_nonempty(fields, name))


def _pattern(text: str, what: str) -> TextRule:
    try:
        return TextRule(regexp=text)
    except UsageError as exc:
        raise MalformedError(what, f"cannot be used: {exc}") from exc


def _claims(fields: Fields) -> dict[int, TextRule]:
    """By Fulcio's number; a value is the exact text, or an object with a pattern."""
    rules: dict[int, TextRule] = {}
    for name in fields:
        number = CLAIM_NUMBERS.get(name)
        if number is None:
            raise MalformedError(fields.what, f"has an unknown member {name[:80]!a}")
        value = fields.value(name)
        if isinstance(value, dict):
            pattern = fields.object(name)
            rules[number] = _pattern(_nonempty(pattern, "regexp"), pattern.path("regexp"))
            pattern.refuse_unknown()
        else:
            rules[number] = TextRule(fields.text(name))
    return rules


def _revocation_source(fields: Fields) -> RevocationSource:
    source = RevocationSource(_nonempty(fields, "file"), _nonempty(fields, "bundle"), _rules(fields))
    fields.refuse_unknown()
    return source
