"""Sign an image: the tag is resolved once, the digest is signed, and the result is stored beside the image."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pycosign import limits
from pycosign.errors import InvalidSignatureError, MalformedError, UsageError
from pycosign.flows.signing import (
    KeySigning,
    Signing,
    SigningContext,
    begin_signing,
    check_own_evidence,
    collect_testimony,
)
from pycosign.oci.attach import append_signature, push_bundle
from pycosign.oci.registry import Registry
from pycosign.sign.assemble import Testimony, assemble_bundle, assemble_legacy_bundle, layer_annotations
from pycosign.sign.content import sign_legacy_payload, sign_statement
from pycosign.verify.artifact import image_artifact
from pycosign.verify.evidence import evidence_from_bundle, evidence_from_legacy_layer
from pycosign.wire.bundle import format_bundle, parse_bundle
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE, format_sign_statement
from pycosign.wire.legacy import format_legacy_bundle
from pycosign.wire.oci_manifest import Descriptor, Index, read_manifest
from pycosign.wire.reference import Reference, parse_reference
from pycosign.wire.simplesigning import SimpleSigning, format_simple_signing

__all__ = ["ImageSigning", "SignedImage", "SignedPayload", "sign_image"]


class ImageSigning(NamedTuple):
    """How an image is to be signed and where the signature goes; names as the flags have them."""

    annotations: Mapping[str, str] = {}
    recursive: bool = False  # an index, then each manifest in it
    upload: bool = True
    legacy: bool = False  # a `.sig` layer as Cosign 2 writes it, no bundle
    identities: Sequence[str] = ()  # legacy: --sign-container-identity; one layer for each
    payload: bytes | None = None  # legacy: --payload in place of the generated one
    created: datetime | None = None  # legacy: --record-creation-timestamp; None writes Go's zero time
    repository: str | None = None  # COSIGN_REPOSITORY: store there
    tag_prefix: str = ""  # legacy: --attachment-tag-prefix
    docker_media_types: bool = False  # legacy: COSIGN_DOCKER_MEDIA_TYPES=1


class SignedPayload(NamedTuple):
    """One legacy signature of an image."""

    payload: bytes
    signature: bytes
    annotations: Mapping[str, str]  # of its layer


class SignedImage(NamedTuple):
    """One signed manifest."""

    reference: Reference  # by digest
    digest: str  # "sha256:HEX"
    was_tag: bool  # the caller named a tag; it may have moved since
    public_key_pem: bytes
    certificate_pem: bytes | None
    bundle: bytes | None  # bundle v0.3; legacy: Cosign's JSON if it was logged, else None
    payloads: tuple[SignedPayload, ...] = ()  # legacy
    stored_in: str | None = None  # the repository; None: not uploaded
    stored_digest: str | None = None  # of the bundle's manifest


def sign_image(
    text: str,
    *,
    registry: Registry,
    context: SigningContext,
    how: ImageSigning | None = None,
    before_push: Callable[[SignedImage], None] = lambda signed: None,
) -> tuple[SignedImage, ...]:
    """Sign an image.

    Args:    text: the reference as the user wrote it. before_push: is given each result when it is made and checked,
             before it is stored (to write `--bundle` files: if that fails, nothing was pushed).
    Returns: one result, or with `recursive` one for each manifest, the index first.
    Raises:  MalformedError: the reference; ImageNotFoundError; what `signing` and `oci.attach` raise.
    """
    how = how or ImageSigning()
    reference = parse_reference(text)
    results = []
    for subject in _subjects(reference, registry, how):
        signing = begin_signing(context)
        target = reference.with_digest(subject.digest)
        make = _make_legacy if how.legacy else _make_bundle
        signed = make(target, signing, how)._replace(was_tag=reference.digest is None)
        before_push(signed)
        if how.upload:
            context.progress(f"Pushing signature to: {how.repository or target.context}")
            signed = (_push_legacy if how.legacy else _push_bundle)(signed, subject, registry, signing, how)
        results.append(signed)
    return tuple(results)


def _subjects(reference: Reference, registry: Registry, how: ImageSigning) -> list[Descriptor]:
    """What to sign. A digest that is neither uploaded to nor looked into needs no registry."""
    if reference.digest is not None and not how.recursive and (how.legacy or not how.upload):
        return [Descriptor("", reference.digest, 0)]
    top = registry.resolve(reference)
    return _walk(registry, reference.context, top) if how.recursive else [top]


def _walk(registry: Registry, repository: str, top: Descriptor) -> list[Descriptor]:
    """A manifest and everything in it, parents first, each once. An index may hold indexes, as deep as it likes."""
    found: dict[str, Descriptor] = {}
    waiting = [top]
    while waiting:
        subject = waiting.pop()
        if subject.digest in found:
            continue
        found[subject.digest] = subject
        what = f"manifest {repository}@{subject.digest}"
        if len(found) > limits.MANIFESTS_PER_INDEX:
            problem = f"holds more than {limits.MANIFESTS_PER_INDEX} manifests"
            raise MalformedError(f"index {repository}@{top.digest}", problem, code="registry.too-many")
        fetched = registry.get_manifest(repository, subject.digest)
        document = read_manifest(fetched.raw, media_type=fetched.media_type, what=what)
        if isinstance(document, Index):
            waiting += reversed(document.manifests)
    return list(found.values())


def _make_bundle(target: Reference, signing: Signing, how: ImageSigning) -> SignedImage:
    assert target.digest is not None
    algorithm, _, digest_hex = target.digest.partition(":")
    statement = format_sign_statement(digest_hex, how.annotations, algorithm=algorithm)
    envelope = sign_statement(signing.signer, statement, log_version=signing.log_version)
    testimony = collect_testimony(signing, envelope)
    bundle = format_bundle(assemble_bundle(envelope, testimony))
    check_own_evidence(signing, evidence_from_bundle(parse_bundle(bundle)), image_artifact(target.digest))
    return SignedImage(
        reference=target,
        digest=target.digest,
        was_tag=False,
        public_key_pem=signing.public_key.pem(),
        certificate_pem=testimony.certificate_pem,
        bundle=bundle,
    )


def _push_bundle(
    signed: SignedImage, subject: Descriptor, registry: Registry, signing: Signing, how: ImageSigning
) -> SignedImage:
    assert signed.bundle is not None
    repository = how.repository or signed.reference.context
    pushed = push_bundle(
        registry,
        repository,
        subject,
        signed.bundle,
        predicate_type=COSIGN_SIGN_PREDICATE,
        created=signing.context.clock(),
    )
    return signed._replace(stored_in=repository, stored_digest=pushed.digest)


def _make_legacy(target: Reference, signing: Signing, how: ImageSigning) -> SignedImage:
    assert target.digest is not None
    if len(signing.context.services.logs) > 1 or signing.log_version == 2:
        raise UsageError("the legacy format holds one entry of a Rekor v1 log", hint="use the bundle format")
    testimony = Testimony(signing.public_key)
    signatures: list[SignedPayload] = []
    bundle = None
    for payload in _payloads(target, how):
        content = sign_legacy_payload(signing.signer, payload, logged=signing.is_logged)
        testimony = collect_testimony(signing, content, chain_der=testimony.chain_der)
        annotations = layer_annotations(content.signature, testimony)
        check_own_evidence(signing, evidence_from_legacy_layer(payload, annotations), image_artifact(target.digest))
        signatures.append(SignedPayload(payload, content.signature, annotations))
        if testimony.entries and bundle is None:
            bundle = format_legacy_bundle(assemble_legacy_bundle(content.signature, testimony))
    return SignedImage(
        reference=target,
        digest=target.digest,
        was_tag=False,
        public_key_pem=signing.public_key.pem(),
        certificate_pem=testimony.certificate_pem,
        bundle=bundle,
        payloads=tuple(signatures),
    )


def _payloads(target: Reference, how: ImageSigning) -> list[bytes]:
    assert target.digest is not None
    if how.payload is not None:
        return [how.payload]
    optional = dict(how.annotations) or None
    names = how.identities or (target.context,)
    return [format_simple_signing(SimpleSigning(name, target.digest, optional=optional)) for name in names]


def _push_legacy(
    signed: SignedImage, subject: Descriptor, registry: Registry, signing: Signing, how: ImageSigning
) -> SignedImage:
    repository = how.repository or signed.reference.context
    for item in signed.payloads:
        append_signature(
            registry,
            repository,
            subject.digest,
            item.payload,
            item.annotations,
            is_same_signer=_same_key(signing),
            prefix=how.tag_prefix,
            created=how.created,
            docker_media_types=how.docker_media_types,
        )
    return signed._replace(stored_in=repository)


def _same_key(signing: Signing) -> Callable[[bytes, str], bool] | None:
    """Whether an old signature is of the same key; a key that lives for one signature has no older ones."""
    if not isinstance(signing.context.means, KeySigning):
        return None
    key = signing.public_key

    def verifies(payload: bytes, signature_b64: str) -> bool:
        from pycosign.codec.b64 import decode_b64

        try:
            signature = decode_b64(signature_b64, what="signature")
        except MalformedError:
            return False
        for hash_name in (None, "sha512") if key.kind == "ed25519" else (None, "sha256"):
            try:
                key.verify(signature, payload, hash_name=hash_name)
            except InvalidSignatureError:
                continue
            return True
        return False

    return verifies
