"""Services that fail while something is signed or initialized: nothing is written or pushed, and why is said."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.stage import OLD_STYLE, Stage, assert_one_error
from tests.net.conftest import ScriptedServer, reply

NEVER = {"Retry-After": "600"}
SERVICES = ("fulcio", "rekor", "tsa")


@pytest.fixture
def faulty() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


def words_with(stage: Stage, service: str, url: str) -> tuple[object, ...]:
    """`--fulcio-url` and the like: the stage's services, but one."""
    urls = {
        "fulcio": stage.env["FULCIO_URL"],
        "rekor": stage.env["REKOR_URL"],
        "tsa": f"{stage.env['TSA_URL']}/api/v1/timestamp",
    }
    urls[service] = url
    flags = {"fulcio": "--fulcio-url", "rekor": "--rekor-url", "tsa": "--timestamp-server-url"}
    services = [word for name, flag in flags.items() for word in (flag, urls[name])]
    return ("--use-signing-config=false", "--yes", *services, "--timeout", "5s")


@pytest.mark.parametrize("status", [403, 429, 500, 503])
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_fails_while_a_file_is_signed(
    stage: Stage, tmp_path: Path, faulty: ScriptedServer, service: str, status: int
) -> None:
    faulty.answer = lambda handler: reply(handler, status, b'{"code": 7, "message": "because of that"}', NEVER)
    bundle = tmp_path / "out.json"
    ran = stage.run("sign-blob", *words_with(stage, service, faulty.url), "--bundle", bundle, stage.artifact)
    assert_one_error(ran, 1 if status == 403 else 20, naming=faulty.url)
    assert "because of that" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"{}", b"null", b'{"a":1,"a":2}', b"[" * 100_000])
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_answers_nonsense(
    stage: Stage, tmp_path: Path, faulty: ScriptedServer, service: str, body: bytes
) -> None:
    faulty.answer = lambda handler: reply(handler, 201, body, {"Content-Type": "application/json"})
    bundle = tmp_path / "out.json"
    ran = stage.run("sign-blob", *words_with(stage, service, faulty.url), "--bundle", bundle, stage.artifact)
    assert_one_error(ran, 1, naming="")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_not_touched_when_a_service_fails(stage: Stage, faulty: ScriptedServer, service: str) -> None:
    image = f"{stage.sandbox.registry}/{stage.image(f'services/{service}', service.encode())}"
    faulty.answer = lambda handler: reply(handler, 503, b"", NEVER)
    assert_one_error(stage.run("sign", *words_with(stage, service, faulty.url), image), 20, naming=faulty.url)
    assert stage.run("verify", *stage.who, image).status == 10


def test_a_service_of_another_sigstore_is_found_out_before_anything_is_written(stage: Stage, tmp_path: Path) -> None:
    """The log gives a good answer, but the trust root does not know it."""
    root = json.loads(Path(stage.trusted_root).read_bytes())
    root["tlogs"] = []
    (tmp_path / "root.json").write_text(json.dumps(root))
    words = ("--trusted-root", tmp_path / "root.json", "--bundle", tmp_path / "out.json")
    assert_one_error(stage.run("sign-blob", *words, stage.artifact), 1, naming="log", code="tlog.unknown-log")
    assert not (tmp_path / "out.json").exists()


def test_the_log_is_not_told_of_a_signature_that_does_not_hold(stage: Stage, faulty: ScriptedServer) -> None:
    bare = stage.run("sign-blob", *OLD_STYLE, "--tlog-upload=false", "--key", stage.key, stage.artifact).out.strip()
    words = ("--signature", bare, "--rekor-url", faulty.url, "--timeout", "5s", stage.artifact)
    ran = stage.run("verify-blob", "--key", stage.other_public_key, *words)
    assert_one_error(ran, 1, naming="signature", code="signature.invalid")
    assert faulty.requests == []
    faulty.answer = lambda handler: reply(handler, 503, b"", NEVER)
    assert_one_error(stage.run("verify-blob", "--key", stage.public_key, *words), 20, naming=faulty.url)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_mirror_that_fails_leaves_no_trust_behind(
    stage: Stage, tmp_path: Path, faulty: ScriptedServer, status: int
) -> None:
    faulty.answer = lambda handler: reply(handler, status, b"", NEVER)
    env = {"TUF_ROOT": str(tmp_path / "tuf"), "TUF_MIRROR": "", "TUF_ROOT_JSON": ""}
    words = ("initialize", "--mirror", faulty.url, "--timeout", "5s")
    ran = stage.run(*words, "--root", stage.sandbox.urls["tuf_root"], env=env)
    assert_one_error(ran, 20, naming=faulty.url)
    assert not list(tmp_path.rglob("trusted_root.json"))
    assert_one_error(stage.run(*words, "--root", stage.artifact, env=env), 1, naming="root")
    ran = stage.run(*words, "--root", f"{faulty.url}/root.json", env=env)
    assert_one_error(ran, 20, naming=f"{faulty.url}/root.json")


@pytest.mark.parametrize("status", [404, 500])
def test_a_key_or_a_file_at_an_address_that_fails_is_unavailable(
    stage: Stage, faulty: ScriptedServer, status: int
) -> None:
    faulty.answer = lambda handler: reply(handler, status, b"", NEVER)
    url = f"{faulty.url}/there"
    words = ("verify-blob", "--timeout", "5s", "--bundle", stage.keyed)
    assert_one_error(stage.run(*words, "--key", url, stage.artifact), 20, naming=url)
    assert_one_error(stage.run(*words, "--key", stage.public_key, url), 20, naming=url)


def test_a_port_that_is_taken_and_a_directory_that_is_served_are_said(
    stage: Stage, tmp_path: Path, faulty: ScriptedServer
) -> None:
    ran = stage.process("stack", "up", "--data", tmp_path / "d", "--ports", f"auto,rekor={faulty.port}")
    assert_one_error(ran, 1, naming=str(faulty.port), hint=False)
    ran = stage.process("stack", "up", "--data", stage.sandbox.data_dir)
    assert ran.status == 1
    assert_one_error(ran, 1, naming="is already served by process", hint=False)
    ran = stage.process("stack", "status", "--data", tmp_path / "d")
    assert_one_error(ran, 1, naming=str(tmp_path / "d"), hint=False)
