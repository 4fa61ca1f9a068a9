"""Signatures beside an image, put there and found again."""

import json
import threading
from binascii import b2a_base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pycosign import limits
from pycosign.errors import MalformedError, UnavailableError
from pycosign.oci.attach import append_signature, find_bundles, find_layers, push_bundle, signature_tag
from pycosign.oci.layout import LayoutRegistry
from pycosign.oci.referrers import add_to_fallback_tag, from_fallback_tag
from pycosign.wire.bundle import BUNDLE_V03_MEDIA_TYPE
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE
from pycosign.wire.legacy import BUNDLE_ANNOTATION, SIGNATURE_ANNOTATION
from pycosign.wire.oci_manifest import (
    EMPTY_JSON,
    EMPTY_MEDIA_TYPE,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    attachment_tag,
    digest_of,
    fallback_tag,
    format_index,
    format_manifest,
    parse_index,
    parse_manifest,
)
from pycosign.wire.simplesigning import SIMPLE_SIGNING_MEDIA_TYPE
from tests.oci.conftest import Place, put_image

CREATED = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def push(place: Place, image: Descriptor, content: bytes) -> Descriptor:
    return push_bundle(
        place.registry,
        place.repository,
        image,
        content,
        predicate_type=COSIGN_SIGN_PREDICATE,
        created=CREATED,
    )


def push_referrer(place: Place, image: Descriptor, layer: Descriptor, kind: str, listed: str | None) -> None:
    """Attach a manifest with one layer as other tools may. listed: its type in a fallback index, where that is ours."""
    empty = Descriptor(EMPTY_MEDIA_TYPE, place.registry.push_blob(place.repository, EMPTY_JSON).digest, 2)
    subject = Descriptor(image.media_type, image.digest, image.size)
    raw = format_manifest(empty, [layer], subject=subject, artifact_type=kind)
    pushed = place.registry.push_manifest(place.repository, raw, OCI_MANIFEST)
    if not place.has_api:
        add_to_fallback_tag(place.registry, place.repository, image.digest, pushed._replace(artifact_type=listed))


def test_bundles_are_attached_as_cosign_attaches_them_and_found_again(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    assert find_bundles(place.registry, place.repository, image.digest) == ()
    pushed = [push(place, image, f'{{"bundle":{number}}}'.encode()) for number in (1, 2)]
    found = find_bundles(place.registry, place.repository, image.digest)
    assert {item.bundle for item in found} == {b'{"bundle":1}', b'{"bundle":2}'}
    assert {item.descriptor.digest for item in found} == {entry.digest for entry in pushed}
    assert all(item.problem is None for item in found)
    raw = place.registry.get_manifest(place.repository, pushed[0].digest).raw
    assert list(json.loads(raw)) == [
        "schemaVersion",
        "mediaType",
        "config",
        "layers",
        "annotations",
        "subject",
        "artifactType",
    ]
    manifest = parse_manifest(raw)
    assert manifest.artifact_type == BUNDLE_V03_MEDIA_TYPE
    assert manifest.subject == Descriptor(image.media_type, image.digest, image.size)
    assert manifest.annotations["org.opencontainers.image.created"] == "2026-11-22T12:00:00Z"


def test_the_referrers_list_tells_type_and_annotations(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    push(place, image, b"{}")
    (entry,) = place.registry.referrers(place.repository, image.digest)
    assert entry.artifact_type == BUNDLE_V03_MEDIA_TYPE
    assert entry.annotations["dev.sigstore.bundle.predicateType"] == COSIGN_SIGN_PREDICATE


def test_a_registry_without_the_api_gets_a_fallback_tag_and_no_other(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    pushed = push(place, image, b"{}")
    fallback = place.registry.find_manifest(place.repository, fallback_tag(image.digest))
    if place.has_api:
        assert fallback is None
        return
    assert fallback is not None
    entries = parse_index(fallback.raw).manifests
    assert [entry.digest for entry in entries] == [pushed.digest]
    assert entries[0].artifact_type == BUNDLE_V03_MEDIA_TYPE
    assert entries[0].annotations == pushed.annotations


def test_a_corrupt_bundle_is_reported_beside_the_good_one(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    push(place, image, b"{}")
    if place.kind == "docker-registry":
        pytest.skip("it compares layer sizes itself")
    blob = place.registry.push_blob(place.repository, b"{...}")
    layer = Descriptor(BUNDLE_V03_MEDIA_TYPE, blob.digest, blob.size + 1)  # lies about its size
    push_referrer(place, image, layer, BUNDLE_V03_MEDIA_TYPE, BUNDLE_V03_MEDIA_TYPE)
    found = find_bundles(place.registry, place.repository, image.digest)
    assert sorted(item.bundle is None for item in found) == [False, True]
    (bad,) = [item for item in found if item.problem is not None]
    assert isinstance(bad.problem, MalformedError)
    assert bad.problem.code == "registry.digest-mismatch"


def test_other_referrers_are_no_bundles(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    layer = Descriptor(EMPTY_MEDIA_TYPE, digest_of(EMPTY_JSON), len(EMPTY_JSON))
    push_referrer(place, image, layer, "application/spdx+json", None)  # as old tools: without a type in the list
    assert len(place.registry.referrers(place.repository, image.digest)) == 1
    assert find_bundles(place.registry, place.repository, image.digest) == ()


def test_a_bundle_under_a_type_of_its_own_is_found_where_there_is_no_other(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    blob, kind = place.registry.push_blob(place.repository, b"[1]"), "application/vnd.example.release"
    push_referrer(place, image, Descriptor(BUNDLE_V03_MEDIA_TYPE, blob.digest, blob.size), kind, kind)
    (found,) = find_bundles(place.registry, place.repository, image.digest)
    assert (found.bundle, found.problem) == (b"[1]", None)
    push(place, image, b"[2]")
    assert [item.bundle for item in find_bundles(place.registry, place.repository, image.digest)] == [b"[2]"]


def test_too_many_bundles_are_refused_not_cut_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGNATURES_PER_IMAGE", 2)
    image = put_image(place.registry, place.repository)
    for number in range(3):
        push(place, image, f"[{number}]".encode())
    with pytest.raises(MalformedError) as caught:
        find_bundles(place.registry, place.repository, image.digest)
    assert caught.value.code == "registry.too-many"


def test_as_many_signatures_are_read_as_cosign_reads(tmp_path: Path) -> None:
    """An attested scan a day is hundreds of bundles in a year: the signature among them must still be found."""
    registry, repository = LayoutRegistry(str(tmp_path)), "layout/many"
    image = put_image(registry, repository)
    empty = registry.push_blob(repository, b"{}")
    tag, kind = attachment_tag(image.digest, "sig"), BUNDLE_V03_MEDIA_TYPE
    registry.push_manifest(repository, format_manifest(empty, [empty] * 1000), OCI_MANIFEST, tag=tag)
    assert len(find_layers(registry, repository, image.digest)) == 1000
    for number in range(300):
        layer, notes = Descriptor(kind, empty.digest, empty.size), {"number": str(number)}
        raw = format_manifest(empty, [layer], subject=image, artifact_type=kind, annotations=notes)
        (tmp_path / "blobs" / "sha256" / digest_of(raw).partition(":")[2]).write_bytes(raw)
    assert len(find_bundles(registry, repository, image.digest)) == 300


def test_an_entry_of_a_fallback_index_that_is_gone_is_a_problem_not_silence(place: Place) -> None:
    if place.has_api:
        pytest.skip("the registry keeps the list itself")
    image = put_image(place.registry, place.repository)
    gone = Descriptor(OCI_MANIFEST, "sha256:" + "0" * 64, 100, BUNDLE_V03_MEDIA_TYPE)
    raw = format_index([gone])
    place.registry.push_blob(place.repository, raw)
    with pytest.raises(UnavailableError):  # this registry checks children: the list cannot even be written
        place.registry.push_manifest(place.repository, raw, OCI_INDEX, tag=fallback_tag(image.digest))


def test_an_image_under_the_fallback_tag_is_neither_read_as_a_list_nor_overwritten(place: Place) -> None:
    if place.kind == "layout":
        pytest.skip("layouts have no fallback tag")
    image = put_image(place.registry, place.repository)
    tag = fallback_tag(image.digest)
    put_image(place.registry, place.repository, tag=tag)  # as `cosign copy` does
    assert from_fallback_tag(place.registry, place.repository, image.digest) == ()
    entry = Descriptor(OCI_MANIFEST, image.digest, image.size)
    with pytest.raises(MalformedError) as caught:
        add_to_fallback_tag(place.registry, place.repository, image.digest, entry)
    assert caught.value.code == "registry.fallback-tag"


def test_threads_that_attach_at_once_lose_nothing(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    threads = [threading.Thread(target=push, args=(place, image, f"[{n}]".encode())) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = find_bundles(place.registry, place.repository, image.digest)
    assert {item.bundle for item in found} == {f"[{n}]".encode() for n in range(6)}


# ---- legacy ------------------------------------------------------------------------------------------------------
def signature(text: str) -> dict[str, str]:
    return {SIGNATURE_ANNOTATION: b2a_base64(text.encode(), newline=False).decode()}


def test_legacy_signatures_are_appended_under_the_tag_of_the_digest(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    assert find_layers(place.registry, place.repository, image.digest) == ()
    assert append_signature(place.registry, place.repository, image.digest, b"payload 1", signature("one"))
    assert append_signature(place.registry, place.repository, image.digest, b"payload 2", signature("two"))
    layers = find_layers(place.registry, place.repository, image.digest)
    assert [layer.content for layer in layers] == [b"payload 1", b"payload 2"]
    described = [layer.descriptor for layer in layers]
    assert all(d is not None and d.media_type == SIMPLE_SIGNING_MEDIA_TYPE for d in described)
    assert described[1] is not None
    assert described[1].annotations == signature("two")
    manifest = parse_manifest(place.registry.get_manifest(place.repository, signature_tag(image.digest)).raw)
    config = json.loads(place.registry.get_blob(place.repository, manifest.config, max_bytes=10_000))
    assert config["rootfs"]["diff_ids"] == [d.digest for d in described if d is not None]
    assert config["created"] == "0001-01-01T00:00:00Z"


def test_the_same_signer_does_not_sign_the_same_payload_twice(place: Place) -> None:
    image = put_image(place.registry, place.repository)

    def append(annotations: dict[str, str], *, same: bool) -> bool:
        return append_signature(
            place.registry,
            place.repository,
            image.digest,
            b"payload",
            annotations,
            is_same_signer=lambda payload, text: same,
        )

    assert append(signature("one"), same=True)
    assert not append(signature("another of the same key"), same=True)
    assert append(signature("of another key"), same=False)
    assert append(signature("one") | {BUNDLE_ANNOTATION: "{}"}, same=True)  # each log entry makes a new layer
    assert len(find_layers(place.registry, place.repository, image.digest)) == 3


def test_a_tag_prefix_is_honoured(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    append_signature(place.registry, place.repository, image.digest, b"p", signature("one"), prefix="test-")
    assert find_layers(place.registry, place.repository, image.digest) == ()
    assert len(find_layers(place.registry, place.repository, image.digest, prefix="test-")) == 1
    assert f"test-sha256-{image.digest[7:]}.sig" in place.registry.list_tags(place.repository)


def test_something_unreadable_under_the_signature_tag_is_a_problem_not_none(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    tag = signature_tag(image.digest)
    place.registry.push_manifest(place.repository, format_index([image]), OCI_INDEX, tag=tag)
    (found,) = find_layers(place.registry, place.repository, image.digest)
    assert found.descriptor is None
    assert isinstance(found.problem, MalformedError)


def test_too_many_layers_are_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    image = put_image(place.registry, place.repository)
    for number in range(3):
        append_signature(place.registry, place.repository, image.digest, f"{number}".encode(), signature("x"))
    monkeypatch.setattr(limits, "SIGNATURES_PER_IMAGE", 2)
    with pytest.raises(MalformedError) as caught:
        find_layers(place.registry, place.repository, image.digest)
    assert caught.value.code == "registry.too-many"
    monkeypatch.setattr(limits, "MANIFEST_LAYERS", 3)
    with pytest.raises(MalformedError):
        append_signature(place.registry, place.repository, image.digest, b"more", signature("x"))


def test_a_layer_larger_than_allowed_is_a_problem_of_that_layer(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    append_signature(place.registry, place.repository, image.digest, b"x" * 1000, signature("one"))
    append_signature(place.registry, place.repository, image.digest, b"small", signature("two"))
    large, small = find_layers(place.registry, place.repository, image.digest, max_bytes=999)
    assert isinstance(large.problem, MalformedError)
    assert small.content == b"small"
