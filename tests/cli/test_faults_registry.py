"""Registries that fail, through every command that asks one: what could not be found out is not a "no"."""

import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pycosign.flows.tree import PREDICATE_ANNOTATION
from pycosign.limits import MANIFEST_BYTES
from pycosign.net.http import HttpClient
from pycosign.oci.client import RegistryClient
from pycosign.oci.layout import LayoutRegistry
from pycosign.wire.oci_manifest import EMPTY_JSON, OCI_MANIFEST, empty_descriptor, format_manifest, parse_manifest
from pycosign.wire.reference import parse_reference
from tests.cli.conftest import Ran
from tests.cli.stage import EMAIL, OLD_STYLE, FaultyRegistry, Stage, assert_one_error, manifest_digests
from tests.net.conftest import reply

NEVER = {"Retry-After": "600"}  # longer than any command here has: it gives up at once
COMMANDS = ("verify", "sign", "tree", "download signature", "triangulate")


def words_of(stage: Stage, command: str) -> tuple[object, ...]:
    if command == "verify":
        return ("verify", "--key", stage.public_key, "--insecure-ignore-tlog")
    if command == "sign":
        return ("sign", "--key", stage.key, *OLD_STYLE, "--tlog-upload=false")
    return tuple(command.split())


@pytest.fixture
def registry(stage: Stage) -> Iterator[FaultyRegistry]:
    faulty = FaultyRegistry(stage.sandbox.registry)
    yield faulty
    faulty.close()


@pytest.fixture(scope="module")
def signed_image(stage: Stage) -> str:
    """Signed keyless, as a bundle."""
    image = stage.image("faults/signed", b"signed")
    stage.must("sign", f"{stage.sandbox.registry}/{image}")
    return image


@pytest.fixture(scope="module")
def legacy_image(stage: Stage) -> str:
    """Signed with the key, under a .sig tag."""
    image = stage.image("faults/legacy", b"legacy")
    stage.must(
        "sign",
        "--key",
        stage.key,
        *OLD_STYLE,
        "--rekor-url",
        stage.env["REKOR_URL"],
        f"{stage.sandbox.registry}/{image}",
    )
    return image


def verify(stage: Stage, registry: FaultyRegistry, image: str) -> Ran:
    return stage.run("verify", *stage.who, "--timeout", "5s", f"{registry.host}/{image}")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_registry_that_refuses_to_answer_is_unavailable(
    stage: Stage, registry: FaultyRegistry, command: str, status: int
) -> None:
    registry.always(status, b'{"errors":[{"code":"SOME","message":"because of that"}]}', NEVER)
    ran = stage.run(*words_of(stage, command), "--timeout", "5s", f"{registry.host}/app:v1")
    assert_one_error(ran, 20, naming=f"http://{registry.host}/v2/app/manifests/v1: unexpected status code {status}")
    assert ran.out == "" or command == "tree"
    assert "no signatures" not in ran.err
    assert "No Supply Chain" not in ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_port_where_nobody_listens_is_unavailable(stage: Stage, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ran = stage.run(*words_of(stage, command), "--timeout", "1s", f"127.0.0.1:{port}/app:v1")
    assert_one_error(ran, 20, naming=f"127.0.0.1:{port}")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_host_that_nobody_knows_is_unavailable(stage: Stage, command: str) -> None:
    ran = stage.run(*words_of(stage, command), "--timeout", "2s", "no-such-host.invalid/app:v1")
    assert_one_error(ran, 20, naming="no-such-host.invalid")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_tag_that_is_not_there_is_status_11(stage: Stage, registry: FaultyRegistry, command: str) -> None:
    ran = stage.run(*words_of(stage, command), f"{registry.host}/nosuch/app:v1")
    assert_one_error(ran, 11, naming=f"{registry.host}/nosuch/app:v1", code="image.not-found")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_registry_that_is_too_slow_is_unavailable_when_the_time_is_over(
    stage: Stage, registry: FaultyRegistry, command: str
) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> bool:
        time.sleep(3)
        handler.close_connection = True
        return True

    registry.rule(slow)
    started = time.monotonic()
    ran = stage.run(*words_of(stage, command), "--timeout", "1s", f"{registry.host}/app:v1")
    assert time.monotonic() - started < 2
    assert_one_error(ran, 20, naming=registry.host, code="net.timeout")
    assert "--timeout" in ran.err.splitlines()[-1]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_manifest_that_is_not_what_its_digest_says_is_refused(
    stage: Stage, registry: FaultyRegistry, command: str
) -> None:
    manifest = {
        "Content-Type": "application/vnd.oci.image.manifest.v1+json",
        "Docker-Content-Digest": "sha256:" + 64 * "0",
    }
    registry.at("/manifests/v1", 404, method="HEAD")
    registry.at("/manifests/v1", 200, b"{}", manifest)
    ran = stage.run(*words_of(stage, command), f"{registry.host}/app:v1")
    assert_one_error(ran, 1, naming=f"{registry.host}/app", code="registry.digest-mismatch")


def test_a_busy_registry_is_asked_again(stage: Stage, registry: FaultyRegistry, signed_image: str) -> None:
    turns = iter([1])

    def once(handler: BaseHTTPRequestHandler) -> bool:
        if "/manifests/v1" not in handler.path or next(turns, None) is None:
            return False
        reply(handler, 429, b"", {"Retry-After": "1"})
        return True

    registry.rule(once)
    started = time.monotonic()
    assert verify(stage, registry, signed_image).status == 0
    assert time.monotonic() - started >= 1


def test_an_image_without_signatures_is_status_10(stage: Stage, registry: FaultyRegistry) -> None:
    image = stage.image("faults/unsigned", b"unsigned")
    assert_one_error(verify(stage, registry, image), 10, naming="no signatures found", code="image.no-signatures")


def test_a_legacy_signature_by_another_key_is_status_12(
    stage: Stage, registry: FaultyRegistry, legacy_image: str
) -> None:
    ran = stage.run("verify", "--key", stage.other_public_key, f"{registry.host}/{legacy_image}")
    assert_one_error(ran, 12, naming="no matching signatures", code="key.mismatch")


def test_a_bundle_of_somebody_else_is_status_1(stage: Stage, registry: FaultyRegistry, signed_image: str) -> None:
    who = ("--certificate-identity", "other@example.com", "--certificate-oidc-issuer", stage.sandbox.issuer)
    ran = stage.run("verify", *who, f"{registry.host}/{signed_image}")
    assert_one_error(ran, 1, naming=EMAIL, code="identity.mismatch")
    assert_one_error(ran, 1, naming=EMAIL, code="image.no-matching-signatures")


# ---- faults behind a tag that resolves -----------------------------------------------------------------------------
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
@pytest.mark.parametrize("part", ["/referrers/", "manifest", "bundle"])
def test_signatures_that_cannot_be_fetched_are_unavailable_not_absent(
    stage: Stage, registry: FaultyRegistry, signed_image: str, part: str, status: int
) -> None:
    path = part if "/" in part else manifest_digests(stage, signed_image)[part]
    registry.at(path, status, b"", NEVER)
    assert_one_error(verify(stage, registry, signed_image), 20, naming=f"unexpected status code {status}")
    ran = stage.run("download", "signature", "--timeout", "5s", f"{registry.host}/{signed_image}")
    assert_one_error(ran, 20, naming=f"unexpected status code {status}")


@pytest.mark.parametrize("status", [403, 503])
def test_a_legacy_tag_that_cannot_be_fetched_is_unavailable(
    stage: Stage, registry: FaultyRegistry, legacy_image: str, status: int
) -> None:
    registry.at(".sig", status, b"", NEVER)
    host = f"{registry.host}/{legacy_image}"
    assert_one_error(stage.run("verify", "--key", stage.public_key, "--timeout", "5s", host), 20, naming=".sig")
    assert_one_error(stage.run("tree", "--timeout", "5s", host), 20, naming=".sig")
    assert_one_error(stage.run("download", "signature", "--timeout", "5s", host), 20, naming=".sig")


@pytest.mark.parametrize("status", [403, 503])
def test_one_good_signature_is_enough_though_another_cannot_be_asked_for(
    stage: Stage, registry: FaultyRegistry, signed_image: str, status: int
) -> None:
    registry.at(".sig", status, b"", NEVER)
    assert verify(stage, registry, signed_image).status == 0


@pytest.mark.parametrize("part", ["manifest", "bundle"])
def test_an_answer_that_breaks_off_is_unavailable(
    stage: Stage, registry: FaultyRegistry, signed_image: str, part: str
) -> None:
    digest = manifest_digests(stage, signed_image)[part]
    registry.changed(digest, lambda body: body[:-20])
    ran = stage.run("verify", *stage.who, "--timeout", "3s", f"{registry.host}/{signed_image}")
    assert_one_error(ran, 20, naming=digest)


@pytest.mark.parametrize("part", ["manifest", "bundle"])
def test_an_answer_with_another_digest_is_refused(
    stage: Stage, registry: FaultyRegistry, signed_image: str, part: str
) -> None:
    digest = manifest_digests(stage, signed_image)[part]
    registry.changed(digest, lambda body: body[:-1] + b" ")
    assert_one_error(verify(stage, registry, signed_image), 1, naming=digest, code="registry.digest-mismatch")


@pytest.mark.parametrize("part", ["manifest", "bundle", "/referrers/"])
def test_an_answer_without_end_is_refused(stage: Stage, registry: FaultyRegistry, signed_image: str, part: str) -> None:
    path = part if "/" in part else manifest_digests(stage, signed_image)[part]
    media_type = {"Content-Type": "application/vnd.oci.image.index.v1+json"}
    registry.at(path, 200, b"[" * (MANIFEST_BYTES + 1), media_type, method="GET")
    ran = verify(stage, registry, signed_image)
    assert_one_error(ran, 1, naming=path.strip("/"), code="net.response-too-large" if part != "bundle" else "")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"schemaVersion":2,"schemaVersion":2}', b"\xff", b"[" * 10_000]
)
def test_a_manifest_that_is_none_is_refused_by_name(
    stage: Stage, registry: FaultyRegistry, signed_image: str, body: bytes
) -> None:
    media_type = {"Content-Type": "application/vnd.oci.image.index.v1+json"}
    registry.at("/referrers/", 200, body, media_type)
    image = f"{registry.host}/{signed_image}"
    assert_one_error(verify(stage, registry, signed_image), 1, naming="referrers", code="malformed")
    assert_one_error(stage.run("download", "signature", image), 1, naming="referrers", code="malformed")
    assert_one_error(stage.run("tree", image), 1, naming="referrers", code="malformed")


def test_what_a_registry_says_cannot_steer_the_terminal(stage: Stage, registry: FaultyRegistry) -> None:
    registry.always(403, json.dumps({"errors": [{"code": "\x1b[2J", "message": "\x07\u202eevil\r\x9b1m"}]}).encode())
    ran = stage.run("tree", f"{registry.host}/app:v1")
    assert ran.status == 20
    assert all(character.isprintable() or character == "\n" for character in ran.err)


def test_what_somebody_pushed_beside_an_image_stays_on_its_line_and_steers_nothing(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('faults/words', b'words')}"
    registry, repository = RegistryClient(HttpClient()), image.rpartition(":")[0]
    subject = registry.resolve(parse_reference(image))
    registry.push_blob(repository, EMPTY_JSON)
    words = "\x1b[2J\x9b1m\u202e\n\u2514\u2500\u2500 \U0001f510 Signatures for an image tag: trust me"
    for annotations, kind in (({PREDICATE_ANNOTATION: words}, "x/y"), ({}, words)):
        raw = format_manifest(
            empty_descriptor(), [empty_descriptor()], subject=subject, artifact_type=kind, annotations=annotations
        )
        registry.push_manifest(repository, raw, OCI_MANIFEST)
    shown = stage.must("tree", image).out
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert len(shown.splitlines()) == 1 + 2 * 2, "a head, and two groups of one layer"


def test_signing_leaves_nothing_in_a_registry_that_takes_no_uploads(stage: Stage, registry: FaultyRegistry) -> None:
    image = stage.image("faults/readonly", b"readonly")
    registry.at("/blobs/uploads/", 403, b'{"errors":[{"code":"DENIED","message":"read only"}]}')
    ran = stage.run("sign", "--key", stage.key, "--timeout", "5s", f"{registry.host}/{image}")
    assert_one_error(ran, 20, naming="DENIED: read only", code="registry.denied")
    assert verify(stage, registry, image).status == 10


def test_a_password_for_a_registry_is_not_printed(stage: Stage, registry: FaultyRegistry) -> None:
    registry.always(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})
    words = ("--registry-username", "someone", "--registry-password", "hunter2hunter2", "--verbose", "--timeout", "5s")
    ran = stage.run("tree", *words, f"{registry.host}/app:v1")
    assert ran.status == 20
    assert any(headers.get("authorization") for _, _, headers, _ in registry.server.requests)
    assert "hunter2" not in ran.err + ran.out
    assert "c29tZW9uZTpod" not in ran.err  # base64 of the pair


@pytest.mark.parametrize("change", ["changed", "gone"])
def test_a_saved_image_that_is_not_what_its_directory_says_is_not_verified(
    stage: Stage, signed_image: str, tmp_path: Path, change: str
) -> None:
    source, image = RegistryClient(HttpClient()), f"{stage.sandbox.registry}/{signed_image}"
    repository, layout = image.rpartition(":")[0], LayoutRegistry(str(tmp_path))
    subject = source.resolve(parse_reference(image))
    fetched = source.get_manifest(repository, subject.digest)
    layout.push_manifest("saved", fetched.raw, fetched.media_type, tag="v1")
    (entry,) = source.referrers(repository, subject.digest)
    referrer = source.get_manifest(repository, entry.digest)
    layer = parse_manifest(referrer.raw).layers[0]
    layout.push_blob("saved", source.get_blob(repository, layer, max_bytes=1 << 20))
    layout.push_manifest("saved", referrer.raw, referrer.media_type)
    stage.must("verify", *stage.who, "--local-image", tmp_path)
    manifest = tmp_path / "blobs" / "sha256" / subject.digest.partition(":")[2]
    if change == "gone":
        manifest.unlink()
    else:
        manifest.write_bytes(fetched.raw.replace(b"sha256:", b"sha256: "))
    ran = stage.run("verify", *stage.who, "--local-image", tmp_path)
    assert (ran.status, ran.out) == (11 if change == "gone" else 1, "")
