"""What is verified is what was asked for and what will be run: tags that move, and services that name their keys."""

from typing import Any

import pytest

from pycosign.crypto.signers import generate_signer
from pycosign.errors import MalformedError, NoMatchingSignaturesError, NoSignaturesError
from pycosign.flows.log_search import search_log
from pycosign.flows.sign_image import ImageSigning, sign_image
from pycosign.flows.verify_image import verify_image
from pycosign.net.exchange import Response
from pycosign.net.http import HttpClient
from pycosign.oci.attach import append_signature
from pycosign.oci.client import RegistryClient
from pycosign.oci.registry import FetchedManifest
from pycosign.verify.evidence import Evidence
from pycosign.verify.trust import trust_from_material
from pycosign.wire.legacy import SIGNATURE_ANNOTATION
from pycosign.wire.oci_manifest import OCI_INDEX, OCI_MANIFEST, Descriptor, digest_of, format_index
from pycosign.wire.reference import Reference, parse_reference
from tests.flows.tools import NO_SERVICES, Workshop, key_requirements, new_key


class MovingTag(RegistryClient):
    """A registry whose tag shows the signed image to who asks first, and the attacker's ever after."""

    def __init__(self, inner: RegistryClient, tag: str, attackers: bytes) -> None:
        self.__dict__.update(inner.__dict__)
        self._tag, self._attackers = tag, attackers
        self.asked = 0

    def resolve(self, reference: Reference) -> Descriptor:
        found = super().resolve(reference)
        self._move(reference.context, reference.identifier)
        return found

    def get_manifest(self, repository: str, reference: str) -> FetchedManifest:
        found = super().get_manifest(repository, reference)
        self._move(repository, reference)
        return found

    def find_manifest(self, repository: str, reference: str) -> FetchedManifest | None:
        found = super().find_manifest(repository, reference)
        self._move(repository, reference)
        return found

    def _move(self, repository: str, reference: str) -> None:
        if reference == self._tag:
            self.asked += 1
            self.push_manifest(repository, self._attackers, OCI_MANIFEST, tag=self._tag)


def test_the_digest_in_the_answer_is_the_one_whose_signature_was_verified(workshop: Workshop) -> None:
    """CVE-2022-47633, CVE-2023-47630: a tag was looked up twice, once to verify and once to run."""
    image = workshop.push_image("t/moving", content=b"signed")
    reference = parse_reference(image)
    signed_digest = workshop.registry.resolve(reference).digest
    sign_image(image, registry=workshop.registry, context=workshop.keyless(workshop.v2))
    attackers = workshop.push_manifest(reference.context, b"attackers")
    moving = MovingTag(workshop.registry, reference.identifier, attackers)
    verdict = verify_image(
        image, registry=moving, trust=workshop.trust, requirements=workshop.identity(), now=workshop.now
    )
    assert workshop.registry.resolve(reference).digest != signed_digest, "the tag has moved"
    assert verdict.digest == signed_digest
    assert moving.asked <= 2, "the tag is looked up once (by its name, and the manifest that it names)"
    with pytest.raises(NoSignaturesError):
        verify_image(image, registry=moving, trust=workshop.trust, requirements=workshop.identity(), now=workshop.now)


class NotingClient(HttpClient):
    """Notes every URL that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def request(self, method: str, url: str, **more: Any) -> Response:
        self.urls.append(url)
        return super().request(method, url, **more)


def test_a_log_that_is_asked_for_an_entry_is_not_asked_for_its_key(workshop: Workshop) -> None:
    """CVE-2023-47122: gitsign verified what Rekor answered with the keys that the same Rekor handed out."""
    image = workshop.push_image("t/ownkeys", content=b"own keys")
    signer = new_key()
    target = parse_reference(image).with_digest(workshop.registry.resolve(parse_reference(image)).digest)
    context = workshop.keyed(signer, workshop.v1._replace(timestamp_urls=()))
    (signed,) = sign_image(
        target.name, registry=workshop.registry, context=context, how=ImageSigning(legacy=True, upload=False)
    )
    (payload,) = signed.payloads
    stripped = {SIGNATURE_ANNOTATION: payload.annotations[SIGNATURE_ANNOTATION]}
    append_signature(workshop.registry, target.context, str(target.digest), payload.payload, stripped)
    requirements = key_requirements(signer.public_key)
    http = NotingClient()
    with http:

        def search(evidence: Evidence) -> Evidence:
            return search_log(evidence, http=http, rekor_url=workshop.v1.logs[0].url, requirements=requirements)

        others = trust_from_material(rekor_keys_pem=(generate_signer().public_key.pem(),))
        with pytest.raises(NoMatchingSignaturesError) as caught:
            verify_image(
                image,
                registry=workshop.registry,
                trust=others,
                requirements=requirements,
                now=workshop.now,
                search=search,
            )
    assert [cause.code for cause in caught.value.causes] == ["tlog.unknown-log"]
    assert http.urls, "the log was asked for the entry"
    assert [url for url in http.urls if "publicKey" in url or url.rstrip("/").endswith("/log")] == []


class Tower(RegistryClient):
    """A registry with an index in an index in an index, as deep as it is high."""

    def __init__(self, height: int) -> None:
        self.raws: dict[str, bytes] = {}
        held: list[Descriptor] = []
        for _ in range(height):
            raw = format_index(held)
            self.top = Descriptor(OCI_INDEX, digest_of(raw), len(raw))
            self.raws[self.top.digest] = raw
            held = [self.top]

    def resolve(self, reference: Reference) -> Descriptor:
        return self.top

    def get_manifest(self, repository: str, reference: str) -> FetchedManifest:
        return FetchedManifest(self.raws[reference], OCI_INDEX, reference)


def test_an_index_in_an_index_without_end_is_refused_before_anything_is_signed(workshop: Workshop) -> None:
    context = workshop.keyed(new_key(), NO_SERVICES)
    with pytest.raises(MalformedError) as caught:
        sign_image("localhost:1/t/tower", registry=Tower(1500), context=context, how=ImageSigning(recursive=True))
    assert caught.value.code == "registry.too-many"
