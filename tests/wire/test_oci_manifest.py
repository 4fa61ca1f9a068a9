"""Manifests and indexes; and byte for byte what Cosign stores in registries."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign import limits
from pycosign.codec.strict_json import compact_json
from pycosign.errors import MalformedError
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE
from pycosign.wire.legacy import SIGNATURE_ANNOTATION
from pycosign.wire.oci_manifest import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    EMPTY_JSON,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Index,
    Manifest,
    attachment_tag,
    digest_of,
    empty_descriptor,
    fallback_tag,
    format_bundle_manifest,
    format_index,
    format_manifest,
    format_signature_config,
    format_signature_manifest,
    parse_index,
    parse_manifest,
    read_manifest,
)
from pycosign.wire.simplesigning import SIMPLE_SIGNING_MEDIA_TYPE
from tests.recordings import registry_file
from tests.wire.strategies import digests, int64, json_bytes, json_values, names, text_maps, texts

descriptors = st.builds(
    Descriptor,
    media_type=texts,
    digest=digests,
    size=int64,
    artifact_type=st.none() | names,
    annotations=text_maps,
    platform=st.none() | st.dictionaries(texts, json_values, max_size=2),
)
common: dict[str, st.SearchStrategy[Any]] = {
    "subject": st.none() | descriptors,
    "artifact_type": st.none() | names,
    "annotations": text_maps,
}
lists = st.lists(descriptors, max_size=3)


@given(descriptors, lists, st.sampled_from([OCI_MANIFEST, DOCKER_MANIFEST]), st.fixed_dictionaries(common))
def test_manifests_that_we_write_we_read_back(
    config: Descriptor, layers: list[Descriptor], media_type: str, more: dict[str, Any]
) -> None:
    raw = format_manifest(config, layers, media_type=media_type, **more)
    assert parse_manifest(raw) == Manifest(raw, media_type, config, tuple(layers), **more)
    assert parse_manifest(raw, media_type=media_type).digest == digest_of(raw)


@given(lists, st.sampled_from([OCI_INDEX, DOCKER_INDEX]), st.fixed_dictionaries(common))
def test_indexes_that_we_write_we_read_back(manifests: list[Descriptor], media_type: str, more: dict[str, Any]) -> None:
    raw = format_index(manifests, media_type=media_type, **more)
    assert parse_index(raw) == Index(raw, media_type, tuple(manifests), **more)


@given(st.one_of(json_bytes, st.binary()), st.none() | st.sampled_from([OCI_INDEX, OCI_MANIFEST, "text/html"]))
def test_nothing_but_malformed_error_escapes(data: bytes, media_type: str | None) -> None:
    with pytest.raises(MalformedError):
        read_manifest(data, media_type=media_type)


# ---- what Cosign 3.1.2 stored --------------------------------------------------------------------------------------
def test_the_bundle_manifest_of_cosign_is_written_again_byte_for_byte() -> None:
    raw, bundle, image = (registry_file(f"{name}.json") for name in ("bundle-manifest", "bundle", "image-manifest"))
    ours = format_bundle_manifest(
        Descriptor(OCI_MANIFEST, digest_of(image), len(image), annotations={"x": "not written"}),
        bundle_digest=digest_of(bundle),
        bundle_size=len(bundle),
        predicate_type=COSIGN_SIGN_PREDICATE,
        created=datetime(2026, 11, 22, 20, 11, 48, 999, tzinfo=UTC),
    )
    assert ours == raw
    read = parse_manifest(raw)
    assert read.subject == Descriptor(OCI_MANIFEST, digest_of(image), len(image))
    assert read.artifact_type == read.config.artifact_type == "application/vnd.dev.sigstore.bundle.v0.3+json"


def test_the_fallback_index_of_cosign_is_written_again_byte_for_byte() -> None:
    raw, manifest = registry_file("referrers-index.json"), registry_file("bundle-manifest.json")
    artifact_type = "application/vnd.dev.sigstore.bundle.v0.3+json"
    entry = Descriptor(OCI_MANIFEST, digest_of(manifest), len(manifest), artifact_type)
    assert format_index([entry]) == raw
    assert parse_index(raw, media_type=OCI_INDEX).manifests == (entry,)


@pytest.mark.parametrize(
    ("name", "payload", "docker"),
    [("sig-manifest", "sig-payload", False), ("sig-manifest-docker", "sig-payload-plain", True)],
)
def test_the_signature_image_of_cosign_is_written_again_byte_for_byte(name: str, payload: str, docker: bool) -> None:
    raw, content = registry_file(f"{name}.json"), registry_file(f"{payload}.json")
    annotations = {SIGNATURE_ANNOTATION: json.loads(raw)["layers"][0]["annotations"][SIGNATURE_ANNOTATION]}
    layer = Descriptor(SIMPLE_SIGNING_MEDIA_TYPE, digest_of(content), len(content), annotations=annotations)
    config = format_signature_config([layer])
    assert format_signature_manifest([layer], config, docker_media_types=docker) == raw
    assert parse_manifest(raw).layers == (layer,)
    if not docker:
        assert config == registry_file("sig-config.json")


def test_a_creation_time_changes_only_the_top_of_the_config() -> None:
    config = format_signature_config([empty_descriptor()], created=datetime(2026, 1, 2, tzinfo=UTC))
    assert config.startswith(b'{"architecture":"","created":"2026-01-02T00:00:00Z","history":[{"created":"0001-01-01T')


def test_an_image_as_crane_pushed_it_is_read() -> None:
    image = parse_manifest(registry_file("image-manifest.json"), media_type=OCI_MANIFEST)
    assert image.digest == "sha256:6a295431cb16b5250eddda3490173f4d7a62e26ecbc51ee39b06b9be8f05c1fb"
    assert (len(image.layers), image.subject, image.artifact_type, image.annotations) == (1, None, None, {})


def test_tags_of_attachments() -> None:
    digest = "sha256:" + "ab" * 32
    assert attachment_tag(digest, "sig") == f"sha256-{'ab' * 32}.sig"
    assert fallback_tag(digest) == f"sha256-{'ab' * 32}"
    assert digest_of(EMPTY_JSON) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


# ---- types ---------------------------------------------------------------------------------------------------------
def manifest(**change: Any) -> bytes:
    document = json.loads(registry_file("image-manifest.json")) | change
    return compact_json({name: value for name, value in document.items() if value is not ...})


def index(**change: Any) -> bytes:
    document = json.loads(registry_file("referrers-index.json")) | change
    return compact_json({name: value for name, value in document.items() if value is not ...})


def test_a_document_that_does_not_name_its_type_is_what_was_announced_or_what_its_members_tell() -> None:
    assert read_manifest(manifest(mediaType=...)).media_type == OCI_MANIFEST
    assert read_manifest(manifest(mediaType=...), media_type=DOCKER_MANIFEST).media_type == DOCKER_MANIFEST
    assert read_manifest(manifest(mediaType=...), media_type="text/plain").media_type == OCI_MANIFEST
    assert read_manifest(index(mediaType=...)).media_type == OCI_INDEX
    assert read_manifest(index(mediaType=""), media_type=DOCKER_INDEX).media_type == DOCKER_INDEX


@pytest.mark.parametrize(
    ("raw", "announced", "problem"),
    [
        (manifest(), OCI_INDEX, ".mediaType is 'application/vnd.oci.image.manifest.v1+json', but it was announced"),
        (manifest(), DOCKER_MANIFEST, ".mediaType is 'application/vnd.oci.image.manifest.v1+json', but it was"),
        (manifest(mediaType=...), OCI_INDEX, " is an index, and has the layers or config of a manifest"),
        (index(mediaType=...), OCI_MANIFEST, " is a manifest, and has the manifests of an index"),
        (manifest(manifests=[]), None, " is a manifest, and has the manifests of an index"),
        (index(layers=[]), None, " is an index, and has the layers or config of a manifest"),
        (index(config={}), None, " is an index, and has the layers or config of a manifest"),
        (manifest(mediaType="application/vnd.oci.empty.v1+json"), None, ".mediaType is not that of an image"),
        (manifest(schemaVersion=1), None, ".schemaVersion is not 2"),
        (manifest(schemaVersion=...), None, ".schemaVersion is missing"),
        (manifest(config=...), None, ".config is missing"),
        (manifest(layers=None), None, ".layers is missing"),
        (manifest(layers=[{}]), None, ".layers[0].mediaType is missing"),
        (manifest(layers=[{"mediaType": "x", "digest": "x"}]), None, ".layers[0].digest is not a digest"),
        (manifest(config={"mediaType": "", "digest": "sha256:" + "a" * 64, "size": -1}), None, ".config.size is not"),
        (manifest(annotations={"a": 1}), None, ".annotations has a member that is not text"),
        (manifest(subject={"mediaType": 1}), None, ".subject.mediaType is not text"),
        (manifest(layers=[{}] * (limits.MANIFEST_LAYERS + 1)), None, ".layers has 1001 elements; 1000 are allowed"),
        (
            index(manifests=[{"mediaType": "x", "digest": "sha256:" + "a" * 64, "size": 1, "platform": []}]),
            None,
            ".manifests[0].platform is not a JSON object",
        ),
    ],
)
def test_ambiguous_and_broken_documents_are_refused_by_name(raw: bytes, announced: str | None, problem: str) -> None:
    with pytest.raises(MalformedError) as caught:
        read_manifest(raw, media_type=announced)
    assert str(caught.value).startswith(f"manifest{problem}")


def test_the_other_of_two_kinds_is_refused() -> None:
    with pytest.raises(MalformedError, match="is an index, not a manifest"):
        parse_manifest(index())
    with pytest.raises(MalformedError, match="is a manifest, not an index"):
        parse_index(manifest())


def test_size_and_unknown_members() -> None:
    assert parse_manifest(manifest(new=1, layers=[])).layers == ()
    with pytest.raises(MalformedError, match="bytes long"):
        parse_manifest(b" " * (limits.MANIFEST_BYTES + 1))
