"""Small images with nothing but the registry API: `python -m tests.interop.images REGISTRY REPOSITORY TAG`."""

import hashlib
import json
import os
import sys
import urllib.request


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _send(method: str, url: str, data: bytes, content_type: str) -> str:
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.headers.get("Location") or "")


def _push_blob(registry: str, repository: str, data: bytes) -> None:
    location = _send("POST", f"http://{registry}/v2/{repository}/blobs/uploads/", b"", "application/octet-stream")
    if location.startswith("/"):
        location = f"http://{registry}{location}"
    mark = "&" if "?" in location else "?"
    _send("PUT", f"{location}{mark}digest={_digest(data)}", data, "application/octet-stream")


def push_image(registry: str, repository: str, tag: str) -> str:
    """Push an image nobody has pushed before; returns its digest."""
    layer = os.urandom(200)
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]}}
    ).encode()
    for blob in (layer, config):
        _push_blob(registry, repository, blob)
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": _digest(config),
                "size": len(config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": _digest(layer),
                    "size": len(layer),
                }
            ],
        }
    ).encode()
    url = f"http://{registry}/v2/{repository}/manifests/{tag}"
    _send("PUT", url, manifest, "application/vnd.oci.image.manifest.v1+json")
    return _digest(manifest)


def retype_referrer(image: str, artifact_type: str) -> None:
    """Give the one manifest that refers to an image (REGISTRY/REPOSITORY@DIGEST) another type in its place."""
    place, _, digest = image.partition("@")
    registry, _, repository = place.partition("/")
    base = f"http://{registry}/v2/{repository}"
    with urllib.request.urlopen(f"{base}/referrers/{digest}", timeout=10) as answer:
        (entry,) = json.load(answer)["manifests"]
    url = f"{base}/manifests/{entry['digest']}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        manifest = json.load(answer)
    raw = json.dumps({**manifest, "artifactType": artifact_type}).encode()
    _send("PUT", f"{base}/manifests/{_digest(raw)}", raw, manifest["mediaType"])
    _send("DELETE", url, b"", "")


if __name__ == "__main__":
    print(push_image(*sys.argv[1:4]))
