"""Tell of every signature and attestation that is stored beside an image: bundles, and the tags of older Cosigns."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pycosign.errors import MalformedError, SigningError, UnavailableError
from pycosign.flows.explain import Story, explain_evidence, unread
from pycosign.flows.verify_image import SignaturePlace, claims_to_be_signature
from pycosign.oci.attach import find_bundles, find_layers
from pycosign.oci.registry import Registry
from pycosign.policy.decide import VerificationPolicy
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


class _Found(NamedTuple):
    """Something beside the image."""

    kind: str  # "bundle", or the tag's suffix: "sig", "att"
    source: str
    found: Evidence | SigningError  # or why it cannot be read
    is_place: bool = False  # a place that could not be looked at


def explain_image(
    text: str,
    *,
    registry: Registry,
    trust: TrustRoot | SigningError | None,
    requirements: Requirements,
    is_demanded: bool,
    now: datetime,
    place: SignaturePlace | None = None,
    policy: VerificationPolicy | None = None,
) -> ImageStory:
    """Resolve the tag once, look in every place, and tell of each thing found. Arguments as `explain_evidence`.

    A place that could not be looked at is a story too: it may hold more. What `verify` would not take for a signature
    does not count, and is told under the demands for any statement.
    Raises: ImageNotFoundError; UnavailableError: the image itself could not be asked for.
    """
    reference = parse_reference(text)
    place = place or SignaturePlace()
    digest = reference.digest or registry.resolve(reference).digest
    artifact = image_artifact(digest, name=reference.name)
    stories = []
    for item in _everything(registry, place.repository or reference.context, digest, place.tag_prefix):
        counts = _counts(item, requirements)
        if isinstance(item.found, SigningError):
            stories.append(unread(item.source, item.found)._replace(counts=counts, is_place=item.is_place))
            continue
        story = explain_evidence(
            item.source,
            item.found,
            trust=trust,
            requirements=requirements._replace(allow_any_predicate=policy is None or not counts),
            is_demanded=is_demanded,
            now=now,
            artifact=artifact,
            policy=policy if policy is None or counts else policy._replace(predicate_type=None, annotations={}),
        )
        stories.append(story._replace(counts=counts))
    return ImageStory(reference, digest, tuple(stories))


def _counts(item: _Found, requirements: Requirements) -> bool:
    """Whether `verify` would look at it as a signature; of what cannot be read it would say so."""
    if item.kind == "att":
        return False
    if item.kind == "sig" or isinstance(item.found, SigningError):
        return True
    return claims_to_be_signature(item.found, requirements)


def _everything(registry: Registry, repository: str, digest: str, prefix: str) -> Iterator[_Found]:
    """Everything beside the image, or why it could not be read or asked for."""
    try:
        for bundle in find_bundles(registry, repository, digest):
            yield _Found("bundle", f"bundle {bundle.descriptor.digest}", _bundle(bundle.bundle, bundle.problem))
    except (UnavailableError, MalformedError) as exc:
        yield _Found("bundle", "the bundles that refer to the image", exc, is_place=True)
    for suffix, word in (("sig", "signature"), ("att", "attestation")):
        try:
            for layer in find_layers(registry, repository, digest, prefix=prefix, suffix=suffix):
                where = f"{word}s of the tag .{suffix}"
                if layer.descriptor is None or layer.content is None:
                    assert layer.problem is not None  # exactly one of content and problem is there
                    source = where if layer.descriptor is None else f"{word} {layer.descriptor.digest}"
                    yield _Found(suffix, source, layer.problem)
                    continue
                annotations = dict(layer.descriptor.annotations)
                source = f"{word} {layer.descriptor.digest}"
                yield _Found(suffix, source, _layer(suffix, layer.content, annotations))
        except (UnavailableError, MalformedError) as exc:
            yield _Found(suffix, f"the {word}s of the tag .{suffix}", exc, is_place=True)


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
