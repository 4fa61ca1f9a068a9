"""What every implementation of `Registry` does, whatever registry is behind it."""

import hashlib
import os
from collections.abc import Iterator

import pytest

from pycosign.errors import ImageNotFoundError, MalformedError, SigningError, UsageError
from pycosign.oci.client import RegistryClient
from pycosign.wire.oci_manifest import OCI_INDEX, OCI_MANIFEST, Descriptor, digest_of, format_index
from pycosign.wire.reference import parse_reference
from tests.oci.conftest import Place, put_image


def test_a_tag_stands_for_what_was_pushed_and_is_read_back_byte_for_byte(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    by_tag = place.registry.resolve(parse_reference(f"{place.repository}:v1"))
    by_digest = place.registry.resolve(parse_reference(f"{place.repository}@{image.digest}"))
    assert by_tag == by_digest == image
    fetched = place.registry.get_manifest(place.repository, "v1")
    assert (digest_of(fetched.raw), fetched.media_type) == (image.digest, OCI_MANIFEST)


def test_a_moved_tag_stands_for_the_new_image(place: Place) -> None:
    put_image(place.registry, place.repository, b"one")
    second = put_image(place.registry, place.repository, b"two")
    assert place.registry.resolve(parse_reference(f"{place.repository}:v1")).digest == second.digest


def test_what_is_not_there_is_not_found(place: Place) -> None:
    put_image(place.registry, place.repository)
    absent = digest_of(b"absent")
    with pytest.raises(ImageNotFoundError) as caught:
        place.registry.resolve(parse_reference(f"{place.repository}:absent"))
    assert caught.value.exit_status == 11
    with pytest.raises(ImageNotFoundError):
        place.registry.get_manifest(place.repository, absent)
    assert place.registry.find_manifest(place.repository, "absent") is None
    assert not place.registry.has_blob(place.repository, absent)
    with pytest.raises(ImageNotFoundError):
        place.registry.get_blob(place.repository, Descriptor("x/y", absent, 6), max_bytes=100)


def test_an_unknown_repository_is_not_found(place: Place) -> None:
    if place.kind == "layout":
        with pytest.raises(UsageError, match="not an OCI image layout"):
            place.registry.find_manifest("a/b", "v1")
        return
    with pytest.raises(ImageNotFoundError):
        place.registry.resolve(parse_reference(f"{place.repository}-never:v1"))
    with pytest.raises(ImageNotFoundError):
        place.registry.list_tags(f"{place.repository}-never")


@pytest.mark.parametrize("size", [0, 1, 100_000, (4 << 20) + 1])
def test_blobs_of_every_size_come_back(place: Place, size: int) -> None:
    content = os.urandom(size)
    descriptor = place.registry.push_blob(place.repository, content)
    assert descriptor == Descriptor("application/octet-stream", digest_of(content), size)
    assert place.registry.has_blob(place.repository, descriptor.digest)
    assert place.registry.get_blob(place.repository, descriptor, max_bytes=size) == content
    assert place.registry.push_blob(place.repository, content) == descriptor


def test_a_blob_can_be_streamed_in_from_a_source(place: Place) -> None:
    pieces = [os.urandom(1 << 20) for _ in range(6)]
    digest = "sha256:" + hashlib.sha256(b"".join(pieces)).hexdigest()
    descriptor = place.registry.push_blob(place.repository, lambda: iter(pieces), digest=digest, size=6 << 20)
    with place.registry.open_blob(place.repository, descriptor) as chunks:
        assert b"".join(chunks) == b"".join(pieces)


def test_a_source_that_is_not_what_it_was_said_to_be_is_not_stored(place: Place) -> None:
    digest = digest_of(b"expected" * 10)

    def source() -> Iterator[bytes]:
        yield b"somebody else's blob" * 4

    with pytest.raises(SigningError):
        place.registry.push_blob(place.repository, source, digest=digest, size=80)
    assert not place.registry.has_blob(place.repository, digest)


def test_a_blob_larger_than_asked_for_is_not_even_fetched(place: Place) -> None:
    descriptor = place.registry.push_blob(place.repository, b"x" * 1000)
    with pytest.raises(MalformedError) as caught:
        place.registry.get_blob(place.repository, descriptor, max_bytes=999)
    assert caught.value.code == "registry.too-large"


@pytest.mark.parametrize("wrong_by", [-1, 1])
def test_a_blob_of_another_size_than_its_descriptor_says_is_refused(place: Place, wrong_by: int) -> None:
    descriptor = place.registry.push_blob(place.repository, b"x" * 1000)
    with pytest.raises(MalformedError) as caught:
        place.registry.get_blob(place.repository, descriptor._replace(size=1000 + wrong_by), max_bytes=2000)
    assert caught.value.code == "registry.digest-mismatch"


def test_tags_are_listed_sorted_and_deleted(place: Place) -> None:
    for tag in ("v2", "v1", "latest"):
        put_image(place.registry, place.repository, tag.encode(), tag=tag)
    assert place.registry.list_tags(place.repository) == ("latest", "v1", "v2")
    assert place.registry.delete_manifest(place.repository, "v2")
    assert place.registry.list_tags(place.repository) == ("latest", "v1")
    assert not place.registry.delete_manifest(place.repository, "v2")


def test_a_deleted_manifest_is_gone(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    assert place.registry.delete_manifest(place.repository, image.digest)
    assert place.registry.find_manifest(place.repository, image.digest) is None
    if place.kind != "crane":  # its tags are copies, which stay
        assert place.registry.find_manifest(place.repository, "v1") is None


def test_an_index_is_kept_like_an_image(place: Place) -> None:
    image = put_image(place.registry, place.repository, tag=None)
    raw = format_index([image._replace(platform={"os": "linux", "architecture": "amd64"})])
    index = place.registry.push_manifest(place.repository, raw, OCI_INDEX, tag="multi")
    resolved = place.registry.resolve(parse_reference(f"{place.repository}:multi"))
    assert (resolved.media_type, resolved.digest) == (OCI_INDEX, index.digest)


def test_an_unsigned_image_has_no_referrers_and_an_unknown_one_neither(place: Place) -> None:
    image = put_image(place.registry, place.repository)
    assert place.registry.referrers(place.repository, image.digest) == ()
    assert place.registry.referrers(place.repository, digest_of(b"unknown")) == ()
    assert place.registry.has_referrers_api(place.repository, image.digest) is place.has_api


def test_a_blob_can_be_sent_in_chunks_or_mounted_from_another_repository(place: Place) -> None:
    if not isinstance(place.registry, RegistryClient) or place.kind == "crane":
        pytest.skip(f"{place.kind} knows no Content-Range chunks")
    content = os.urandom(300_000)
    sent = place.registry.push_blob(place.repository, content, chunk_bytes=100_000)
    assert place.registry.get_blob(place.repository, sent, max_bytes=300_000) == content
    other = f"{place.repository}-other"
    assert place.registry.push_blob(other, content, mount_from=place.repository) == sent
    assert place.registry.get_blob(other, sent, max_bytes=300_000) == content
