"""in-toto statements 0.1 and 1. Source: in-toto/attestation, spec/v1/statement.md; Cosign's own predicate."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.go_json import go_json
from pycosign.codec.json_value import JsonValue
from pycosign.codec.strict_json import Fields, load_json
from pycosign.errors import MalformedError

__all__ = [
    "COSIGN_SIGN_PREDICATE",
    "IN_TOTO_PAYLOAD_TYPE",
    "STATEMENT_V01",
    "STATEMENT_V1",
    "Statement",
    "Subject",
    "format_sign_statement",
    "format_statement",
    "parse_statement",
]

IN_TOTO_PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
COSIGN_SIGN_PREDICATE: Final = "https://sigstore.dev/cosign/sign/v1"
STATEMENT_V01: Final = "https://in-toto.io/Statement/v0.1"
STATEMENT_V1: Final = "https://in-toto.io/Statement/v1"
_HEX_DIGITS: Final = {"sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


class Subject(NamedTuple):
    """An artifact that a statement speaks of."""

    name: str | None
    digests: Mapping[str, str]  # algorithm -> value; lower-case hexadecimal for the SHA family; 1 or more
    annotations: Mapping[str, JsonValue]  # Cosign writes text only; others may hold any JSON


class Statement(NamedTuple):
    """What was said about whom."""

    type_uri: str
    subjects: tuple[Subject, ...]  # 1 to limits.SUBJECTS
    predicate_type: str
    predicate: JsonValue


def parse_statement(data: bytes, *, what: str = "statement") -> Statement:
    """Parse an envelope's payload. Unknown members are skipped, as the specification demands.

    Raises: MalformedError: not strict JSON; another statement type; no subject, one that is null or has no digest, or
            more of them than `limits` allows; a digest of the SHA family that is not
            lower-case hexadecimal of its length.
    """
    fields = Fields(load_json(data, what=what, max_bytes=limits.PAYLOAD_BYTES), what, protojson=False)
    type_uri = fields.text("_type")
    if type_uri not in (STATEMENT_V01, STATEMENT_V1):
        raise MalformedError(fields.path("_type"), f"is not a known statement type: {type_uri[:100]!a}")
    subjects = tuple(_subject(item) for item in fields.objects("subject", limit=limits.SUBJECTS))
    if not subjects:
        raise MalformedError(fields.path("subject"), "is empty")
    predicate_type = fields.text("predicateType")
    if not predicate_type:
        raise MalformedError(fields.path("predicateType"), "is empty")
    return Statement(type_uri, subjects, predicate_type, fields.optional_value("predicate"))


def _subject(fields: Fields) -> Subject:
    digests = fields.optional_text_map("digest")
    path = fields.path("digest")
    if not digests:
        raise MalformedError(path, "is missing")
    if len(digests) > limits.SUBJECT_DIGESTS:
        raise MalformedError(path, f"has {len(digests)} members; {limits.SUBJECT_DIGESTS} are allowed")
    for algorithm, value in digests.items():
        size = _HEX_DIGITS.get(algorithm, len(value))
        if not value or len(value) != size or (algorithm in _HEX_DIGITS and not _HEX.fullmatch(value)):
            raise MalformedError(path, f"has a value that is not one of {algorithm[:40]!a}")
    annotations = fields.optional_value("annotations")
    if annotations is None:
        annotations = {}
    if not isinstance(annotations, dict):
        raise MalformedError(fields.path("annotations"), "is not a JSON object")
    return Subject(fields.optional_text("name"), digests, annotations)


def format_sign_statement(digest_hex: str, annotations: Mapping[str, str], *, algorithm: str = "sha256") -> bytes:
    """The statement that `cosign sign` (3.x) signs for an image: no name, annotations sorted, an empty predicate."""
    subject = {"digest": {algorithm: digest_hex}, "annotations": dict(sorted(annotations.items()))}
    statement = {"_type": STATEMENT_V1, "subject": [subject], "predicateType": COSIGN_SIGN_PREDICATE, "predicate": {}}
    return go_json(statement, escape_html=False)


def format_statement(
    digests: Mapping[str, str], *, predicate_type: str, predicate: JsonValue, name: str | None = None
) -> bytes:
    """A statement 1 about one subject.

    Args:   digests: algorithm ("sha256") -> lower-case hexadecimal. predicate_type: a URI. predicate: any JSON.
    Raises: MalformedError: `predicate` is not JSON, or nested too deeply.
    """
    subject: dict[str, JsonValue] = {} if name is None else {"name": name}
    subject["digest"] = dict(digests)
    statement = {"_type": STATEMENT_V1, "subject": [subject], "predicateType": predicate_type, "predicate": predicate}
    try:
        return go_json(statement, escape_html=False)
    except RecursionError as exc:
        raise MalformedError("predicate", "is nested too deeply") from exc
