"""Tell of every signature and attestation that is stored beside an image: bundles, and the tags of older Cosigns."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pycosign.errors import MalformedError, SigningError, UnavailableError
from pycosign.flows.explain import Story, explain_evidence, unread
from pycosign.flows.verify_image import SignaturePlace
from pycosign.oci.attach import find_bundles, find_layers
from pycosign.oci.registry import Registry
from pycosign.verify.artifact import image_artifact
from pycosign.verify.evidence import (
    Evidence,
    evidence_from_bundle,
    evidence_from_legacy_attestation,
    evidence_from_legacy_layer,
)
from pycosign.verify.requirements import Requirements
from pycosign.verify.trust import TrustRoot
from pycosign.wire.bundle import parse_bundle
from pycosign.wire.reference import Reference, parse_reference

__all__ = ["ImageStory", "explain_image"]


class ImageStory(NamedTuple):
    """An image, and everything beside it that could be a signature or an attestation."""

    reference: Reference  # as the user gave it, completed
    digest: str
    stories: tuple[Story, ...]


def explain_image(
    text: str,
    *,
    registry: Registry,
    trust: TrustRoot | SigningError | None,
    requirements: Requirements,
    is_demanded: bool,
    now: datetime,
    place: SignaturePlace | None = None,
) -> ImageStory:
    """Resolve the tag once, look in every place, and tell of each thing found. Arguments as `explain_evidence`.

    A place that could not be looked at is a story too: it may hold more.
    Raises: ImageNotFoundError; UnavailableError: the image itself could not be asked for.
    """
    reference = parse_reference(text)
    place = place or SignaturePlace()
    digest = registry.resolve(reference).digest
    artifact = image_artifact(digest, name=reference.name)
    stories = []
    for source, found in _everything(registry, place.repository or reference.context, digest, place.tag_prefix):
        if isinstance(found, SigningError):
            stories.append(unread(source, found))
            continue
        stories.append(
            explain_evidence(
                source,
                found,
                trust=trust,
                requirements=requirements._replace(allow_any_predicate=True),
                is_demanded=is_demanded,
                now=now,
                artifact=artifact,
            )
        )
    return ImageStory(reference, digest, tuple(stories))


def _everything(
    registry: Registry, repository: str, digest: str, prefix: str
) -> Iterator[tuple[str, Evidence | SigningError]]:
    """(where, what) for everything beside the image, or why it could not be read or asked for."""
    try:
        for item in find_bundles(registry, repository, digest):
            yield f"bundle {item.descriptor.digest}", _bundle(item.bundle, item.problem)
    except (UnavailableError, MalformedError) as exc:
        yield "the bundles that refer to the image", exc
    for suffix, word in (("sig", "signature"), ("att", "attestation")):
        try:
            for layer in find_layers(registry, repository, digest, prefix=prefix, suffix=suffix):
                where = f"{word}s of the tag .{suffix}"
                if layer.descriptor is None or layer.content is None:
                    assert layer.problem is not None  # exactly one of content and problem is there
                    yield where if layer.descriptor is None else f"{word} {layer.descriptor.digest}", layer.problem
                    continue
                yield (
                    f"{word} {layer.descriptor.digest}",
                    _layer(suffix, layer.content, dict(layer.descriptor.annotations)),
                )
        except (UnavailableError, MalformedError) as exc:
            yield f"the {word}s of the tag .{suffix}", exc


def _bundle(data: bytes | None, problem: SigningError | None) -> Evidence | SigningError:
    if data is None:
        assert problem is not None  # exactly one of the two is there
        return problem
    try:
        return evidence_from_bundle(parse_bundle(data))
    except MalformedError as exc:
        return exc


def _layer(suffix: str, content: bytes, annotations: dict[str, str]) -> Evidence | SigningError:
    try:
        read = evidence_from_legacy_layer if suffix == "sig" else evidence_from_legacy_attestation
        return read(content, annotations)
    except MalformedError as exc:
        return exc
