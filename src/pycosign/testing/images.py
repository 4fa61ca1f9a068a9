"""Images for tests: the smallest that a registry takes."""

from pycosign.codec.go_json import go_json
from pycosign.net.http import HttpClient
from pycosign.oci.client import RegistryClient
from pycosign.wire.oci_manifest import OCI_CONFIG, OCI_MANIFEST, Descriptor, format_manifest
from pycosign.wire.reference import parse_reference

__all__ = ["push_small_image"]

_LAYER = "application/vnd.oci.image.layer.v1.tar"


def push_small_image(text: str, content: bytes) -> str:
    """Push an image of one layer, which holds `content`.

    Args:    text: "HOST:PORT/REPOSITORY[:TAG]".
    Returns: its reference by digest.
    Raises:  MalformedError: the reference; UnavailableError: the registry.
    """
    reference = parse_reference(text)
    with HttpClient() as http:
        registry = RegistryClient(http)
        layer = registry.push_blob(reference.context, content)
        rootfs = {"type": "layers", "diff_ids": [layer.digest]}
        config = registry.push_blob(
            reference.context, go_json({"architecture": "amd64", "os": "linux", "rootfs": rootfs, "config": {}})
        )
        manifest = format_manifest(
            Descriptor(OCI_CONFIG, config.digest, config.size), [Descriptor(_LAYER, layer.digest, layer.size)]
        )
        pushed = registry.push_manifest(reference.context, manifest, OCI_MANIFEST, tag=reference.tag)
    return reference.with_digest(pushed.digest).name
