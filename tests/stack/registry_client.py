"""A client of the registry that sends what a test tells it to, and what its answers are read with."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient, Response
from pycosign.net.proxies import ProxySettings

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


class Client:
    """Raw requests to one registry."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._http = HttpClient(Deadline.after(60), proxies=ProxySettings(None, None))

    def __call__(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
        return self._http.request(
            method, f"http://{self.host}{path}", body=body or None, headers=headers, expect=range(200, 600)
        )

    def upload(self, name: str, content: bytes, algorithm: str = "sha256") -> str:
        digest = digest_of(content, algorithm)
        location = self("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
        assert self("PUT", f"{location}?digest={digest}", content).status == 201
        return digest

    def image(self, name: str, reference: str, content: bytes = b"layer", **members: object) -> Response:
        return self(
            "PUT",
            f"/v2/{name}/manifests/{reference}",
            self.manifest(name, content, **members),
            {"Content-Type": OCI_MANIFEST},
        )

    def manifest(self, name: str, content: bytes = b"layer", **members: object) -> bytes:
        config, layer = self.upload(name, b"{}"), self.upload(name, content)
        document: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.example.config+json", "digest": config, "size": 2},
            "layers": [{"mediaType": "application/x", "digest": layer, "size": len(content)}],
        }
        return json.dumps(document | members, indent=1).encode()


def error_code(response: Response) -> str:
    assert response.headers["Content-Type"] == "application/json"
    code: str = json.loads(response.body)["errors"][0]["code"]
    return code
