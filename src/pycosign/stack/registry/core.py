"""The rules of the OCI distribution specification, version 1.1, without any I/O."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pycosign import limits
from pycosign.errors import SigningError

__all__ = [
    "INDEX_TYPE",
    "ManifestFacts",
    "RegistryError",
    "Route",
    "content_range",
    "error_body",
    "inspect_manifest",
    "is_name",
    "is_tag",
    "page",
    "parse_digest",
    "parse_range",
    "referrers_index",
    "route",
]

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_IMAGE_TYPES = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
)
_INDEX_TYPES = frozenset({INDEX_TYPE, "application/vnd.docker.distribution.manifest.list.v2+json"})

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", re.ASCII)
_ROUTES = (
    ("uploads", re.compile(r"(.+)/blobs/uploads/?")),
    ("upload", re.compile(r"(.+)/blobs/uploads/([A-Za-z0-9-]+)")),
    ("blob", re.compile(r"(.+)/blobs/([^/]+)")),
    ("manifest", re.compile(r"(.+)/manifests/([^/]+)")),
    ("tags", re.compile(r"(.+)/tags/list")),
    ("referrers", re.compile(r"(.+)/referrers/([^/]+)")),
)
_NAME_CHARS = 255


class RegistryError(SigningError):
    """An answer of the specification's error table: HTTP status, code in upper case, text."""

    code = "registry.request"

    def __init__(self, status: int, error: str, message: str) -> None:
        self.status, self.error, self.message = status, error, message
        super().__init__(f"{error}: {message}")


class Route(NamedTuple):
    """What a path asks for. `what`: root, catalog, uploads, upload, blob, manifest, tags or referrers."""

    what: str
    repository: str = ""
    reference: str = ""


class ManifestFacts(NamedTuple):
    """What the registry must know of a manifest; its bytes are kept as they came."""

    media_type: str
    needed_blobs: tuple[str, ...]  # config and layers that must be in the repository; none for referrers
    subject: str | None  # digest
    artifact_type: str | None  # as the referrers list shows it
    annotations: Mapping[str, str]


def error_body(error: RegistryError) -> bytes:
    """The JSON of an error answer."""
    item = {"code": error.error, "message": error.message, "detail": None}
    return json.dumps({"errors": [item]}).encode()


def route(path: str) -> Route:
    """Which endpoint a percent-decoded path names. Raises RegistryError 404, or 400 NAME_INVALID."""
    if path in ("/v2", "/v2/"):
        return Route("root")
    if path == "/v2/_catalog":
        return Route("catalog")
    if path.startswith("/v2/"):
        for what, pattern in _ROUTES:
            match = pattern.fullmatch(path[4:])
            if match is not None:
                name = match[1]
                if not is_name(name):
                    raise RegistryError(400, "NAME_INVALID", f"invalid repository name {name[:_NAME_CHARS]!r}")
                return Route(what, name, match[2] if pattern.groups > 1 else "")
    raise RegistryError(404, "NOT_FOUND", "no such endpoint")


def is_name(text: str) -> bool:
    """Whether the text is a repository's name."""
    return len(text) <= _NAME_CHARS and bool(_NAME.fullmatch(text))


def is_tag(text: str) -> bool:
    """Whether the text is a tag."""
    return bool(_TAG.fullmatch(text))


def parse_digest(text: str) -> tuple[str, str]:
    """("sha256" or "sha512", hex). Raises RegistryError 400 DIGEST_INVALID."""
    if not _DIGEST.fullmatch(text):
        raise RegistryError(400, "DIGEST_INVALID", f"not a sha256 or sha512 digest: {text[:150]!r}")
    algorithm, _, value = text.partition(":")
    return algorithm, value


def inspect_manifest(raw: bytes, content_type: str | None) -> ManifestFacts:
    """Read what matters from a manifest; unknown members are none of the registry's business.

    Raises: RegistryError 413 or 400 MANIFEST_INVALID.
    """
    if len(raw) > limits.MANIFEST_BYTES:
        raise RegistryError(413, "MANIFEST_INVALID", f"a manifest may have {limits.MANIFEST_BYTES} bytes")
    manifest = _load(raw)
    declared = (content_type or "").partition(";")[0].strip().lower()
    inside = manifest.get("mediaType")
    if inside is not None and declared and inside != declared:
        raise _invalid(f"mediaType {inside!r} differs from Content-Type {declared!r}")
    media_type = declared or inside
    if not isinstance(media_type, str) or media_type not in _IMAGE_TYPES | _INDEX_TYPES:
        raise _invalid(f"unsupported media type {media_type!r}")
    if manifest.get("schemaVersion") != 2:
        raise _invalid("schemaVersion must be 2")
    artifact_type = _optional_text(manifest, "artifactType")
    needed: list[str] = []
    if media_type in _IMAGE_TYPES:
        config = _descriptor(manifest.get("config"), "config")
        needed.append(config["digest"])
        needed += [layer["digest"] for layer in _layers(manifest) if not _is_elsewhere(layer)]
        artifact_type = artifact_type or config["mediaType"]
    else:
        for child in _list(manifest, "manifests"):
            _descriptor(child, "manifests")  # children may be missing, or come later
    subject = manifest.get("subject")
    if subject is not None:
        needed = []  # `cosign load` sends a bundle's manifest before the bundle; whoever reads too early gets a 404
    return ManifestFacts(
        media_type,
        tuple(dict.fromkeys(needed)),
        _descriptor(subject, "subject")["digest"] if subject is not None else None,
        artifact_type,
        _annotations(manifest),
    )


def referrers_index(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """An OCI index of descriptors; each row has mediaType, digest, size and maybe artifactType and annotations."""
    manifests = [{name: value for name, value in row.items() if value} for row in rows]
    return json.dumps(
        {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests}, separators=(",", ":")
    ).encode()


def page(items: Sequence[str], *, count: str | None, last: str | None) -> tuple[list[str], bool]:
    """The part of a sorted list after `last`, at most `count` long, and whether more follows. RegistryError 400."""
    rest = [item for item in items if last is None or item > last]
    if count is None:
        return rest, False
    if not count.isascii() or not count.isdigit() or len(count) > 9:
        raise RegistryError(400, "PAGINATION_NUMBER_INVALID", "n must be a number of items")
    wanted = int(count)
    return rest[:wanted], 0 < wanted < len(rest)


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(first, last) of a one-part Range header, both inclusive; None for the whole. Raises RegistryError 416."""
    if header is None:
        return None
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip(), re.ASCII)
    if match is None or match[1] == match[2] == "":
        return None  # RFC 9110, 14.2: a range that is not understood is ignored
    if match[1] == "":
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < int(match[1]):
            return None
    if first > last:
        raise RegistryError(416, "BLOB_UPLOAD_INVALID", f"the blob has {size} bytes")
    return first, last


def content_range(header: str | None) -> tuple[int, int] | None:
    """(first, last) of an upload's Content-Range "FIRST-LAST". Raises RegistryError 416 if it is another form."""
    if header is None:
        return None
    match = re.fullmatch(r"(?:bytes[ =])?(\d{1,18})-(\d{1,18})(?:/(?:\d+|\*))?", header.strip(), re.ASCII)
    if match is None or int(match[2]) < int(match[1]):
        raise RegistryError(416, "BLOB_UPLOAD_INVALID", "Content-Range must be FIRST-LAST")
    return int(match[1]), int(match[2])


def _invalid(problem: str) -> RegistryError:
    return RegistryError(400, "MANIFEST_INVALID", problem)


def _load(raw: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as exc:
        raise _invalid("is not JSON") from exc
    if not isinstance(manifest, dict):
        raise _invalid("is not an object")
    return manifest


def _descriptor(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(f"{what} is not a descriptor")
    digest, size, media_type = value.get("digest"), value.get("size"), value.get("mediaType")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise _invalid(f"{what} has no usable digest")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0 or not isinstance(media_type, str):
        raise _invalid(f"{what} lacks its size or media type")
    return value


def _list(manifest: Mapping[str, Any], name: str) -> list[Any]:
    value = manifest.get(name) or []
    if not isinstance(value, list) or len(value) > limits.MANIFEST_LAYERS * 10:
        raise _invalid(f"{name} is not a list of usable length")
    return value


def _layers(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_descriptor(layer, "layers") for layer in _list(manifest, "layers")]


def _is_elsewhere(layer: Mapping[str, Any]) -> bool:
    """Whether a layer may be kept outside the registry: non-distributable, or Docker's foreign layers."""
    media_type = layer["mediaType"]
    return "nondistributable" in media_type or "foreign" in media_type or bool(layer.get("urls"))


def _optional_text(manifest: Mapping[str, Any], name: str) -> str | None:
    value = manifest.get(name)
    if value is not None and not isinstance(value, str):
        raise _invalid(f"{name} is not text")
    return value or None


def _annotations(manifest: Mapping[str, Any]) -> dict[str, str]:
    value = manifest.get("annotations") or {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise _invalid("annotations are not an object of texts")
    return value
