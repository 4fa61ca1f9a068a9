"""Image layouts in a directory, those of `cosign save` among them."""

import json
from pathlib import Path

import pytest

from pycosign.errors import MalformedError, UsageError
from pycosign.oci.attach import find_bundles, find_layers
from pycosign.oci.layout import LayoutRegistry
from pycosign.wire.bundle import BUNDLE_V03_MEDIA_TYPE
from pycosign.wire.oci_manifest import (
    EMPTY_JSON,
    EMPTY_MEDIA_TYPE,
    OCI_LAYER,
    OCI_MANIFEST,
    Descriptor,
    descriptor_to_dict,
    digest_of,
    fallback_tag,
    format_manifest,
)
from pycosign.wire.reference import Reference
from pycosign.wire.simplesigning import SIMPLE_SIGNING_MEDIA_TYPE
from tests.oci.conftest import put_image


def blob(directory: Path, content: bytes, media_type: str) -> Descriptor:
    path = directory / "blobs/sha256" / digest_of(content)[7:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Descriptor(media_type, digest_of(content), len(content))


@pytest.fixture
def saved(tmp_path: Path) -> tuple[LayoutRegistry, Descriptor]:
    """What `cosign save` writes (3.1): image and `.sig` listed by kind, the bundle only as loose blobs."""
    config = blob(tmp_path, EMPTY_JSON, EMPTY_MEDIA_TYPE)
    image = blob(tmp_path, format_manifest(config, [blob(tmp_path, b"layer", OCI_LAYER)]), OCI_MANIFEST)
    payload = blob(tmp_path, b"payload", SIMPLE_SIGNING_MEDIA_TYPE)
    signature = blob(tmp_path, format_manifest(config, [payload]), OCI_MANIFEST)
    bundle = blob(tmp_path, b'{"bundle":1}', BUNDLE_V03_MEDIA_TYPE)
    blob(tmp_path, format_manifest(config, [bundle], subject=image, artifact_type=BUNDLE_V03_MEDIA_TYPE), OCI_MANIFEST)
    entries = [
        descriptor_to_dict(image._replace(annotations={"kind": "dev.cosignproject.cosign/image"})),
        descriptor_to_dict(signature._replace(annotations={"kind": "dev.cosignproject.cosign/sigs"})),
    ]
    (tmp_path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}, indent=3))
    (tmp_path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return LayoutRegistry(str(tmp_path)), image


def test_the_image_of_a_layout_that_cosign_saved_is_found(saved: tuple[LayoutRegistry, Descriptor]) -> None:
    layout, image = saved
    assert layout.saved_image().digest == image.digest


def test_signatures_of_a_layout_that_cosign_saved_are_found(saved: tuple[LayoutRegistry, Descriptor]) -> None:
    layout, image = saved
    assert [item.bundle for item in find_bundles(layout, "any/name", image.digest)] == [b'{"bundle":1}']
    assert [item.content for item in find_layers(layout, "any/name", image.digest)] == [b"payload"]
    assert find_layers(layout, "any/name", image.digest, suffix="att") == ()
    assert find_layers(layout, "any/name", digest_of(b"another image")) == ()


def test_what_tools_write_is_a_valid_layout(tmp_path: Path) -> None:
    layout = LayoutRegistry(str(tmp_path / "new"))
    image = put_image(layout, "a/b")
    assert json.loads((tmp_path / "new/oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((tmp_path / "new/index.json").read_text())
    assert index["manifests"][0]["digest"] == image.digest
    assert index["manifests"][0]["annotations"] == {"org.opencontainers.image.ref.name": "v1"}
    assert layout.saved_image().digest == image.digest
    assert not list((tmp_path / "new").rglob(".tmp-*"))


def test_a_layout_with_several_images_does_not_say_which(tmp_path: Path) -> None:
    layout = LayoutRegistry(str(tmp_path))
    put_image(layout, "a/b", b"one", tag="v1")
    put_image(layout, "a/b", b"two", tag="v2")
    with pytest.raises(UsageError, match="2 images"):
        layout.saved_image()


@pytest.mark.parametrize("kind", ["missing", "file", "empty"])
def test_what_is_no_layout_is_a_usage_error_not_an_unsigned_image(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "place"
    if kind == "file":
        path.write_text("x")
    elif kind == "empty":
        path.mkdir()
    with pytest.raises(UsageError, match="not an OCI image layout"):
        find_bundles(LayoutRegistry(str(path)), "a/b", digest_of(b"x"))


def test_an_edited_manifest_is_refused(saved: tuple[LayoutRegistry, Descriptor], tmp_path: Path) -> None:
    layout, image = saved
    (tmp_path / "blobs/sha256" / image.digest[7:]).write_bytes(b'{"schemaVersion":2}')
    with pytest.raises(MalformedError) as caught:
        layout.resolve(Reference("a", "b", None, image.digest))
    assert caught.value.code == "registry.digest-mismatch"


def test_a_broken_index_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text('{"schemaVersion":2,"schemaVersion":2}')
    with pytest.raises(MalformedError, match=r"index\.json"):
        LayoutRegistry(str(tmp_path)).list_tags("a/b")


def test_a_digest_cannot_lead_out_of_the_directory(tmp_path: Path) -> None:
    with pytest.raises(MalformedError):
        LayoutRegistry(str(tmp_path)).has_blob("a/b", "sha256:../../../etc/passwd")


def test_the_image_of_a_saved_layout_answers_to_the_tag_that_copy_gives_it(
    saved: tuple[LayoutRegistry, Descriptor],
) -> None:
    layout, image = saved
    found = layout.find_manifest("a/b", fallback_tag(image.digest))
    assert found is not None
    assert found.digest == image.digest
