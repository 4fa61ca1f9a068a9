"""Sign and verify images in a registry: bundles, legacy tags, both together, and what must be refused."""

import pytest

from pycosign.errors import (
    ImageNotFoundError,
    MalformedError,
    NoMatchingSignaturesError,
    NoSignaturesError,
    UnavailableError,
)
from pycosign.flows.download import download_signatures
from pycosign.flows.log_search import search_log
from pycosign.flows.sign_image import ImageSigning, SignedImage, sign_image
from pycosign.flows.tree import image_tree
from pycosign.flows.triangulate import triangulate
from pycosign.flows.verify_image import ImageVerdict, SignaturePlace, verify_image
from pycosign.oci.attach import append_signature, push_bundle
from pycosign.oci.client import RegistryClient
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.wire.bundle import parse_bundle
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE
from pycosign.wire.legacy import SIGNATURE_ANNOTATION
from pycosign.wire.oci_manifest import Descriptor
from pycosign.wire.reference import parse_reference
from tests.flows.tools import EMAIL, NO_SERVICES, Workshop, key_requirements, new_key

KINDS = ["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048"]


@pytest.fixture
def image(workshop: Workshop, request: pytest.FixtureRequest) -> str:
    """A fresh image under a repository of the test's own."""
    name = "".join(c for c in request.node.name.lower() if c.isalnum())[:60]
    return workshop.push_image(f"t/{name}", content=name.encode())


@pytest.mark.parametrize("log", ["rekor-v1", "rekor-v2"])
def test_a_keyless_bundle_is_found_and_verified(workshop: Workshop, image: str, log: str) -> None:
    (signed,) = sign_image(image, registry=workshop.registry, context=workshop.keyless(workshop.services(log)))
    assert signed.was_tag
    verdict = verify_image(
        image, registry=workshop.registry, trust=workshop.trust, requirements=workshop.identity(), now=workshop.now
    )
    assert verdict.digest == signed.digest
    (accepted,) = verdict.accepted
    assert accepted.verified.identity == EMAIL
    assert accepted.kind == "bundle"
    assert accepted.document == signed.bundle
    assert accepted.source == signed.stored_digest


@pytest.mark.parametrize("log", ["rekor-v1", "rekor-v2", "none"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_signs_images(workshop: Workshop, image: str, kind: str, log: str) -> None:
    signer = new_key(kind)
    sign_image(image, registry=workshop.registry, context=workshop.keyed(signer, workshop.services(log)))
    waivers = (Waiver.TLOG,) if log == "none" else ()
    verdict = verify_image(
        image,
        registry=workshop.registry,
        trust=workshop.trust,
        requirements=key_requirements(signer.public_key, *waivers),
        now=workshop.now,
    )
    assert verdict.accepted[0].verified.key == signer.public_key


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("log", ["rekor-v1", "none"])
def test_legacy_signatures_of_every_kind_of_key(workshop: Workshop, image: str, kind: str, log: str) -> None:
    signer = new_key(kind)
    how = ImageSigning(legacy=True, annotations={"env": "prod"})
    (signed,) = sign_image(
        image, registry=workshop.registry, context=workshop.keyed(signer, workshop.services(log)), how=how
    )
    waivers = (Waiver.TLOG,) if log == "none" else ()
    requirements = key_requirements(signer.public_key, *waivers, annotations={"env": "prod"})
    verdict = verify_image(
        image, registry=workshop.registry, trust=workshop.trust, requirements=requirements, now=workshop.now
    )
    (accepted,) = verdict.accepted
    assert accepted.kind == "legacy"
    assert accepted.document == signed.payloads[0].payload


def test_a_legacy_keyless_signature(workshop: Workshop, image: str) -> None:
    how = ImageSigning(legacy=True)
    sign_image(image, registry=workshop.registry, context=workshop.keyless(workshop.v1), how=how)
    verdict = verify_image(
        image, registry=workshop.registry, trust=workshop.trust, requirements=workshop.identity(), now=workshop.now
    )
    assert verdict.accepted[0].verified.identity == EMAIL


def test_bundles_and_legacy_signatures_are_both_read(workshop: Workshop, image: str) -> None:
    signer = new_key()
    context = workshop.keyed(signer, NO_SERVICES)
    sign_image(image, registry=workshop.registry, context=context)
    sign_image(image, registry=workshop.registry, context=context, how=ImageSigning(legacy=True))
    sign_image(image, registry=workshop.registry, context=workshop.keyed(new_key(), NO_SERVICES))
    verdict = verify_image(
        image,
        registry=workshop.registry,
        trust=None,
        requirements=key_requirements(signer.public_key, Waiver.TLOG),
        now=workshop.now,
    )
    assert sorted(item.kind for item in verdict.accepted) == ["bundle", "legacy"]
    assert len(verdict.refused) == 1


def test_signing_twice_with_a_key_and_no_log_adds_one_legacy_layer(workshop: Workshop, image: str) -> None:
    context = workshop.keyed(new_key(), NO_SERVICES)
    for _ in range(2):
        sign_image(image, registry=workshop.registry, context=context, how=ImageSigning(legacy=True))
    assert len(download_signatures(image, registry=workshop.registry)) == 1


def test_an_index_is_signed_with_everything_in_it_when_asked(workshop: Workshop) -> None:
    signer = new_key()
    index = workshop.push_index("t/index", b"one", b"two")
    context = workshop.keyed(signer, NO_SERVICES)
    signed = sign_image(index, registry=workshop.registry, context=context, how=ImageSigning(recursive=True))
    assert len(signed) == 3
    for item in signed:
        verify_image(
            item.reference.name,
            registry=workshop.registry,
            trust=None,
            requirements=key_requirements(signer.public_key, Waiver.TLOG),
            now=workshop.now,
        )


def test_wrong_annotations_identity_and_key_are_refused_with_their_causes(workshop: Workshop, image: str) -> None:
    signer = new_key()
    how = ImageSigning(annotations={"env": "prod"})
    sign_image(image, registry=workshop.registry, context=workshop.keyed(signer, NO_SERVICES), how=how)
    wanted = [
        (key_requirements(signer.public_key, Waiver.TLOG, annotations={"env": "test"}), "annotation.mismatch"),
        (key_requirements(new_key().public_key, Waiver.TLOG), "key.mismatch"),
        (workshop.identity(Waiver.TLOG), "key.mismatch"),
    ]
    for requirements, code in wanted:
        with pytest.raises(NoMatchingSignaturesError) as caught:
            verify_image(
                image, registry=workshop.registry, trust=workshop.trust, requirements=requirements, now=workshop.now
            )
        assert [cause.code for cause in caught.value.causes] == [code]
        assert caught.value.exit_status == 1


def test_refused_legacy_signatures_end_with_status_12(workshop: Workshop, image: str) -> None:
    context = workshop.keyed(new_key(), NO_SERVICES)
    sign_image(image, registry=workshop.registry, context=context, how=ImageSigning(legacy=True))
    with pytest.raises(NoMatchingSignaturesError) as caught:
        verify_image(
            image,
            registry=workshop.registry,
            trust=None,
            requirements=key_requirements(new_key().public_key, Waiver.TLOG),
            now=workshop.now,
        )
    assert caught.value.exit_status == 12


def test_unsigned_and_missing_images_have_statuses_of_their_own(workshop: Workshop, image: str) -> None:
    requirements = workshop.identity()
    with pytest.raises(NoSignaturesError) as none:
        verify_image(
            image, registry=workshop.registry, trust=workshop.trust, requirements=requirements, now=workshop.now
        )
    assert none.value.exit_status == 10
    with pytest.raises(ImageNotFoundError) as missing:
        verify_image(
            image.replace("latest", "absent"),
            registry=workshop.registry,
            trust=workshop.trust,
            requirements=requirements,
            now=workshop.now,
        )
    assert missing.value.exit_status == 11


def test_a_registry_that_does_not_answer_is_unavailable_never_unsigned(workshop: Workshop, image: str) -> None:
    class Deaf(RegistryClient):
        def referrers(self, repository: str, digest: str) -> tuple[Descriptor, ...]:
            raise UnavailableError("the registry is away")

    deaf = Deaf.__new__(Deaf)
    deaf.__dict__.update(workshop.registry.__dict__)
    requirements = workshop.identity()
    with pytest.raises(UnavailableError) as caught:
        verify_image(image, registry=deaf, trust=workshop.trust, requirements=requirements, now=workshop.now)
    assert caught.value.exit_status == 20
    # a good legacy signature is enough all the same
    sign_image(image, registry=workshop.registry, context=workshop.keyless(workshop.v1), how=ImageSigning(legacy=True))
    verdict = verify_image(image, registry=deaf, trust=workshop.trust, requirements=requirements, now=workshop.now)
    assert len(verdict.accepted) == 1


def test_a_signature_moved_to_another_image_is_refused(workshop: Workshop, image: str) -> None:
    (signed,) = sign_image(image, registry=workshop.registry, context=workshop.keyless(workshop.v2))
    other = workshop.push_image("t/othermoved", content=b"another")
    subject = workshop.registry.resolve(parse_reference(other))
    assert signed.bundle is not None
    push_bundle(
        workshop.registry,
        parse_reference(other).context,
        subject,
        signed.bundle,
        predicate_type=COSIGN_SIGN_PREDICATE,
        created=workshop.now,
    )
    with pytest.raises(NoMatchingSignaturesError) as caught:
        verify_image(
            other, registry=workshop.registry, trust=workshop.trust, requirements=workshop.identity(), now=workshop.now
        )
    assert [cause.code for cause in caught.value.causes] == ["artifact.digest-mismatch"]


def test_a_corrupt_bundle_is_reported_and_hides_nothing(workshop: Workshop, image: str) -> None:
    subject = workshop.registry.resolve(parse_reference(image))
    push_bundle(
        workshop.registry,
        parse_reference(image).context,
        subject,
        b'{"mediaType":',
        predicate_type=COSIGN_SIGN_PREDICATE,
        created=workshop.now,
    )
    sign_image(image, registry=workshop.registry, context=workshop.keyless(workshop.v2))
    verdict = verify_image(
        image, registry=workshop.registry, trust=workshop.trust, requirements=workshop.identity(), now=workshop.now
    )
    assert len(verdict.accepted) == 1
    assert isinstance(verdict.refused[0], MalformedError)
    assert verdict.warnings


def test_an_attestation_is_no_signature_unless_asked(workshop: Workshop, image: str) -> None:
    from pycosign.flows.signing import begin_signing, collect_testimony
    from pycosign.sign.assemble import assemble_bundle
    from pycosign.sign.content import sign_statement
    from pycosign.wire.bundle import format_bundle
    from pycosign.wire.intoto import format_sign_statement

    signer = new_key()
    signing = begin_signing(workshop.keyed(signer, NO_SERVICES))
    subject = workshop.registry.resolve(parse_reference(image))
    statement = format_sign_statement(subject.digest.removeprefix("sha256:"), {})
    other = statement.replace(COSIGN_SIGN_PREDICATE.encode(), b"https://example.com/sbom")
    envelope = sign_statement(signer, other)
    bundle = format_bundle(assemble_bundle(envelope, collect_testimony(signing, envelope)))
    push_bundle(
        workshop.registry,
        parse_reference(image).context,
        subject,
        bundle,
        predicate_type="https://example.com/sbom",
        created=workshop.now,
    )
    requirements = key_requirements(signer.public_key, Waiver.TLOG)
    with pytest.raises(NoSignaturesError):
        verify_image(image, registry=workshop.registry, trust=None, requirements=requirements, now=workshop.now)
    verdict = verify_image(
        image,
        registry=workshop.registry,
        trust=None,
        requirements=requirements._replace(allow_any_predicate=True),
        now=workshop.now,
    )
    assert len(verdict.accepted) == 1


def test_signatures_can_live_in_another_repository(workshop: Workshop, image: str) -> None:
    signer = new_key()
    elsewhere = f"{workshop.sandbox.registry}/t/signatures"
    context = workshop.keyed(signer, NO_SERVICES)
    how = ImageSigning(legacy=True, repository=elsewhere)
    sign_image(image, registry=workshop.registry, context=context, how=how)
    requirements = key_requirements(signer.public_key, Waiver.TLOG)
    place = SignaturePlace(repository=elsewhere)
    verdict = verify_image(
        image, registry=workshop.registry, trust=None, requirements=requirements, now=workshop.now, place=place
    )
    assert verdict.accepted
    with pytest.raises(NoSignaturesError):
        verify_image(image, registry=workshop.registry, trust=None, requirements=requirements, now=workshop.now)


def test_nothing_is_pushed_when_the_caller_cannot_keep_the_bundle(workshop: Workshop, image: str) -> None:
    def refuse(signed: SignedImage) -> None:
        assert signed.bundle is not None
        raise OSError("disk full")

    context = workshop.keyed(new_key(), NO_SERVICES)
    with pytest.raises(OSError, match="disk full"):
        sign_image(image, registry=workshop.registry, context=context, before_push=refuse)
    assert image_tree(image, registry=workshop.registry).groups == ()


def test_without_upload_a_digest_is_signed_without_asking_the_registry(workshop: Workshop) -> None:
    name = f"{workshop.sandbox.registry}/t/absent@sha256:" + "0" * 64
    how = ImageSigning(upload=False)
    (signed,) = sign_image(name, registry=workshop.registry, context=workshop.keyed(new_key(), NO_SERVICES), how=how)
    assert signed.bundle is not None
    assert parse_bundle(signed.bundle).key_hint
    assert signed.stored_in is None


def test_tree_download_and_triangulate_show_what_is_stored(workshop: Workshop, image: str) -> None:
    (signed,) = sign_image(image, registry=workshop.registry, context=workshop.keyless(workshop.v2))
    assert download_signatures(image, registry=workshop.registry) == (signed.bundle,)
    sign_image(image, registry=workshop.registry, context=workshop.keyless(workshop.v1), how=ImageSigning(legacy=True))
    tree = image_tree(image, registry=workshop.registry)
    assert [(group.kind, group.label) for group in tree.groups] == [
        ("signatures", ""),
        ("referrer", COSIGN_SIGN_PREDICATE),
    ]
    place = triangulate(image, registry=workshop.registry)
    assert place == tree.groups[0].place
    assert place.endswith(signed.digest.replace(":", "-") + ".sig")
    assert triangulate(image, registry=workshop.registry, kind="digest") == signed.reference.name


def test_download_of_an_unsigned_image_says_so(workshop: Workshop, image: str) -> None:
    with pytest.raises(NoSignaturesError, match="no signatures associated") as caught:
        download_signatures(image, registry=workshop.registry)
    assert caught.value.exit_status == 1


def test_a_legacy_signature_without_its_entry_is_completed_by_the_log(workshop: Workshop, image: str) -> None:
    signer = new_key()
    how = ImageSigning(legacy=True, upload=False)
    digest = workshop.registry.resolve(parse_reference(image)).digest
    target = parse_reference(image).with_digest(digest)
    context = workshop.keyed(signer, workshop.v1._replace(timestamp_urls=()))
    (signed,) = sign_image(target.name, registry=workshop.registry, context=context, how=how)
    stripped = {SIGNATURE_ANNOTATION: signed.payloads[0].annotations[SIGNATURE_ANNOTATION]}
    append_signature(workshop.registry, target.context, digest, signed.payloads[0].payload, stripped)
    asked: list[Evidence] = []

    def verdict_for(requirements: Requirements, *, online: bool) -> ImageVerdict:
        def search(evidence: Evidence) -> Evidence:
            asked.append(evidence)
            rekor_url = workshop.v1.logs[0].url
            return search_log(evidence, http=workshop.http, rekor_url=rekor_url, requirements=requirements)

        return verify_image(
            image,
            registry=workshop.registry,
            trust=workshop.trust,
            requirements=requirements,
            now=workshop.now,
            search=search if online else None,
        )

    requirements = key_requirements(signer.public_key)
    assert verdict_for(requirements, online=True).accepted[0].verified.log_entries
    with pytest.raises(NoMatchingSignaturesError) as caught:
        verdict_for(requirements, online=False)
    assert [cause.code for cause in caught.value.causes] == ["tlog.missing"]
    asked.clear()
    with pytest.raises(NoMatchingSignaturesError):
        verdict_for(key_requirements(new_key().public_key), online=True)
    assert not asked  # a signature of another key is no reason to ask


@pytest.mark.parametrize("legacy", [False, True])
def test_an_image_that_is_named_by_digest_need_not_be_where_its_signatures_are(
    workshop: Workshop, image: str, legacy: bool
) -> None:
    """As Cosign: signatures are mirrored without the images, and an image may be gone, or behind a wall."""
    signer, place = new_key(), f"{workshop.sandbox.registry}/t/mirrored-signatures"
    how = ImageSigning(legacy=legacy, repository=place)
    (signed,) = sign_image(image, registry=workshop.registry, context=workshop.keyed(signer, NO_SERVICES), how=how)

    def verified(text: str) -> ImageVerdict:
        requirements = key_requirements(signer.public_key, Waiver.TLOG)
        where = SignaturePlace(repository=place)
        return verify_image(
            text, registry=workshop.registry, trust=None, requirements=requirements, now=workshop.now, place=where
        )

    assert verified(f"registry.invalid/a/b@{signed.digest}").digest == signed.digest
    with pytest.raises(UnavailableError):
        verified("registry.invalid/a/b:v1")
    with pytest.raises(NoSignaturesError):
        verified("registry.invalid/a/b@sha256:" + "0" * 64)
