"""Signatures beside an image: put there as Cosign puts them, and found again.

Source: sigstore/cosign, pkg/oci/remote and pkg/oci/static. Bundles are OCI 1.1 referrers (Cosign 3); legacy signatures
are layers of an image under the tag "sha256-HEX.sig" (Cosign 2). Finding is three-valued for each source: an empty
tuple means that the registry was asked and has none; a found thing may carry the problem that kept it from being read;
what could not be listed raises.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.errors import MalformedError, SigningError
from pycosign.oci.referrers import add_to_fallback_tag
from pycosign.oci.registry import Registry
from pycosign.wire.legacy import SIGNATURE_ANNOTATION
from pycosign.wire.oci_manifest import (
    DOCKER_MANIFEST,
    EMPTY_JSON,
    EMPTY_MEDIA_TYPE,
    OCI_CONFIG,
    OCI_MANIFEST,
    Descriptor,
    Manifest,
    attachment_tag,
    digest_of,
    format_bundle_manifest,
    format_signature_config,
    format_signature_manifest,
    parse_manifest,
)
from pycosign.wire.simplesigning import SIMPLE_SIGNING_MEDIA_TYPE

__all__ = [
    "FoundBundle",
    "FoundLayer",
    "append_signature",
    "find_bundles",
    "find_layers",
    "push_bundle",
    "signature_tag",
]

_BUNDLE_PREFIX: Final = "application/vnd.dev.sigstore.bundle"
# Old go-containerregistry wrote the config's media type into fallback indexes: such an entry may be a bundle.
_UNTOLD_TYPES: Final = (None, EMPTY_MEDIA_TYPE, OCI_CONFIG)


class FoundBundle(NamedTuple):
    """A bundle that refers to an image, or the reason why it could not be read. Exactly one of the two is None."""

    descriptor: Descriptor  # of the manifest; its annotations are nobody's statement
    bundle: bytes | None
    problem: SigningError | None


class FoundLayer(NamedTuple):
    """A layer of a legacy signature or attestation image, or why it could not be read (`content` is None then)."""

    # of the layer; signature, certificate and bundle are among its annotations. None: the whole image is unreadable
    descriptor: Descriptor | None
    content: bytes | None
    problem: SigningError | None


def signature_tag(digest: str, *, prefix: str = "", suffix: str = "sig") -> str:
    """The tag of an image's legacy signatures: "[PREFIX]sha256-HEX.sig"."""
    return prefix + attachment_tag(digest, suffix)


# ---- bundles -------------------------------------------------------------------------------------------------------
def push_bundle(
    registry: Registry,
    repository: str,
    subject: Descriptor,
    bundle: bytes,
    *,
    predicate_type: str,
    created: datetime,
) -> Descriptor:
    """Attach a bundle to an image as a referrer. Nothing that is there is changed, but for a fallback index.

    Args:    repository: where to put it (the image's, or COSIGN_REPOSITORY); subject: the image as it was resolved.
    Returns: the descriptor of the new manifest.
    Raises:  UnavailableError; MalformedError `registry.fallback-tag`: the manifest is stored, but cannot be listed.
    """
    registry.push_blob(repository, EMPTY_JSON)
    blob = registry.push_blob(repository, bundle)
    raw = format_bundle_manifest(
        subject, bundle_digest=blob.digest, bundle_size=blob.size, predicate_type=predicate_type, created=created
    )
    pushed = registry.push_manifest(repository, raw, OCI_MANIFEST)
    manifest = parse_manifest(raw)
    pushed = pushed._replace(artifact_type=manifest.artifact_type, annotations=manifest.annotations)
    if not registry.has_referrers_api(repository, subject.digest):
        add_to_fallback_tag(registry, repository, subject.digest, pushed)
    return pushed


def find_bundles(
    registry: Registry, repository: str, digest: str, *, max_bytes: int = limits.BUNDLE_BYTES
) -> tuple[FoundBundle, ...]:
    """Every bundle that refers to `digest`: signatures and attestations alike, in the registry's order.

    What the list gives another type than a bundle's is only looked at where nothing else is a bundle.

    Raises: UnavailableError: the registry could not list them; MalformedError: it lists too many, or not as it should.
    """
    entries = registry.referrers(repository, digest)
    found = _read_bundles(registry, repository, digest, filter(_may_be_bundle, entries), max_bytes)
    if not found:  # whoever attached one with another tool may have given it any type: Cosign looks at none
        found = _read_bundles(registry, repository, digest, itertools.filterfalse(_may_be_bundle, entries), max_bytes)
    return tuple(found)


def _read_bundles(
    registry: Registry, repository: str, digest: str, entries: Iterable[Descriptor], max_bytes: int
) -> list[FoundBundle]:
    found: list[FoundBundle] = []
    left = limits.ATTACHMENTS_BYTES
    for entry in entries:
        item = _read_bundle(registry, repository, digest, entry, min(max_bytes, left))
        if item is not None:
            found.append(item)
            left -= len(item.bundle or b"")
        if len(found) > limits.SIGNATURES_PER_IMAGE:
            what = f"list of bundles of {repository}@{digest}"
            problem = f"has more than {limits.SIGNATURES_PER_IMAGE} entries"
            raise MalformedError(what, problem, code="registry.too-many")
    return found


def _may_be_bundle(entry: Descriptor) -> bool:
    return entry.artifact_type in _UNTOLD_TYPES or _is_bundle_type(entry.artifact_type)


def _is_bundle_type(kind: str | None) -> bool:
    return kind is not None and kind.startswith(_BUNDLE_PREFIX)


def _read_bundle(
    registry: Registry, repository: str, digest: str, entry: Descriptor, max_bytes: int
) -> FoundBundle | None:
    """The bundle behind one entry of the referrers list; None if it is something else."""
    try:
        fetched = registry.get_manifest(repository, entry.digest)
        what = f"manifest {repository}@{entry.digest}"
        manifest = parse_manifest(fetched.raw, media_type=fetched.media_type, what=what)
        if not _is_bundle_manifest(manifest):
            return None
        if manifest.subject is None or manifest.subject.digest != digest:
            raise MalformedError(what, f"is listed as referring to {digest}, and does not")
        if len(manifest.layers) != 1:
            raise MalformedError(what, f"has {len(manifest.layers)} layers where a bundle has one")
        return FoundBundle(entry, registry.get_blob(repository, manifest.layers[0], max_bytes=max_bytes), None)
    except SigningError as exc:
        # without a bundle's type in the list, what cannot be read may have been anything; Cosign's entries have one
        if isinstance(exc, MalformedError) and not _is_bundle_type(entry.artifact_type):
            return None
        return FoundBundle(entry, None, exc)


def _is_bundle_manifest(manifest: Manifest) -> bool:
    return any(map(_is_bundle_type, (manifest.artifact_type, *(layer.media_type for layer in manifest.layers))))


# ---- legacy images -------------------------------------------------------------------------------------------------
def append_signature(
    registry: Registry,
    repository: str,
    digest: str,
    payload: bytes,
    annotations: Mapping[str, str],
    *,
    is_same_signer: Callable[[bytes, str], bool] | None = None,
    prefix: str = "",
    created: datetime | None = None,
    docker_media_types: bool = False,
) -> bool:
    """Append a layer to the image's `.sig` image, as Cosign 2 does. Returns False if an equal one was there already.

    Args:   payload: the exact signed bytes. annotations: the layer's: signature, certificate, chain, bundle, timestamp.
            is_same_signer: whether an old signature (payload, base64 signature) verifies with the key that made the
            new one; None: never look for duplicates. created: None writes Go's zero time.
    Raises: UnavailableError; MalformedError: what is under the tag is no signature image, or it is full.
    """
    tag = signature_tag(digest, prefix=prefix)
    old = _signature_image(registry, repository, tag)
    new = Descriptor(SIMPLE_SIGNING_MEDIA_TYPE, digest_of(payload), len(payload), annotations=annotations)
    layers = old.layers if old is not None else ()
    if is_same_signer is not None and any(_is_duplicate(layer, new, payload, is_same_signer) for layer in layers):
        return False
    if len(layers) >= limits.MANIFEST_LAYERS:
        what = f"signature image {repository}:{tag}"
        raise MalformedError(what, f"has {len(layers)} layers and cannot take another", code="registry.too-many")
    layers = (*layers, new)
    config = format_signature_config(layers, created=created)
    registry.push_blob(repository, payload)
    registry.push_blob(repository, config)
    raw = format_signature_manifest(layers, config, docker_media_types=docker_media_types)
    registry.push_manifest(repository, raw, DOCKER_MANIFEST if docker_media_types else OCI_MANIFEST, tag=tag)
    return True


def find_layers(
    registry: Registry,
    repository: str,
    digest: str,
    *,
    prefix: str = "",
    suffix: str = "sig",
    max_bytes: int = limits.ATTACHMENT_BYTES,
) -> tuple[FoundLayer, ...]:
    """The layers of the image's legacy signatures (`suffix` "sig") or attestations ("att").

    A tag that holds something unreadable is one found thing with a problem, not "none".
    Raises: UnavailableError: the registry did not answer; MalformedError: more layers than are looked at.
    """
    tag = signature_tag(digest, prefix=prefix, suffix=suffix)
    try:
        image = _signature_image(registry, repository, tag)
    except MalformedError as exc:
        return (FoundLayer(None, None, exc),)
    if image is None:
        return ()
    if len(image.layers) > limits.SIGNATURES_PER_IMAGE:
        what = f"signature image {repository}:{tag}"
        problem = f"has {len(image.layers)} layers; the limit is {limits.SIGNATURES_PER_IMAGE}"
        raise MalformedError(what, problem, code="registry.too-many")
    found: list[FoundLayer] = []
    left = limits.ATTACHMENTS_BYTES
    for layer in image.layers:
        item = _read_layer(registry, repository, layer, min(max_bytes, left))
        found.append(item)
        left -= len(item.content or b"")
    return tuple(found)


def _read_layer(registry: Registry, repository: str, layer: Descriptor, max_bytes: int) -> FoundLayer:
    try:
        return FoundLayer(layer, registry.get_blob(repository, layer, max_bytes=max_bytes), None)
    except SigningError as exc:
        return FoundLayer(layer, None, exc)


def _signature_image(registry: Registry, repository: str, tag: str) -> Manifest | None:
    found = registry.find_manifest(repository, tag)
    if found is None:
        return None
    return parse_manifest(found.raw, media_type=found.media_type, what=f"signature image {repository}:{tag}")


def _is_duplicate(
    old: Descriptor, new: Descriptor, payload: bytes, is_same_signer: Callable[[bytes, str], bool]
) -> bool:
    """Cosign's rule: same content, every annotation but the signature equal, and made by the same key."""
    if (old.digest, old.media_type) != (new.digest, new.media_type):
        return False
    others = {name: value for name, value in new.annotations.items() if name != SIGNATURE_ANNOTATION}
    if any(old.annotations.get(name) != value for name, value in others.items()):
        return False
    return is_same_signer(payload, old.annotations.get(SIGNATURE_ANNOTATION, ""))
