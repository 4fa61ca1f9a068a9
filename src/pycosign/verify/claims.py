"""What the signed content says about the artifact: subjects, predicate type, annotations.

Comes after the signature: until then the payload's words are nobody's.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pycosign.codec.json_value import JsonValue
from pycosign.errors import (
    AnnotationMismatchError,
    ArtifactDigestMismatchError,
    MalformedError,
    PredicateTypeMismatchError,
    UsageError,
)
from pycosign.record import Record
from pycosign.verify.artifact import DIGEST_SIZES, Artifact, parse_digest
from pycosign.verify.evidence import SimpleSigningPayload
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.signature import SignedContent
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope

if TYPE_CHECKING:
    from pycosign.wire.intoto import Statement, Subject

__all__ = ["Claims", "check_claims"]


class Claims(Record):
    """What the content proved about the artifact.

    digest: (algorithm, raw) that the signature binds; None if that check was waived. annotations: the signed ones.
    uncompared: the image's digest that a legacy signature names, where it was compared with nothing.
    """

    digest: tuple[str, bytes] | None
    statement: "Statement | None"
    annotations: Mapping[str, str]
    uncompared: tuple[str, bytes] | None = None


def check_claims(signed: SignedContent, artifact: Artifact | None, requirements: Requirements) -> Claims:
    """Compare the signed content's words with the artifact and the requirements.

    Raises: ArtifactDigestMismatchError, PredicateTypeMismatchError, AnnotationMismatchError; UsageError: no artifact
            although its digest is to be compared; MalformedError: the payload is not what its type says.
    """
    content = signed.content
    if artifact is None and Waiver.CLAIMS not in requirements.waivers:
        raise UsageError("an artifact is needed, unless the comparison of claims is turned off")
    if isinstance(content, Envelope):
        return _check_envelope(content, signed, artifact, requirements)
    if isinstance(content, SimpleSigningPayload):
        return _check_simple_signing(content, artifact, requirements)
    return _check_message(content, signed, artifact, requirements)


def _check_message(
    content: MessageSignature, signed: SignedContent, artifact: Artifact | None, requirements: Requirements
) -> Claims:
    """A bare signature says nothing but the artifact's digest, which was compared with the signature."""
    if artifact is not None and artifact.is_image:
        raise PredicateTypeMismatchError("the bundle holds a bare signature, which is not a signature of an image")
    if requirements.predicate_type is not None:
        raise PredicateTypeMismatchError(
            f"the bundle holds a bare signature, not a statement of type {requirements.predicate_type}"
        )
    _check_annotations({}, requirements)
    algorithm = signed.hash_name or content.digest_algorithm or "sha512"
    digest = signed.digest(algorithm)
    return Claims(None if digest is None else (algorithm, digest), None, {})


def _check_simple_signing(
    content: SimpleSigningPayload, artifact: Artifact | None, requirements: Requirements
) -> Claims:
    from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE  # only legacy image signatures pay for these
    from pycosign.wire.simplesigning import COSIGN_SIGNATURE_TYPE, parse_simple_signing

    payload = parse_simple_signing(content.payload)
    if requirements.predicate_type not in (None, COSIGN_SIGN_PREDICATE):
        raise PredicateTypeMismatchError(
            f"a legacy image signature is not a statement of type {requirements.predicate_type}"
        )
    if payload.type != COSIGN_SIGNATURE_TYPE:
        raise PredicateTypeMismatchError(f"the payload is of type {payload.type[:100]!r}, not Cosign's")
    annotations = _texts(payload.optional or {})
    algorithm, claimed = parse_digest(payload.digest, what="docker-manifest-digest")
    if Waiver.CLAIMS in requirements.waivers:
        return Claims(None, None, annotations, (algorithm, claimed))
    if artifact is None or not artifact.is_image:
        raise UsageError("a legacy image signature can only speak of an image")
    actual = artifact.digests.get(algorithm)
    if actual != claimed:
        raise ArtifactDigestMismatchError(
            f"the signature is for the image {payload.digest}, but the image is {_digest_list(artifact)}"
        )
    _check_annotations(annotations, requirements)
    return Claims((algorithm, claimed), None, annotations)


def _check_envelope(
    envelope: Envelope, signed: SignedContent, artifact: Artifact | None, requirements: Requirements
) -> Claims:
    from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE, parse_statement  # only envelopes pay for it

    if envelope.payload_type != IN_TOTO_PAYLOAD_TYPE:
        raise PredicateTypeMismatchError(
            f"the envelope holds {envelope.payload_type[:100]!r}, not an in-toto statement"
        )
    statement = parse_statement(envelope.payload)
    _check_predicate_type(statement, artifact, requirements)
    if artifact is None:
        return Claims(None, statement, {})
    subject, digest = _matching_subject(statement, artifact, requirements)
    if signed.names_file:
        _check_file_name(statement, artifact)
    annotations = _texts(subject.annotations)
    _check_annotations(annotations, requirements)
    return Claims(digest, statement, annotations)


def _check_predicate_type(statement: "Statement", artifact: Artifact | None, requirements: Requirements) -> None:
    from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE

    wanted = requirements.predicate_type
    if wanted is None and artifact is not None and artifact.is_image and not requirements.allow_any_predicate:
        wanted = COSIGN_SIGN_PREDICATE
    if wanted is not None and statement.predicate_type != wanted:
        raise PredicateTypeMismatchError(f"the statement is of type {statement.predicate_type[:200]!r}, not {wanted!r}")


def _matching_subject(
    statement: "Statement", artifact: Artifact, requirements: Requirements
) -> "tuple[Subject, tuple[str, bytes]]":
    """The subject that is this artifact; with demanded annotations, one that also has them if there is one."""
    matches = [
        (subject, digest) for subject in statement.subjects if (digest := _shared_digest(subject, artifact)) is not None
    ]
    if not matches:
        raise ArtifactDigestMismatchError(
            f"none of the statement's {len(statement.subjects)} subjects is {_digest_list(artifact)}"
        )
    for match in matches:
        if requirements.annotations.items() <= _texts(match[0].annotations).items():
            return match
    return matches[0]


def _check_file_name(statement: "Statement", artifact: Artifact) -> None:
    """The one subject must be this file by name too; a file that is known by its digest alone has none to compare."""
    from pycosign.verify.distribution_name import check_distribution_name

    if len(statement.subjects) != 1:
        raise MalformedError("statement.subject", f"has {len(statement.subjects)} elements, not 1 as PyPI demands")
    if artifact.file_name:
        check_distribution_name(statement.subjects[0].name, artifact.file_name)


def _shared_digest(subject: "Subject", artifact: Artifact) -> tuple[str, bytes] | None:
    """A digest that subject and artifact have in common, if every algorithm that both know agrees; else None."""
    found = None
    for algorithm in DIGEST_SIZES:
        stated = subject.digests.get(algorithm)
        actual = artifact.digests.get(algorithm)
        if stated is None or actual is None:
            continue
        if stated != actual.hex():
            return None
        found = found or (algorithm, actual)
    return found


def _texts(annotations: Mapping[str, JsonValue]) -> dict[str, str]:
    """The annotations that are text; a demanded one is text, so no other can be equal to it."""
    return {name: value for name, value in annotations.items() if isinstance(value, str)}


def _check_annotations(signed: Mapping[str, str], requirements: Requirements) -> None:
    if Waiver.CLAIMS in requirements.waivers:
        return
    for name, wanted in requirements.annotations.items():
        if name not in signed:
            raise AnnotationMismatchError(f"the annotation {name!r} is not among the signed ones")
        if signed[name] != wanted:
            raise AnnotationMismatchError(f"the annotation {name!r} is {signed[name][:200]!r}, not {wanted!r}")


def _digest_list(artifact: Artifact) -> str:
    return ", ".join(f"{name}:{digest.hex()}" for name, digest in sorted(artifact.digests.items()))
