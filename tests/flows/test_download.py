"""What `download signature` says of signatures that cannot be read."""

import pytest

from pycosign.errors import MalformedError, NoSignaturesError
from pycosign.flows import download
from pycosign.net.http import HttpClient
from pycosign.oci.attach import FoundBundle
from pycosign.oci.client import RegistryClient
from pycosign.wire.oci_manifest import OCI_MANIFEST, Descriptor
from tests.verify.vectors import DATA

IMAGE = "registry.example/app@sha256:" + "0" * 64
GOOD = (DATA / "conformance" / "bundle-verify" / "happy-path-v0.3" / "bundle.sigstore.json").read_bytes()


def downloaded(monkeypatch: pytest.MonkeyPatch, *problems: str, good: int = 0) -> int:
    """How many signatures are downloaded of so many good bundles, and some that were not read for these reasons."""
    where = Descriptor(OCI_MANIFEST, "sha256:" + "1" * 64, 2)
    found = [FoundBundle(where, None, MalformedError("bundle", "is bad", code=code)) for code in problems]
    found += [FoundBundle(where, GOOD, None)] * good
    monkeypatch.setattr(download, "find_bundles", lambda *unused: tuple(found))
    monkeypatch.setattr(download, "find_layers", lambda *unused, **named: ())
    return len(download.download_signatures(IMAGE, registry=RegistryClient(HttpClient())))


def test_a_bundle_that_is_too_large_is_there_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MalformedError, match="is bad"):
        downloaded(monkeypatch, "malformed", "registry.too-large")
    with pytest.raises(NoSignaturesError):
        downloaded(monkeypatch, "malformed")


def test_whoever_can_push_a_large_one_takes_no_good_one_away(monkeypatch: pytest.MonkeyPatch) -> None:
    assert downloaded(monkeypatch, "registry.too-large", "malformed", good=2) == 2
