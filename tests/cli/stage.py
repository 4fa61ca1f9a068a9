"""A stage for black-box tests: a Sigstore, keys, a file with its bundles, images; and a faulty registry."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient
from pycosign.net.proxies import ProxySettings
from pycosign.oci.client import RegistryClient
from pycosign.oci.docker_config import ANONYMOUS
from pycosign.testing import Sandbox
from pycosign.wire.oci_manifest import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Descriptor, digest_of, format_manifest
from tests.cli.conftest import Ran, run_cli
from tests.net.conftest import ScriptedServer, reply

EMAIL = "signer@example.com"
PASSWORD = "a-password-to-look-for"
OLD_STYLE = ("--new-bundle-format=false", "--use-signing-config=false", "--yes")


class Stage:
    """Everything is made by our own commands, once; tests that change a file change a copy of it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        home = folder / "home"
        home.mkdir()
        self.token = sandbox.token(EMAIL)
        self.env: dict[str, str] = {
            **sandbox.environment(),
            "SIGSTORE_ID_TOKEN": self.token,
            "COSIGN_PASSWORD": PASSWORD,
            "HOME": str(home),
            "PATH": os.environ["PATH"],
        }
        self.trusted_root = sandbox.urls["trusted_root"]
        self.who = ("--certificate-identity", EMAIL, "--certificate-oidc-issuer", sandbox.issuer)
        self.artifact = self.file("artifact.txt", b"an artifact\n")
        self.key, self.public_key = folder / "cosign.key", folder / "cosign.pub"
        self.must("generate-key-pair", "--output-key-prefix", str(folder / "cosign"))
        self.must("generate-key-pair", "--output-key-prefix", str(folder / "other"))
        self.other_public_key = folder / "other.pub"

    def file(self, name: str, content: bytes) -> Path:
        """A file of the stage's directory."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def run(self, *words: object, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Ran:
        """A command in this process."""
        return run_cli(*map(str, words), env={**self.env, **(env or {})}, stdin=stdin)

    def must(self, *words: object, env: Mapping[str, str] | None = None) -> Ran:
        """A command that has to work."""
        ran = self.run(*words, env=env)
        assert ran.status == 0, ran.err
        return ran

    def spawn(
        self, *words: object, env: Mapping[str, str] | None = None, **options: object
    ) -> "subprocess.Popen[bytes]":
        """A command in a process of its own; its streams are pipes."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-m", "pycosign", *map(str, words)]
        return subprocess.Popen(command, env={**self.env, **(env or {})}, **{**pipes, **options})  # type: ignore[call-overload, no-any-return]

    def process(self, *words: object, env: Mapping[str, str] | None = None, **options: object) -> Ran:
        """A command in a process of its own, to its end."""
        process = self.spawn(*words, env=env, **options)
        out, err = process.communicate(timeout=60)
        return Ran(process.returncode, (out or b"").decode(), (err or b"").decode())

    def signed(self, name: str, *words: object, artifact: Path | None = None) -> Path:
        """A bundle of the file, made by `sign-blob` with these words; each name is made once."""
        path = self.folder / name
        if not path.exists():
            self.must("sign-blob", *words, "--bundle", path, artifact or self.artifact)
        return path

    @property
    def keyless_v1(self) -> Path:
        """A bundle with an entry of Rekor v1: promise, proof, checkpoint."""
        config = self.sandbox.urls["signing_config_rekor_v1"]
        return self.signed("keyless-v1.json", "--signing-config", config)

    @property
    def keyless_v2(self) -> Path:
        """A bundle with an entry of Rekor v2, and a timestamp."""
        return self.signed("keyless-v2.json")

    @property
    def keyed(self) -> Path:
        """A bundle made with the key, with an entry of Rekor v2, and a timestamp."""
        return self.signed("keyed.json", "--key", self.key)

    @property
    def legacy_keyed(self) -> Path:
        """Cosign's own JSON, made with the key."""
        rekor = self.sandbox.urls["rekor"]
        return self.signed("legacy-keyed.json", "--key", self.key, *OLD_STYLE, "--rekor-url", rekor)

    def image(self, name: str, content: bytes = b"layer") -> str:
        """Push a small image; returns `REPOSITORY:v1`, without the registry's host."""
        with HttpClient(Deadline.after(30), proxies=ProxySettings(None, None)) as client:
            registry = RegistryClient(client, lambda repository: ANONYMOUS)
            repository = f"{self.sandbox.registry}/{name}"
            config, layer = registry.push_blob(repository, b"{}"), registry.push_blob(repository, content)
            manifest = format_manifest(
                Descriptor(OCI_CONFIG, config.digest, config.size), [Descriptor(OCI_LAYER, layer.digest, layer.size)]
            )
            registry.push_manifest(repository, manifest, OCI_MANIFEST, tag="v1")
        return f"{name}:v1"


Rule = Callable[[BaseHTTPRequestHandler], bool]


class FaultyRegistry:
    """A registry in front of the stage's: what no rule answers goes through."""

    def __init__(self, upstream: str) -> None:
        self.server = ScriptedServer()
        self.server.answer = self._answer
        self.host = f"127.0.0.1:{self.server.port}"
        self._upstream = upstream
        self._rules: list[Rule] = []

    def close(self) -> None:
        self.server.close()

    def rule(self, rule: Rule) -> None:
        """Ask this before the registry; it says whether it answered."""
        self._rules.append(rule)

    def always(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Whatever is asked, this is the answer."""
        self.at("", status, body, headers)

    def at(
        self, part: str, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None, method: str = ""
    ) -> None:
        """The answer to every request whose path has `part` in it."""

        def rule(handler: BaseHTTPRequestHandler) -> bool:
            if part not in handler.path or method not in ("", handler.command):
                return False
            reply(handler, status, body, dict(headers or {}))
            return True

        self.rule(rule)

    def changed(self, part: str, change: Callable[[bytes], bytes]) -> None:
        """What the registry answers to GET of such a path, changed; its length and its digest are as they were."""

        def rule(handler: BaseHTTPRequestHandler) -> bool:
            if part not in handler.path or handler.command != "GET":
                return False
            status, headers, body = self._ask(handler, b"")
            reply(handler, status, change(body), headers)
            handler.close_connection = True
            return True

        self.rule(rule)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        for rule in self._rules:
            if rule(handler):
                return
        status, headers, body = self._ask(handler, self.server.requests[-1][3])
        reply(handler, status, body, headers)

    def _ask(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self._upstream, timeout=10)
        try:
            headers = {"Accept": handler.headers.get("Accept", "*/*")}
            if handler.headers.get("Content-Type"):
                headers["Content-Type"] = handler.headers["Content-Type"]
            connection.request(handler.command, handler.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            kept = {name.title(): value for name, value in answer.headers.items()}
            return answer.status, kept, answer.read()
        finally:
            connection.close()


def manifest_digests(stage: Stage, image: str) -> dict[str, str]:
    """Of an image that was signed with a bundle: "image", "manifest" (of the referrer) and "bundle" (the blob)."""
    connection = http.client.HTTPConnection(stage.sandbox.registry, timeout=10)

    def get(path: str) -> bytes:
        connection.request("GET", path, headers={"Accept": "*/*"})
        return connection.getresponse().read()

    name = image.partition(":")[0]
    digest = digest_of(get(f"/v2/{name}/manifests/v1"))
    manifest = json.loads(get(f"/v2/{name}/referrers/{digest}"))["manifests"][0]["digest"]
    bundle = json.loads(get(f"/v2/{name}/manifests/{manifest}"))["layers"][0]["digest"]
    connection.close()
    return {"image": digest, "manifest": manifest, "bundle": bundle}


def assert_one_error(ran: Ran, status: int, *, naming: str, code: str = "", hint: bool = True) -> None:
    """The form that every failure has: Cosign's two lines, the code, a hint; no traceback."""
    assert ran.status == status, ran.err
    assert "Traceback" not in ran.err
    lines = ran.err.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Error: "))
    message = lines[at].removeprefix("Error: ")
    assert naming in ran.err, ran.err
    assert f"error during command execution: {message}" in lines, ran.err
    assert len(lines[at]) < 2000
    codes = [line.removeprefix("code: ") for line in lines if line.startswith("code: ")]
    if code:
        assert len(codes) == 1, ran.err
        assert code in codes[0].replace("(", "").replace(")", "").replace(",", "").split(), ran.err
    if hint:
        assert lines[-1].startswith("hint: "), ran.err
