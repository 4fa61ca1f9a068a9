"""OCI and Docker manifests and indexes, and the two shapes in which Cosign stores signatures.

Source: opencontainers/image-spec manifest.md, image-index.md, descriptor.md; go-containerregistry pkg/v1 for the order
of members; Cosign pkg/oci for what it stores.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.go_json import go_json
from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.codec.strict_json import Fields, load_json
from pycosign.errors import MalformedError
from pycosign.wire.bundle import BUNDLE_V03_MEDIA_TYPE
from pycosign.wire.reference import check_digest

__all__ = [
    "DOCKER_CONFIG",
    "DOCKER_INDEX",
    "DOCKER_MANIFEST",
    "EMPTY_JSON",
    "EMPTY_MEDIA_TYPE",
    "INDEX_MEDIA_TYPES",
    "MANIFEST_MEDIA_TYPES",
    "OCI_CONFIG",
    "OCI_INDEX",
    "OCI_LAYER",
    "OCI_MANIFEST",
    "Descriptor",
    "Index",
    "Manifest",
    "attachment_tag",
    "descriptor_to_dict",
    "digest_of",
    "empty_descriptor",
    "fallback_tag",
    "format_bundle_manifest",
    "format_index",
    "format_manifest",
    "format_signature_config",
    "format_signature_manifest",
    "parse_index",
    "parse_manifest",
    "read_manifest",
]

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
EMPTY_MEDIA_TYPE: Final = "application/vnd.oci.empty.v1+json"
EMPTY_JSON: Final = b"{}"
MANIFEST_MEDIA_TYPES: Final = (OCI_MANIFEST, DOCKER_MANIFEST)
INDEX_MEDIA_TYPES: Final = (OCI_INDEX, DOCKER_INDEX)
_NO_ANNOTATIONS: Final[Mapping[str, str]] = {}
_ZERO_TIME: Final = "0001-01-01T00:00:00Z"  # Go's zero time: what Cosign writes so that signing again is reproducible


class Descriptor(NamedTuple):
    """Content, named by its digest."""

    media_type: str
    digest: str  # "sha256:HEX"
    size: int  # bytes
    artifact_type: str | None = None
    annotations: Mapping[str, str] = _NO_ANNOTATIONS
    platform: Mapping[str, JsonValue] | None = None  # os, architecture, variant, ...


class Manifest(NamedTuple):
    """An image manifest; `raw` is what its digest covers."""

    raw: bytes
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str | None = None
    annotations: Mapping[str, str] = _NO_ANNOTATIONS

    @property
    def digest(self) -> str:
        return digest_of(self.raw)


class Index(NamedTuple):
    """An image index or Docker manifest list; `raw` is what its digest covers."""

    raw: bytes
    media_type: str
    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str | None = None
    annotations: Mapping[str, str] = _NO_ANNOTATIONS

    @property
    def digest(self) -> str:
        return digest_of(self.raw)


def digest_of(content: bytes) -> str:
    """`sha256:HEX` of some bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def attachment_tag(digest: str, suffix: str) -> str:
    """The tag of a legacy attachment: `sha256-HEX.sig`, `.att`, `.sbom`."""
    return f"{fallback_tag(digest)}.{suffix}"


def fallback_tag(digest: str) -> str:
    """The tag under which a registry without the referrers API keeps the index of referrers: `sha256-HEX`."""
    return digest.replace(":", "-")


def empty_descriptor() -> Descriptor:
    """The descriptor of `{}`."""
    return Descriptor(EMPTY_MEDIA_TYPE, digest_of(EMPTY_JSON), len(EMPTY_JSON))


# ---- reading -------------------------------------------------------------------------------------------------------
def read_manifest(raw: bytes, *, media_type: str | None = None, what: str = "manifest") -> Manifest | Index:
    """Parse a manifest or index, whichever it is. Unknown members are skipped, as the specification demands.

    Args:    media_type: from the answer's Content-Type (without parameters) or a descriptor; used if the document
             itself does not say, and must agree with it otherwise.
    Raises:  MalformedError: not strict JSON, another type, a document that is both a manifest and an index
             (CVE-2021-41190), a descriptor that is not one, more elements than `limits` allows.
    """
    fields = Fields(load_json(raw, what=what, max_bytes=limits.MANIFEST_BYTES), what, protojson=False)
    if fields.integer("schemaVersion") != 2:
        raise MalformedError(fields.path("schemaVersion"), "is not 2")
    kind = _media_type(fields, media_type)
    subject = fields.optional_object("subject")
    common = (
        None if subject is None else _descriptor(subject),
        fields.optional_text("artifactType") or None,
        _annotations(fields),
    )
    if kind in INDEX_MEDIA_TYPES:
        if "layers" in fields or "config" in fields:
            raise MalformedError(what, "is an index, and has the layers or config of a manifest")
        manifests = tuple(_descriptor(item) for item in fields.objects("manifests", limit=limits.MANIFEST_LAYERS))
        return Index(raw, kind, manifests, *common)
    if "manifests" in fields:
        raise MalformedError(what, "is a manifest, and has the manifests of an index")
    layers = tuple(_descriptor(item) for item in fields.objects("layers", limit=limits.MANIFEST_LAYERS))
    return Manifest(raw, kind, _descriptor(fields.object("config")), layers, *common)


def _media_type(fields: Fields, claimed: str | None) -> str:
    known = (*MANIFEST_MEDIA_TYPES, *INDEX_MEDIA_TYPES)
    own = fields.optional_text("mediaType") or None
    if own is not None and claimed in known and own != claimed:
        raise MalformedError(fields.path("mediaType"), f"is {own[:100]!a}, but it was announced as {claimed!a}")
    if own is None and claimed not in known:  # OCI allows to leave it out: the members tell
        own = OCI_INDEX if "manifests" in fields else OCI_MANIFEST
    kind = own or claimed or ""
    if kind not in known:
        raise MalformedError(fields.path("mediaType"), f"is not that of an image manifest or index: {kind[:100]!a}")
    return kind


def parse_manifest(raw: bytes, *, media_type: str | None = None, what: str = "manifest") -> Manifest:
    """Parse an image manifest; errors as `read_manifest`, and an index is one."""
    found = read_manifest(raw, media_type=media_type, what=what)
    if isinstance(found, Index):
        raise MalformedError(what, "is an index, not a manifest")
    return found


def parse_index(raw: bytes, *, media_type: str | None = None, what: str = "index") -> Index:
    """Parse an index; errors as `read_manifest`, and a manifest is one."""
    found = read_manifest(raw, media_type=media_type, what=what)
    if isinstance(found, Manifest):
        raise MalformedError(what, "is a manifest, not an index")
    return found


def _annotations(fields: Fields) -> Mapping[str, str]:
    return fields.optional_text_map("annotations") or _NO_ANNOTATIONS


def _descriptor(fields: Fields) -> Descriptor:
    platform = fields.optional_value("platform")
    if platform is not None and not isinstance(platform, dict):
        raise MalformedError(fields.path("platform"), "is not a JSON object")
    return Descriptor(
        media_type=fields.text("mediaType"),
        digest=check_digest(fields.text("digest"), what=fields.path("digest")),
        size=fields.integer("size", minimum=0),
        artifact_type=fields.optional_text("artifactType") or None,
        annotations=_annotations(fields),
        platform=platform,
    )


# ---- writing -------------------------------------------------------------------------------------------------------
def descriptor_to_dict(descriptor: Descriptor) -> JsonObject:
    """The descriptor in go-containerregistry's order of members, annotations sorted."""
    written: JsonObject = {
        "mediaType": descriptor.media_type,
        "size": descriptor.size,
        "digest": descriptor.digest,
    }
    if descriptor.annotations:
        written["annotations"] = _sorted(descriptor.annotations)
    if descriptor.platform is not None:
        written["platform"] = dict(descriptor.platform)
    if descriptor.artifact_type is not None:
        written["artifactType"] = descriptor.artifact_type
    return written


def _sorted(annotations: Mapping[str, str]) -> JsonObject:
    return {name: annotations[name] for name in sorted(annotations)}


def format_manifest(
    config: Descriptor,
    layers: Sequence[Descriptor],
    *,
    media_type: str = OCI_MANIFEST,
    subject: Descriptor | None = None,
    artifact_type: str | None = None,
    annotations: Mapping[str, str] = _NO_ANNOTATIONS,
) -> bytes:
    """Write an image manifest: schemaVersion, mediaType, config, layers, annotations, subject, artifactType."""
    items: list[JsonValue] = [descriptor_to_dict(layer) for layer in layers]
    written: JsonObject = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": descriptor_to_dict(config),
        "layers": items,
    }
    return go_json(_with_common(written, subject, artifact_type, annotations))


def format_index(
    manifests: Sequence[Descriptor],
    *,
    media_type: str = OCI_INDEX,
    subject: Descriptor | None = None,
    artifact_type: str | None = None,
    annotations: Mapping[str, str] = _NO_ANNOTATIONS,
) -> bytes:
    """Write an index, its descriptors in the order given."""
    items: list[JsonValue] = [descriptor_to_dict(manifest) for manifest in manifests]
    written: JsonObject = {"schemaVersion": 2, "mediaType": media_type, "manifests": items}
    return go_json(_with_common(written, subject, artifact_type, annotations))


def _with_common(
    written: JsonObject, subject: Descriptor | None, artifact_type: str | None, annotations: Mapping[str, str]
) -> JsonObject:
    if annotations:
        written["annotations"] = _sorted(annotations)
    if subject is not None:
        written["subject"] = descriptor_to_dict(subject)
    if artifact_type is not None:
        written["artifactType"] = artifact_type
    return written


def format_bundle_manifest(
    subject: Descriptor, *, bundle_digest: str, bundle_size: int, predicate_type: str, created: datetime
) -> bytes:
    """The manifest with which Cosign 3 attaches a bundle to an image, as an OCI 1.1 referrer.

    `config` is the empty JSON with an unusual member `artifactType`: `cosign clean` finds bundles by it.

    Args: subject: the image; only media type, size and digest are written. created: whole seconds are kept.
    """
    return format_manifest(
        empty_descriptor()._replace(artifact_type=BUNDLE_V03_MEDIA_TYPE),
        [Descriptor(BUNDLE_V03_MEDIA_TYPE, bundle_digest, bundle_size)],
        subject=Descriptor(subject.media_type, subject.digest, subject.size),
        artifact_type=BUNDLE_V03_MEDIA_TYPE,
        annotations={
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": predicate_type,
            "org.opencontainers.image.created": format_rfc3339(created.replace(microsecond=0)),
        },
    )


def format_signature_config(layers: Sequence[Descriptor], *, created: datetime | None = None) -> bytes:
    """The config of a legacy signature image: no platform, and one history entry and diff id for each layer.

    Args: created: None writes Go's zero time, as Cosign does unless --record-creation-timestamp is given.
    """
    history: list[JsonValue] = [{"created": _ZERO_TIME} for _ in layers]
    diff_ids: list[JsonValue] = [layer.digest for layer in layers]
    written: JsonObject = {
        "architecture": "",
        "created": _ZERO_TIME if created is None else format_rfc3339(created.replace(microsecond=0)),
    }
    if history:
        written["history"] = history
    written |= {"os": "", "rootfs": {"type": "layers", "diff_ids": diff_ids}, "config": {}}
    return go_json(written)


def format_signature_manifest(
    layers: Sequence[Descriptor], config: bytes, *, docker_media_types: bool = False
) -> bytes:
    """The manifest of a legacy `.sig` or `.att` image over a config of `format_signature_config`.

    Args: docker_media_types: Cosign's COSIGN_DOCKER_MEDIA_TYPES=1.
    """
    return format_manifest(
        Descriptor(DOCKER_CONFIG if docker_media_types else OCI_CONFIG, digest_of(config), len(config)),
        layers,
        media_type=DOCKER_MANIFEST if docker_media_types else OCI_MANIFEST,
    )
