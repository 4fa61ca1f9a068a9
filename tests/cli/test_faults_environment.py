"""What surrounds a command: proxies, home directories, locales, time zones, tokens, file modes, and no network."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.cli.stage import OLD_STYLE, PASSWORD, Stage, assert_one_error
from tests.net.conftest import ScriptedServer, reply

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX")


# ---- proxies ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def proxy() -> Iterator[ScriptedServer]:
    """A forwarding proxy for plain HTTP that answers for every host itself; it refuses tunnels."""
    server = ScriptedServer()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 404 if handler.path.startswith("http://") else 502)

    server.answer = answer
    handler_class = server.server.RequestHandlerClass
    handler_class.do_CONNECT = handler_class.do_GET  # type: ignore[attr-defined]
    yield server
    server.close()


def test_a_registry_is_asked_through_the_proxy(stage: Stage, proxy: ScriptedServer) -> None:
    env = {"HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url}
    ran = stage.process("tree", "--timeout", "1s", "registry.invalid/app:v1", env=env)
    assert_one_error(ran, 20, naming="registry.invalid")
    assert proxy.requests[0][:2] == ("CONNECT", "registry.invalid:443")
    plain = stage.process("tree", "--allow-http-registry", "registry.invalid/app:v1", env=env)
    assert plain.status == 11  # the proxy's 404
    assert any(path.startswith("http://registry.invalid/v2/app/") for _, path, *_ in proxy.requests)


@pytest.mark.parametrize("exempt", ["registry.invalid", ".invalid", "*", "x, registry.invalid:443"])
def test_a_host_in_no_proxy_is_asked_directly(stage: Stage, proxy: ScriptedServer, exempt: str) -> None:
    env = {"HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url, "NO_PROXY": exempt}
    ran = stage.process("tree", "--timeout", "5s", "registry.invalid/app:v1", env=env)
    assert_one_error(ran, 20, naming="cannot find the host registry.invalid")
    assert proxy.requests == []


def test_loopback_is_never_asked_through_a_proxy(stage: Stage, proxy: ScriptedServer) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('environment/loopback')}"
    ran = stage.process("tree", image, env={"HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url, "http_proxy": proxy.url})
    assert ran.status == 0, ran.err
    assert proxy.requests == []


def test_a_proxys_password_is_not_printed(stage: Stage, proxy: ScriptedServer) -> None:
    url = f"http://someone:hunter2hunter2@127.0.0.1:{proxy.server.server_address[1]}"
    words = ("tree", "--verbose", "--timeout", "1s", "registry.invalid/app:v1")
    ran = stage.process(*words, env={"HTTPS_PROXY": url})
    assert ran.status == 20
    assert proxy.requests[0][2]["proxy-authorization"].startswith("Basic ")
    assert "hunter2" not in ran.err
    assert "c29tZW9uZTpod" not in ran.err
    bad = stage.process("tree", "registry.invalid/app:v1", env={"HTTPS_PROXY": "gopher://someone:hunter2hunter2@x"})
    assert_one_error(bad, 1, naming="HTTPS_PROXY", hint=False)
    assert "hunter2" not in bad.err


# ---- home, locale, time zone -----------------------------------------------------------------------------------------
@POSIX
@pytest.mark.parametrize("home", ["/proc/nosuch", "/dev/null", "", None])
def test_verifying_under_a_given_trust_root_needs_no_home(stage: Stage, home: str | None) -> None:
    env = {name: value for name, value in stage.env.items() if name in ("PATH",)}
    if home is not None:
        env["HOME"] = home
    words = ("verify-blob", "--bundle", stage.keyless_v2, "--trusted-root", stage.trusted_root, *stage.who)
    command = [sys.executable, "-m", "pycosign", *map(str, words), str(stage.artifact)]
    ended = subprocess.run(command, env=env, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"Verified OK\n")


def test_a_cache_that_cannot_be_written_does_not_stop_verification(stage: Stage) -> None:
    env = {"TUF_ROOT": "/proc/nosuch/root"}
    words = ("verify-blob", "--bundle", stage.keyless_v2, *stage.who, stage.artifact)
    ran = stage.process(*words, env=env)
    assert "Traceback" not in ran.err
    assert ran.status == 0, ran.err


@pytest.mark.parametrize(
    "locale", [{"LANG": "C", "LC_ALL": "POSIX"}, {"LC_ALL": "tr_TR.UTF-8"}, {"PYTHONIOENCODING": "latin-1"}]
)
def test_output_is_utf_8_whatever_the_locale(stage: Stage, locale: dict[str, str]) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('environment/locale')}"
    stage.must("sign", "--key", stage.key, "-a", "größe=\N{HEAVY CHECK MARK}", image)
    env = {**locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    plain = stage.process("verify", "--key", stage.public_key, image)
    there = stage.process("verify", "--key", stage.public_key, image, env=env)
    assert there == plain
    assert "größe" in there.out
    assert "\N{HEAVY CHECK MARK}" in there.out
    tree = stage.process("tree", image, env=env)
    assert tree.out.startswith("\N{PACKAGE} Supply Chain")


def test_a_file_whose_name_is_not_utf_8_is_signed_and_verified(stage: Stage, tmp_path: Path) -> None:
    name = os.fsdecode(b"na\xefve \xf0\x9f\x98\x80.txt")
    (tmp_path / name).write_bytes(b"content")
    words = ("--key", stage.key, "--bundle", f"{name}.json", name)
    signed = stage.spawn("sign-blob", *words, cwd=tmp_path)
    assert signed.communicate(timeout=60)[0] == b""
    assert signed.returncode == 0
    words = ("--key", stage.public_key, "--bundle", f"{name}.json", name)
    verified = stage.spawn("verify-blob", *words, cwd=tmp_path)
    assert verified.communicate(timeout=60)[1] == b"Verified OK\n"


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "Nonsense", "XXX+24", ""])
def test_the_time_zone_changes_nothing(stage: Stage, zone: str) -> None:
    expired = ("--certificate-identity", "nobody", *stage.who[2:])
    words = ("verify-blob", "--output", "json", "--bundle", stage.keyless_v1, "--trusted-root", stage.trusted_root)
    for who in (stage.who, expired):
        assert stage.process(*words, *who, stage.artifact, env={"TZ": zone}) == stage.process(
            *words, *who, stage.artifact
        )


# ---- secrets ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("where", ["flag", "file", "variable"])
def test_a_token_is_never_printed(stage: Stage, tmp_path: Path, where: str) -> None:
    (tmp_path / "token").write_text(stage.token)
    given = {"flag": ("--identity-token", stage.token), "file": ("--identity-token", tmp_path / "token")}.get(where, ())
    env = {"SIGSTORE_ID_TOKEN": stage.token if where == "variable" else ""}
    words = ("sign-blob", "--verbose", *given, "--bundle", tmp_path / "out.json", stage.artifact)
    ran = stage.process(*words, env=env)
    assert ran.status == 0, ran.err
    assert f"> POST {stage.sandbox.urls['fulcio']}" in ran.err
    _assert_no_secrets(ran.out + ran.err, stage)
    # and when the certificate authority echoes what it was sent
    server = ScriptedServer()
    server.answer = lambda handler: reply(handler, 400, b'{"message": "bad: ' + server.requests[-1][3][:4000] + b'"}')
    words = (*words[:-3], "--use-signing-config=false", "--yes", "--fulcio-url", server.url, *words[-3:])
    ran = stage.process(*words, env=env)
    server.close()
    assert ran.status == 1, ran.err
    _assert_no_secrets(ran.out + ran.err, stage)


def _assert_no_secrets(said: str, stage: Stage) -> None:
    _, payload, signature = stage.token.split(".")
    for secret in (signature, payload, PASSWORD):
        assert secret[:24] not in said
    assert "PRIVATE KEY" not in said


def test_a_registrys_token_is_never_printed(stage: Stage, tmp_path: Path) -> None:
    server = ScriptedServer()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/token"):
            reply(handler, 200, b'{"token": "opaque-registry-token-0123456789"}')
        else:
            challenge = {"WWW-Authenticate": f'Bearer realm="{server.url}/token",service="s"'}
            reply(handler, 401, b"", challenge)

    server.answer = answer
    (tmp_path / "config.json").write_text(
        f'{{"auths": {{"127.0.0.1:{server.port}": {{"auth": "c29tZW9uZTpodW50ZXIyaHVudGVyMg=="}}}}}}'
    )
    words = ("tree", "--verbose", "--timeout", "5s", f"127.0.0.1:{server.port}/app:v1")
    ran = stage.process(*words, env={"DOCKER_CONFIG": str(tmp_path)})
    server.close()
    assert ran.status == 20
    assert any(headers.get("authorization", "").startswith("Bearer opaque") for _, _, headers, _ in server.requests)
    for secret in ("opaque-registry", "hunter2", "c29tZW9uZTpod"):
        assert secret not in ran.err + ran.out


# ---- modes -----------------------------------------------------------------------------------------------------------
@POSIX
def test_files_have_the_modes_that_cosign_gives_them(stage: Stage, tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        stage.must("generate-key-pair", "--output-key-prefix", tmp_path / "k")
        stage.must("public-key", "--key", tmp_path / "k.key", "--outfile", tmp_path / "again.pub")
        stage.must("sign-blob", "--key", tmp_path / "k.key", "--bundle", tmp_path / "b.json", stage.artifact)
        urls = ("--rekor-url", stage.env["REKOR_URL"], "--fulcio-url", stage.env["FULCIO_URL"])
        outputs = ("--output-signature", tmp_path / "sig", "--output-certificate", tmp_path / "crt")
        stage.must("sign-blob", *OLD_STYLE, *urls, *outputs, "--bundle", tmp_path / "old.json", stage.artifact)
        stage.must("version", "--output-file", tmp_path / "printed")
    finally:
        os.umask(old)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {
        "k.key": 0o600,
        "k.pub": 0o644,
        "again.pub": 0o600,
        "b.json": 0o600,
        "sig": 0o600,
        "crt": 0o600,
        "old.json": 0o600,
        "printed": 0o644,
    }
    assert not (tmp_path / "sig").read_bytes().endswith(b"\n")


# ---- no network ------------------------------------------------------------------------------------------------------
AUDIT = """
import sys
def watch(event, args):
    if event.startswith("socket."):
        sys.stderr.write("SOCKET " + event + "\\n")
sys.addaudithook(watch)
"""


@pytest.fixture
def watched(tmp_path: Path) -> dict[str, str]:
    """An environment in which Python tells of every socket."""
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "sitecustomize.py").write_text(AUDIT)
    return {"PYTHONPATH": str(tmp_path / "audit")}


def test_the_watch_sees_sockets(stage: Stage, watched: dict[str, str]) -> None:
    ran = stage.process("tree", f"{stage.sandbox.registry}/nosuch:v1", env=watched)
    assert "SOCKET socket.connect" in ran.err


@pytest.mark.parametrize("offline", [(), ("--offline",)])
def test_verifying_with_everything_at_hand_opens_no_socket(
    stage: Stage, watched: dict[str, str], offline: tuple[str, ...]
) -> None:
    given = (*offline, "--trusted-root", stage.trusted_root)
    cases: tuple[tuple[object, ...], ...] = (
        ("--bundle", stage.keyless_v1, *stage.who),
        ("--bundle", stage.keyless_v2, *stage.who),
        ("--bundle", stage.keyed, "--key", stage.public_key),
        ("--bundle", stage.legacy_keyed, "--key", stage.public_key),
        ("--bundle", stage.keyless_v1, "--certificate-identity", "other@example.com", *stage.who[2:]),
    )
    for words in cases:
        ran = stage.process("verify-blob", *words, *given, stage.artifact, env=watched)
        assert "SOCKET" not in ran.err, ran.err
        assert ran.status == (1 if "other@example.com" in words else 0), ran.err


def test_offline_nothing_is_fetched_even_if_something_is_missing(
    stage: Stage, watched: dict[str, str], tmp_path: Path
) -> None:
    cached = ("verify-blob", "--offline", "--bundle", stage.keyless_v2, *stage.who, stage.artifact)
    ran = stage.process(*cached, env=watched)
    assert (ran.status, "SOCKET" in ran.err) == (0, False), ran.err
    ran = stage.process(*cached, env={**watched, "TUF_ROOT": str(tmp_path / "empty")})
    assert "SOCKET" not in ran.err
    assert_one_error(ran, 20, naming="TUF cache")
    for word in ("--key", "--signature"):
        other = {"--key": ("--signature", "MEUC"), "--signature": ("--key", stage.public_key)}[word]
        words = ("verify-blob", "--offline", word, f"http://{stage.sandbox.registry}/x", *other, stage.artifact)
        ran = stage.process(*words, env=watched)
        assert "SOCKET" not in ran.err
        assert_one_error(ran, 1, naming="http://", hint=False)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="there is no unshare")
def test_verifying_works_where_there_is_no_network_at_all(stage: Stage) -> None:
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("namespaces are not allowed here")
    words = ("verify-blob", "--bundle", stage.keyless_v2, "--trusted-root", stage.trusted_root, *stage.who)
    command = ["unshare", "-rn", sys.executable, "-m", "pycosign", *map(str, words), str(stage.artifact)]
    ended = subprocess.run(command, env=stage.env, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"Verified OK\n")
