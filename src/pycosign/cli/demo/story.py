"""The demo's steps, in order. Each does the real thing through the same flows that the commands use."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pycosign.cli.demo.image import build_image, push_image
from pycosign.cli.demo.teller import Teller
from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.crypto.keys import Signer, generate_signer
from pycosign.errors import NoMatchingSignaturesError, SigningError
from pycosign.flows.sign_image import sign_image
from pycosign.flows.signing import KeylessSigning, KeySigning, SigningContext
from pycosign.flows.tree import image_tree
from pycosign.flows.verify_image import ImageVerdict, verify_image
from pycosign.oci.attach import push_bundle
from pycosign.oci.layout import LayoutRegistry
from pycosign.sign.services import services_from_config
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule
from pycosign.verify.result import Verified
from pycosign.wire.oci_manifest import Descriptor
from pycosign.wire.reference import parse_reference

if TYPE_CHECKING:
    from pycosign.net.deadline import Deadline
    from pycosign.oci.registry import Registry
    from pycosign.testing import Sandbox

ALICE, MALLORY = "alice@example.com", "mallory@example.com"
REPOSITORY, TAG = "demo/app", "1.0"


class Scene(NamedTuple):
    """What the steps share."""

    sandbox: "Sandbox"
    registry: "Registry"
    layout: "Registry"
    teller: Teller
    deadline: "Deadline"

    @property
    def repository(self) -> str:
        return f"{self.sandbox.registry}/{REPOSITORY}"

    @property
    def alice(self) -> Requirements:
        return self.demand(ALICE)

    def demand(self, email: str) -> Requirements:
        """A certificate for this address, from the sandbox's issuer."""
        return Requirements(SignerIdentity(TextRule(email), TextRule(self.sandbox.urls["oidc"])))

    def push(self, greeting: str, tag: str) -> Descriptor:
        """Build an image and push it under a tag."""
        image = build_image(self.layout, greeting=greeting, tag=tag)
        push_image(self.layout, self.registry, image, repository=self.repository, tag=tag)
        return image

    def verify(self, reference: str, requirements: Requirements) -> ImageVerdict:
        """Verify an image as `pycosign verify` does."""
        return verify_image(
            reference,
            registry=self.registry,
            trust=self.sandbox.trust,
            requirements=requirements,
            now=self.sandbox.now(),
        )


def tell(teller: Teller, deadline: "Deadline") -> None:
    """The whole story. Everything it starts and writes is gone when it returns, however it returns."""
    from pycosign.net.http import HttpClient
    from pycosign.oci.client import RegistryClient
    from pycosign.testing import Sandbox

    with tempfile.TemporaryDirectory(prefix="pycosign-demo-") as directory:
        teller.step("Start a Sigstore of its own")
        with Sandbox() as sandbox:
            for name, url in sandbox.urls.items():
                teller.line(name, url)
            http = HttpClient(deadline)
            layout = LayoutRegistry(str(Path(directory) / "layout"))
            scene = Scene(sandbox, RegistryClient(http), layout, teller, deadline)
            _act(scene, http)
        teller.step("Clean up")
        teller.line("stopped", "the Sigstore and its registry")
    teller.line("removed", "everything that was written")


def _act(scene: Scene, http: object) -> None:
    teller = scene.teller
    teller.step("Build an image and push it")
    image = scene.push("hello", TAG)
    good = f"{scene.repository}@{image.digest}"
    teller.line("pushed", f"{scene.repository}:{TAG}")
    teller.line("digest", image.digest)
    bundle = _sign_keyless(scene, http)
    key = _sign_with_key(scene, http, good)
    _verify(scene, good, key)
    _show_log_and_tree(scene, good)
    _cheat(scene, good, bundle)


def _context(scene: Scene, http: object, means: KeylessSigning | KeySigning) -> SigningContext:
    services = services_from_config(scene.sandbox.signing_config, now=scene.sandbox.now())
    return SigningContext(
        means,
        services,
        clock=scene.sandbox.now,
        http=http,  # type: ignore[arg-type]  # an HttpClient; importing it costs what only this command needs
        trust=scene.sandbox.trust,
    )
