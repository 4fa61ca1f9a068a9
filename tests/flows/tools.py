"""What flow tests need again and again: contexts for signing, requirements, images in the sandbox's registry."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pycosign.clients.oidc import parse_identity_token
from pycosign.crypto.keys import PublicKey
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.flows.signing import KeylessSigning, KeySigning, SigningContext
from pycosign.instances.services import services_from_config
from pycosign.net.http import HttpClient
from pycosign.oci.client import RegistryClient
from pycosign.oci.docker_config import ANONYMOUS
from pycosign.sign.services import SigningServices
from pycosign.testing import Sandbox
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.trust import compile_trust
from pycosign.wire.oci_manifest import OCI_CONFIG, OCI_MANIFEST, Descriptor, format_index, format_manifest

EMAIL = "signer@example.com"
NO_SERVICES = SigningServices()


class Workshop:
    """A sandbox with everything around it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = HttpClient()  # no deadline of its own: the session may be long
        self.registry = RegistryClient(self.http, lambda repository: ANONYMOUS)
        self.trust = compile_trust(sandbox.trust)
        self.v2 = services_from_config(sandbox.signing_config, now=self.now)
        self.v1 = services_from_config(sandbox.signing_config_rekor_v1, now=self.now)

    @property
    def now(self) -> datetime:
        return self.sandbox.now

    def services(self, name: str) -> SigningServices:
        return {"rekor-v1": self.v1, "rekor-v2": self.v2, "none": NO_SERVICES}[name]

    def keyless(self, services: SigningServices, **changes: Any) -> SigningContext:
        token = parse_identity_token(self.sandbox.token(EMAIL))
        context = SigningContext(KeylessSigning(token), services, self.sandbox.clock, http=self.http, trust=self.trust)
        return context._replace(**changes)

    def keyed(self, signer: LocalSigner, services: SigningServices, **changes: Any) -> SigningContext:
        context = SigningContext(KeySigning(signer), services, self.sandbox.clock, http=self.http, trust=self.trust)
        return context._replace(**changes)

    def identity(self, *waivers: Waiver, email: str = EMAIL, issuer: str | None = None) -> Requirements:
        who = SignerIdentity(TextRule(email), TextRule(issuer or self.sandbox.issuer))
        return Requirements(who, waivers=frozenset(waivers))

    def push_image(self, name: str, tag: str = "latest", *, content: bytes = b"hello") -> str:
        """Push a small image; returns `host:port/NAME:TAG`."""
        repository = f"{self.sandbox.registry}/{name}"
        raw = self.push_manifest(repository, content)
        self.registry.push_manifest(repository, raw, OCI_MANIFEST, tag=tag)
        return f"{repository}:{tag}"

    def push_manifest(self, repository: str, content: bytes) -> bytes:
        config = self.registry.push_blob(repository, json.dumps({"history": content.decode()}).encode())
        layer = self.registry.push_blob(repository, content)
        raw = format_manifest(
            Descriptor(OCI_CONFIG, config.digest, config.size),
            [Descriptor("application/vnd.oci.image.layer.v1.tar", layer.digest, layer.size)],
        )
        self.registry.push_manifest(repository, raw, OCI_MANIFEST)
        return raw

    def push_index(self, name: str, *contents: bytes) -> str:
        """Push an index over one image per content; returns its reference."""
        from pycosign.wire.oci_manifest import OCI_INDEX, digest_of

        repository = f"{self.sandbox.registry}/{name}"
        raws = [self.push_manifest(repository, content) for content in contents]
        index = format_index([Descriptor(OCI_MANIFEST, digest_of(raw), len(raw)) for raw in raws])
        self.registry.push_manifest(repository, index, OCI_INDEX, tag="latest")
        return f"{repository}:latest"


def key_requirements(key: PublicKey, *waivers: Waiver, annotations: Mapping[str, str] | None = None) -> Requirements:
    return Requirements(SignerKey(key), waivers=frozenset(waivers), annotations=annotations or {})


def new_key(algorithm: str = "ecdsa-p256") -> LocalSigner:
    return generate_signer(algorithm)
