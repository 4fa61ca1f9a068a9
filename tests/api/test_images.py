"""`sign_image`, `sign_index` and `verify_image` against the sandbox's registry."""

import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

import pycosign
from pycosign.api.registries import repository_name
from pycosign.errors import ImageNotFoundError, MalformedError, NoMatchingSignaturesError, NoSignaturesError
from pycosign.testing import Sandbox
from pycosign.wire.oci_manifest import OCI_INDEX, OCI_MANIFEST, Descriptor, digest_of, format_index
from tests.net.conftest import ScriptedServer, reply

ALICE = "alice@example.com"


def test_an_image_is_signed_by_its_tag_and_verified_by_digest(sandbox: Sandbox) -> None:
    digest = sandbox.push_image("api/app:1.0").partition("@")[2]
    tag = f"{sandbox.registry}/api/app:1.0"
    signed = pycosign.sign_image(tag, signer=sandbox.sign_in(ALICE), instance=sandbox.instance)
    assert (signed.digest, signed.stored_in) == (digest, f"{sandbox.registry}/api/app")
    verified = pycosign.verify_image(tag, signer=sandbox.identity(ALICE), trust=sandbox.instance.trust)
    assert verified.name == signed.name == f"{sandbox.registry}/api/app@{digest}"
    assert [proved.identity for proved in verified.signatures] == [ALICE]
    assert verified.refused == ()


def test_a_tag_that_moved_to_another_image_is_refused(sandbox: Sandbox) -> None:
    tag = f"{sandbox.registry}/api/moved:1.0"
    sandbox.push_image("api/moved:1.0")
    pycosign.sign_image(tag, signer=sandbox.sign_in(ALICE), instance=sandbox.instance)
    sandbox.push_image("api/moved:1.0", content=b"other")
    with pytest.raises(NoSignaturesError):
        pycosign.verify_image(tag, signer=sandbox.identity(ALICE), trust=sandbox.instance.trust)


def test_a_bundle_of_another_image_is_refused_as_the_signature_of_this_one(sandbox: Sandbox) -> None:
    image = sandbox.push_image("api/file")
    signed = pycosign.sign_image(image, signer=sandbox.sign_in(ALICE), instance=sandbox.instance, store=False)
    assert signed.stored_in is None
    with pytest.raises(NoSignaturesError):
        pycosign.verify_image(image, signer=sandbox.identity(ALICE), trust=sandbox.instance.trust)


def test_the_causes_of_a_refusal_have_codes(sandbox: Sandbox) -> None:
    image = sandbox.push_image("api/causes")
    key = pycosign.PrivateKey.generate()
    pycosign.sign_image(image, signer=key, instance=sandbox.instance)
    pycosign.sign_image(image, signer=sandbox.sign_in(ALICE), instance=sandbox.instance)
    with pytest.raises(NoMatchingSignaturesError) as caught:
        pycosign.verify_image(image, signer=sandbox.identity("bob@example.com"), trust=sandbox.instance.trust)
    assert caught.value.code == "image.no-matching-signatures"
    assert sorted(cause.code for cause in caught.value.causes) == ["identity.mismatch", "key.mismatch"]
    verified = pycosign.verify_image(image, signer=key.public, trust=sandbox.instance.trust)
    assert (len(verified.signatures), [error.code for error in verified.refused]) == (1, ["key.mismatch"])


def test_annotations_are_signed_and_demanded(sandbox: Sandbox) -> None:
    image = sandbox.push_image("api/annotated")
    key = pycosign.PrivateKey.generate()
    pycosign.sign_image(image, signer=key, instance=sandbox.instance, annotations={"env": "prod"})
    verifier = pycosign.Verifier(signer=key.public, trust=sandbox.instance.trust)
    assert verifier.verify_image(image, annotations={"env": "prod"}).signatures[0].annotations["env"] == "prod"
    with pytest.raises(NoMatchingSignaturesError) as caught:
        verifier.verify_image(image, annotations={"env": "test"})
    assert [cause.code for cause in caught.value.causes] == ["annotation.mismatch"]
    assert verifier.verify_image(image).digest == image.partition("@")[2]


def test_signatures_can_be_kept_in_another_repository(sandbox: Sandbox) -> None:
    image = sandbox.push_image("api/elsewhere")
    key, place = pycosign.PrivateKey.generate(), f"{sandbox.registry}/api/signatures"
    signed = pycosign.sign_image(image, signer=key, instance=sandbox.instance, signatures_in=place)
    assert signed.stored_in == place
    with pytest.raises(NoSignaturesError):
        pycosign.verify_image(image, signer=key.public, trust=sandbox.instance.trust)
    assert pycosign.verify_image(image, signer=key.public, trust=sandbox.instance.trust, signatures_in=place).signatures


@pytest.mark.parametrize("place", ["", "HOST", "HOST/api/../x", "HOST/api/signatures:v1", "HOST/a@sha256:" + "0" * 64])
def test_a_place_for_signatures_that_is_no_repository_is_an_error_and_no_empty_one(
    sandbox: Sandbox, place: str
) -> None:
    """Else "none there" would be the answer of a place that nobody meant."""
    image, key = sandbox.push_image("api/nowhere"), pycosign.PrivateKey.generate()
    place = place.replace("HOST", sandbox.registry)
    with pytest.raises(MalformedError, match="signatures_in"):
        pycosign.verify_image(image, signer=key.public, trust=sandbox.instance.trust, signatures_in=place)
    with pytest.raises(MalformedError, match="signatures_in"):
        pycosign.sign_image(image, signer=key, instance=sandbox.instance, signatures_in=place)


def test_a_place_for_signatures_is_read_as_an_image_is() -> None:
    assert repository_name("team/signatures") == "index.docker.io/team/signatures"
    assert repository_name("docker.io/team/signatures") == "index.docker.io/team/signatures"


def test_an_index_is_signed_with_everything_in_it(sandbox: Sandbox) -> None:
    from tests.flows.tools import Workshop

    workshop = Workshop(sandbox)
    index = workshop.push_index("api/index", b"one", b"two")
    key = pycosign.PrivateKey.generate()
    signed = pycosign.sign_index(index, signer=key, instance=sandbox.instance)
    workshop.http.close()
    assert len(signed) == 3
    verifier = pycosign.Verifier(signer=key.public, trust=sandbox.instance.trust)
    assert [verifier.verify_image(item.name).digest for item in signed] == [item.digest for item in signed]


def test_none_and_could_not_ask_are_different_answers(sandbox: Sandbox) -> None:
    verifier = pycosign.Verifier(signer=sandbox.identity(ALICE), trust=sandbox.instance.trust)
    with pytest.raises(ImageNotFoundError):
        verifier.verify_image(f"{sandbox.registry}/api/nosuch:1")
    with pytest.raises(NoSignaturesError):
        verifier.verify_image(sandbox.push_image("api/unsigned"))
    with pytest.raises(pycosign.UnavailableError):
        verifier.verify_image("127.0.0.1:1/api/app:1")
    with pytest.raises(pycosign.MalformedError):
        verifier.verify_image("UPPER CASE")


def test_credentials_that_contradict_each_other_are_a_usage_error() -> None:
    with pytest.raises(pycosign.UsageError):
        pycosign.RegistryAccess(username="me")
    with pytest.raises(pycosign.UsageError):
        pycosign.RegistryAccess(username="me", password="secret", token="other")
    with pytest.raises(pycosign.UsageError):
        pycosign.RegistryAccess(token="other", anonymous=True)


def test_docker_configuration_is_read_only_when_no_credentials_are_given(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: "object"
) -> None:
    import pathlib

    assert isinstance(tmp_path, pathlib.Path)
    (tmp_path / "config.json").write_text("not json")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    image = sandbox.push_image("api/credentials")
    key = pycosign.PrivateKey.generate()
    with pytest.raises(pycosign.MalformedError):
        pycosign.sign_image(image, signer=key, instance=sandbox.instance)
    anonymous = pycosign.RegistryAccess(anonymous=True)
    assert pycosign.sign_image(image, signer=key, instance=sandbox.instance, registry=anonymous).stored_in


def test_a_registry_that_is_slow_with_each_of_many_answers_does_not_keep_a_verification_for_ever() -> None:
    """Each request by itself is quick; a thousand entries to look at, one after the other, are not."""
    entries = [Descriptor(OCI_MANIFEST, digest_of(b"%d" % number), 2) for number in range(1000)]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "/referrers/" in handler.path:
            reply(handler, 200, format_index(entries), {"Content-Type": OCI_INDEX})
        elif handler.path.endswith("/v1"):
            headers = {
                "Content-Type": OCI_MANIFEST,
                "Docker-Content-Digest": digest_of(b"image"),
                "Content-Length": "5",
            }
            reply(handler, 200, b"{   }", headers)
        else:
            time.sleep(0.05)
            reply(handler, 404)

    server = ScriptedServer()
    server.answer = answer
    quick = pycosign.RegistryAccess(anonymous=True, timeout=timedelta(seconds=1))
    image, signer = f"127.0.0.1:{server.port}/app:v1", pycosign.PrivateKey.generate().public
    verifier = pycosign.Verifier(signer=signer, trust=None, waive=pycosign.Waiver.TLOG, registry=quick)
    try:
        for _ in range(2):  # the second one has as much time again
            started = time.monotonic()
            with pytest.raises(pycosign.UnavailableError, match="timed out"):
                verifier.verify_image(image)
            assert time.monotonic() - started < 10
            assert len(server.requests) > 10
            server.requests.clear()
    finally:
        server.close()
    with pytest.raises(pycosign.UsageError):
        pycosign.RegistryAccess(timeout=timedelta(0))
