"""What is stored beside an image: legacy tags and referrers."""

from typing import NamedTuple

from pycosign.errors import MalformedError, SigningError
from pycosign.oci.attach import signature_tag
from pycosign.oci.registry import Registry
from pycosign.wire.oci_manifest import Index, parse_manifest, read_manifest
from pycosign.wire.reference import Reference, parse_reference

__all__ = ["ImageTree", "TreeGroup", "image_tree"]

PREDICATE_ANNOTATION = "dev.sigstore.bundle.predicateType"
_TAGS = (("attestations", "att"), ("signatures", "sig"), ("sboms", "sbom"))


class TreeGroup(NamedTuple):
    """One thing beside the image."""

    kind: str  # "attestations", "signatures", "sboms": under a legacy tag; "referrer"
    label: str  # a referrer's predicate type, else its artifact type; "" for tags
    place: str  # full name: `host/repo:sha256-HEX.sig` or `host/repo@sha256:HEX`
    layers: tuple[str, ...]  # digests


class ImageTree(NamedTuple):
    """An image and what is beside it, sorted: attestations, signatures, SBOMs, referrers by digest."""

    reference: Reference
    digest: str
    groups: tuple[TreeGroup, ...]
    warnings: tuple[str, ...]  # what was listed and could not be read


def image_tree(
    text: str,
    *,
    registry: Registry,
    repository: str | None = None,
    tag_prefix: str = "",
    referrers: bool = True,
) -> ImageTree:
    """Look beside an image.

    Args:   repository: COSIGN_REPOSITORY, for tags and referrers alike. referrers: False shows tags only.
    Raises: ImageNotFoundError; UnavailableError: a source could not be asked.
    """
    reference = parse_reference(text)
    digest = registry.resolve(reference).digest
    where = repository or reference.context
    groups: list[TreeGroup] = []
    warnings: list[str] = []
    for kind, suffix in _TAGS:
        tag = signature_tag(digest, prefix=tag_prefix, suffix=suffix)
        layers = _layers(registry, where, tag)
        if layers is not None:
            groups.append(TreeGroup(kind, "", f"{where}:{tag}", layers))
    if referrers:
        _add_referrers(registry, where, digest, groups, warnings)
    return ImageTree(reference, digest, tuple(groups), tuple(warnings))


def _layers(registry: Registry, repository: str, tag: str) -> tuple[str, ...] | None:
    found = registry.find_manifest(repository, tag)
    if found is None:
        return None
    document = read_manifest(found.raw, media_type=found.media_type, what=f"{repository}:{tag}")
    return tuple(item.digest for item in (document.manifests if isinstance(document, Index) else document.layers))


def _add_referrers(
    registry: Registry, repository: str, digest: str, groups: list[TreeGroup], warnings: list[str]
) -> None:
    for entry in sorted(registry.referrers(repository, digest), key=lambda entry: entry.digest):
        place = f"{repository}@{entry.digest}"
        try:
            fetched = registry.get_manifest(repository, entry.digest)
            manifest = parse_manifest(fetched.raw, media_type=fetched.media_type, what=place)
        except MalformedError as exc:
            warnings.append(str(exc))
            continue
        except SigningError as exc:
            warnings.append(f"Error fetching artifact {place}: {exc}")
            continue
        kind = manifest.artifact_type or entry.artifact_type
        if not kind:
            continue
        label = manifest.annotations.get(PREDICATE_ANNOTATION) or kind
        groups.append(TreeGroup("referrer", label, place, tuple(layer.digest for layer in manifest.layers)))
