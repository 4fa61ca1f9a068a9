"""Places to keep images in: our registry, Debian's docker-registry, crane's, and a layout directory."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient, RetryPolicy
from pycosign.net.proxies import ProxySettings
from pycosign.oci.client import RegistryClient
from pycosign.oci.docker_config import CredentialSource
from pycosign.oci.layout import LayoutRegistry
from pycosign.oci.registry import Registry
from pycosign.stack.registry import build_registry_app
from pycosign.wire.oci_manifest import (
    EMPTY_JSON,
    EMPTY_MEDIA_TYPE,
    OCI_LAYER,
    OCI_MANIFEST,
    Descriptor,
    format_manifest,
)
from tests.stack.registry_server import serving

FAST = RetryPolicy(retries=2, backoff_seconds=0.01)
CRANE = Path.home() / ".cache/sigstore-peers/bin/crane"


class Place(NamedTuple):
    """A registry under test, the repository to use in it, and what it can do."""

    registry: Registry
    repository: str
    has_api: bool
    kind: str


def new_client(credentials: CredentialSource | None = None, *, seconds: float = 30.0) -> RegistryClient:
    http = HttpClient(Deadline.after(seconds), proxies=ProxySettings(None, None), retry_policy=FAST)
    return RegistryClient(http, credentials)


def put_image(registry: Registry, repository: str, content: bytes = b"layer", *, tag: str | None = "v1") -> Descriptor:
    """Push a one-layer image."""
    config = registry.push_blob(repository, EMPTY_JSON)._replace(media_type=EMPTY_MEDIA_TYPE)
    layer = registry.push_blob(repository, content)._replace(media_type=OCI_LAYER)
    return registry.push_manifest(repository, format_manifest(config, [layer]), OCI_MANIFEST, tag=tag)


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str] | None = None) -> Iterator[None]:
    """A server program, from the moment its port answers until the end of the block."""
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with status {process.returncode}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def debian_registry(directory: Path) -> Iterator[str]:
    """Docker's distribution 2.8, which has no referrers API."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed")
    port = free_port()
    config = directory / "registry.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {directory / 'data'}}}\n"
        f"  delete: {{enabled: true}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with running([program, "serve", str(config)], port):
        yield f"127.0.0.1:{port}"


@contextmanager
def crane_registry() -> Iterator[str]:
    """go-containerregistry's, in memory, which has no referrers API unless it is built into something else."""
    if not CRANE.exists():
        pytest.skip(f"{CRANE} is not there")
    port = free_port()
    with running([str(CRANE), "registry", "serve", "--address", f"127.0.0.1:{port}"], port):
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def own_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(build_registry_app(str(tmp_path_factory.mktemp("registry")))) as host:
        yield host


@pytest.fixture(
    scope="module",
    params=[
        "ours",
        pytest.param("docker-registry", marks=pytest.mark.peer),
        pytest.param("crane", marks=pytest.mark.peer),
        "layout",
    ],
)
def place_kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    directory = tmp_path_factory.mktemp("place")
    if request.param == "ours":
        with serving(build_registry_app(str(directory))) as host:
            yield "ours", host
    elif request.param == "docker-registry":
        with debian_registry(directory) as host:
            yield "docker-registry", host
    elif request.param == "crane":
        with crane_registry() as host:
            yield "crane", host
    else:
        yield "layout", ""


@pytest.fixture
def place(place_kind: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty repository of its own for each test."""
    kind, host = place_kind
    if kind == "layout":
        return Place(LayoutRegistry(str(tmp_path / "layout")), "localhost/layout", True, kind)
    name = "".join(c if c.isalnum() else "-" for c in request.node.name.split("[")[0].lower()).strip("-")
    return Place(new_client(), f"{host}/tests/{name.replace('_', '-')}", kind == "ours", kind)
