"""A small real image, made in Python as an OCI layout and pushed to a registry."""

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING

from pycosign.wire.oci_manifest import (
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    Descriptor,
    digest_of,
    format_manifest,
    parse_manifest,
)

if TYPE_CHECKING:
    from pycosign.oci.registry import Registry

__all__ = ["build_image", "push_image"]

_REPOSITORY = "layout"  # a layout holds one repository and does not care what it is called


def _layer(files: dict[str, bytes]) -> tuple[bytes, str]:
    """A compressed layer, and the digest of its tar (the config's diff_id). The same files give the same bytes."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(archive.getvalue(), mtime=0), digest_of(archive.getvalue())


def build_image(layout: "Registry", *, greeting: str, tag: str) -> Descriptor:
    """Write an image whose only program says `greeting` into a layout, under `tag`."""
    layer, diff_id = _layer({"hello": f"#!/bin/sh\necho {greeting}\n".encode()})
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": ["/hello"]},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
    }
    parts = []
    for content, media_type in ((json.dumps(config).encode(), OCI_CONFIG), (layer, OCI_LAYER)):
        stored = layout.push_blob(_REPOSITORY, content)
        parts.append(stored._replace(media_type=media_type))
    raw = format_manifest(parts[0], parts[1:])
    return layout.push_manifest(_REPOSITORY, raw, OCI_MANIFEST, tag=tag)


def push_image(layout: "Registry", registry: "Registry", image: Descriptor, *, repository: str, tag: str) -> None:
    """Copy an image from a layout to a registry."""
    fetched = layout.get_manifest(_REPOSITORY, image.digest)
    manifest = parse_manifest(fetched.raw)
    for descriptor in (manifest.config, *manifest.layers):
        content = layout.get_blob(_REPOSITORY, descriptor, max_bytes=descriptor.size)
        registry.push_blob(repository, content)
    registry.push_manifest(repository, fetched.raw, fetched.media_type, tag=tag)
