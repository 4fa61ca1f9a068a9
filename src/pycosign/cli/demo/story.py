"""The demo's steps, in order. Each does the real thing through the same flows that the commands use."""

import json
import tempfile
from pathlib import Path
from typing import NamedTuple

from pycosign.cli.demo.image import build_image, push_image
from pycosign.cli.demo.teller import Teller
from pycosign.clients.oidc import parse_identity_token
from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.crypto.keys import PublicKey
from pycosign.crypto.signers import generate_signer
from pycosign.errors import NoMatchingSignaturesError, SigningError
from pycosign.flows.sign_image import SignedImage, sign_image
from pycosign.flows.signing import KeylessSigning, KeySigning, SigningContext
from pycosign.flows.tree import image_tree
from pycosign.flows.verify_image import ImageVerdict, verify_image
from pycosign.instances.services import services_from_config
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient
from pycosign.oci.attach import push_bundle
from pycosign.oci.client import RegistryClient
from pycosign.oci.layout import LayoutRegistry
from pycosign.oci.registry import Registry
from pycosign.testing import Sandbox
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule
from pycosign.verify.trust import TrustRoot, compile_trust
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE
from pycosign.wire.oci_manifest import Descriptor

__all__ = ["Scene", "tell"]

ALICE, MALLORY = "alice@example.com", "mallory@example.com"
REPOSITORY, TAG = "demo/app", "1.0"
SERVICES = ("fulcio", "ctlog", "rekor", "rekor_v2", "tsa", "oidc", "tuf", "registry")


class Scene(NamedTuple):
    """What the steps share."""

    sandbox: Sandbox
    trust: TrustRoot
    http: HttpClient
    registry: Registry
    layout: Registry
    teller: Teller

    @property
    def repository(self) -> str:
        return f"{self.sandbox.registry}/{REPOSITORY}"

    def demand(self, email: str) -> Requirements:
        """A certificate for this address, from the sandbox's issuer."""
        return Requirements(SignerIdentity(TextRule(email), TextRule(self.sandbox.issuer)))

    def push(self, greeting: str, tag: str) -> Descriptor:
        """Build an image and push it under a tag."""
        image = build_image(self.layout, greeting=greeting, tag=tag)
        push_image(self.layout, self.registry, image, repository=self.repository, tag=tag)
        return image

    def sign(self, reference: str, means: KeylessSigning | KeySigning) -> SignedImage:
        """Sign an image as `pycosign sign` does."""
        services = services_from_config(self.sandbox.signing_config, now=self.sandbox.now)
        context = SigningContext(means, services, clock=self.sandbox.clock, http=self.http, trust=self.trust)
        return sign_image(reference, registry=self.registry, context=context)[0]

    def verify(self, reference: str, requirements: Requirements) -> ImageVerdict:
        """Verify an image as `pycosign verify` does."""
        return verify_image(
            reference,
            registry=self.registry,
            trust=self.trust,
            requirements=requirements,
            now=self.sandbox.now,
        )


def tell(teller: Teller, deadline: Deadline) -> None:
    """The whole story. Everything that it starts and writes is gone when it returns, however it returns."""
    with tempfile.TemporaryDirectory(prefix="pycosign-demo-") as directory:
        teller.step("Start a Sigstore of its own, in this process")
        with Sandbox() as sandbox, HttpClient(deadline) as http:
            for name in SERVICES:
                teller.line(name, sandbox.urls[name])
            layout = LayoutRegistry(str(Path(directory) / "layout"))
            scene = Scene(sandbox, compile_trust(sandbox.trust), http, RegistryClient(http), layout, teller)
            _tell_of_good_signatures(scene)
            _tell_of_cheating(scene)
        teller.step("Clean up")
        teller.line("stopped", "the Sigstore and its registry")
    teller.line("removed", "everything that was written")


def _tell_of_good_signatures(scene: Scene) -> None:
    teller = scene.teller
    teller.step("Build an image and push it")
    image = scene.push("hello", TAG)
    tagged, pinned = f"{scene.repository}:{TAG}", f"{scene.repository}@{image.digest}"
    teller.line("pushed", tagged)
    teller.line("digest", image.digest)

    teller.step(f"Sign it without a key, as {ALICE}")
    token = parse_identity_token(scene.sandbox.token(ALICE))
    signed = scene.sign(tagged, KeylessSigning(token))
    teller.line("signed", f"{signed.digest} (the tag was resolved once)")
    teller.line("certificate", "for ten minutes, issued to whoever holds the token; its key is already forgotten")

    teller.step("Sign it with a key, too")
    signer = generate_signer("ecdsa-p256")
    scene.sign(pinned, KeySigning(signer))
    teller.line("key", "ECDSA P-256, made for this demo")

    teller.step("Verify")
    _show_verdict(scene, tagged, scene.demand(ALICE))
    _show_key_verdict(scene, tagged, signer.public_key)

    teller.step("What the log and the registry hold")
    _show_log_entry(scene, tagged)
    for group in image_tree(tagged, registry=scene.registry).groups:
        teller.line("referrer", f"{group.place.partition('@')[2]}")


def _show_verdict(scene: Scene, reference: str, requirements: Requirements) -> None:
    verdict = scene.verify(reference, requirements)
    accepted, teller = verdict.accepted[0].verified, scene.teller
    teller.verified(reference)
    teller.line("digest", verdict.digest)
    teller.line("identity", accepted.identity or "")
    teller.line("issuer", accepted.issuer or "")
    for time in accepted.times:
        teller.line("time", f"{time.at:%Y-%m-%dT%H:%M:%SZ} ({time.source} of {time.authority})")
    for entry in accepted.log_entries:
        teller.line("log entry", f"index {entry.log_index} in {entry.log_url}")


def _show_key_verdict(scene: Scene, reference: str, key: PublicKey) -> None:
    verdict = scene.verify(reference, Requirements(SignerKey(key)))
    scene.teller.verified(f"{reference} with the public key")
    for entry in verdict.accepted[0].verified.log_entries:
        scene.teller.line("log entry", f"index {entry.log_index} in {entry.log_url}")


def _show_log_entry(scene: Scene, reference: str) -> None:
    entry = scene.verify(reference, scene.demand(ALICE)).accepted[0].verified.log_entries[0]
    spec = json.loads(entry.body)["spec"]["hashedRekordV002"]
    scene.teller.line("log entry", f"{entry.kind}, proved by {' and '.join(entry.proved_by)} in {entry.origin}")
    scene.teller.line(
        "it holds", f"digest {spec['data']['digest']} ({spec['data']['algorithm']}), signature, certificate"
    )


def _tell_of_cheating(scene: Scene) -> None:
    """Four ways to cheat, each with the code that has to refuse it."""
    good = scene.push("hello", "good")
    accepted = scene.verify(f"{scene.repository}@{good.digest}", scene.demand(ALICE)).accepted[0]
    alice = scene.demand(ALICE)

    scene.teller.step("Cheat: push another image under the same tag")
    evil = scene.push("evil", TAG)
    _expect(scene, "image.no-signatures", f"{scene.repository}:{TAG}", alice)

    scene.teller.step("Cheat: move the stolen signature to the other image")
    _attach(scene, evil, accepted.document)
    _expect(scene, "artifact.digest-mismatch", f"{scene.repository}:{TAG}", alice)

    scene.teller.step("Cheat: edit the signed statement so that it names the other image")
    other = scene.push("evil twin", "edited")
    _attach(scene, other, _edited(accepted.document, good.digest, other.digest))
    _expect(scene, "signature.invalid", f"{scene.repository}:edited", alice)

    scene.teller.step(f"Cheat: say that {MALLORY} signed it")
    _expect(scene, "identity.mismatch", f"{scene.repository}@{good.digest}", scene.demand(MALLORY))


def _attach(scene: Scene, image: Descriptor, bundle: bytes) -> None:
    push_bundle(
        scene.registry,
        scene.repository,
        image,
        bundle,
        predicate_type=COSIGN_SIGN_PREDICATE,
        created=scene.sandbox.now,
    )


def _edited(bundle: bytes, old_digest: str, new_digest: str) -> bytes:
    """The bundle with another digest in its statement, everything else as it was."""
    document = json.loads(bundle)
    envelope = document["dsseEnvelope"]
    statement = decode_b64(envelope["payload"], what="payload").decode()
    replaced = statement.replace(old_digest.removeprefix("sha256:"), new_digest.removeprefix("sha256:"))
    envelope["payload"] = encode_b64(replaced.encode())
    return json.dumps(document).encode()


def _expect(scene: Scene, code: str, reference: str, requirements: Requirements) -> None:
    """Verify, and be content only with a refusal that has this code among its reasons."""
    try:
        scene.verify(reference, requirements)
    except SigningError as error:
        causes = error.causes if isinstance(error, NoMatchingSignaturesError) else (error,)
        for cause in causes:
            if cause.code == code:
                scene.teller.refused(code, str(cause))
                return
        scene.teller.wrong(f"refused with {', '.join(cause.code for cause in causes)} instead of {code}")
        return
    scene.teller.wrong(f"verified; {code} was expected")
