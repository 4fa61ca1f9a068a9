"""The stack as a process: starting, stopping, being killed, and what it leaves behind."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pycosign.errors import UsageError
from pycosign.locks import FileLock, LockedError
from pycosign.stack import env, status, token
from pycosign.stack.app import AlreadyRunningError, Stack
from pycosign.stack.ports import SERVICES
from pycosign.testing import Sandbox

RUN = "import sys; from pycosign.stack import app; app.run(sys.argv[1], ports=sys.argv[2] or None)"
DEADLINE_SECONDS = 30


@contextmanager
def process(data: Path, ports: str = "auto") -> Iterator[subprocess.Popen[bytes]]:
    """A stack in a process of its own, ready."""
    (data / "stack.json").unlink(missing_ok=True)  # of one that was killed
    started = subprocess.Popen([sys.executable, "-c", RUN, str(data), ports], stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (data / "stack.json").exists():
            assert started.poll() is None, started.communicate()[1].decode()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield started
    finally:
        started.kill()
        started.communicate()


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        body: bytes = response.read()
    return body


def stack_json(data: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((data / "stack.json").read_bytes())
    return parsed


def test_sigterm_drains_and_the_directory_alone_brings_it_back(tmp_path: Path) -> None:
    with process(tmp_path) as first:
        before = stack_json(tmp_path)
        sth = get(f"{before['ctlog']}/ct/v1/get-sth")
        first.send_signal(signal.SIGTERM)
        assert first.wait(DEADLINE_SECONDS) == 0
        assert not (tmp_path / "stack.json").exists()
    with process(tmp_path, ports=""):
        assert stack_json(tmp_path) == before
        assert get(f"{before['ctlog']}/ct/v1/get-sth") == sth


def test_a_killed_stack_comes_back_with_its_trees_and_keys(tmp_path: Path) -> None:
    with process(tmp_path) as first:
        before = stack_json(tmp_path)
        log = get(f"{before['rekor']}/api/v1/log")
        keys = get(f"{before['oidc']}/keys")
        first.kill()
        first.wait()
    with process(tmp_path, ports=""):
        assert stack_json(tmp_path) == before
        assert get(f"{before['rekor']}/api/v1/log") == log
        assert get(f"{before['oidc']}/keys") == keys


def test_a_second_process_is_told_the_firsts_id(tmp_path: Path) -> None:
    with process(tmp_path) as first:
        with pytest.raises(AlreadyRunningError) as caught, Stack(str(tmp_path)):
            pass
        assert caught.value.pid == first.pid
        assert str(first.pid) in str(caught.value)
        assert caught.value.exit_status == 1
        assert (tmp_path / "stack.json").exists()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_stack_json_names_urls_and_files_that_exist(sandbox: Sandbox) -> None:
    stack = stack_json(Path(sandbox.data_dir))
    assert set(stack) == {
        "schema",
        *SERVICES,
        "trusted_root",
        "signing_config",
        "signing_config_rekor_v1",
        "tuf_root",
        "ctlog_key",
        "client_trust_config",
    }
    assert stack["schema"] == 1
    for name in SERVICES:
        url = stack[name]
        assert ("://" in url) == (name != "registry")
        assert not url.endswith("/")
    for name in set(stack) - {"schema", *SERVICES}:
        assert Path(stack[name]).is_file()


def test_private_keys_are_for_their_owner_only(sandbox: Sandbox) -> None:
    keys = sorted(Path(sandbox.data_dir, "keys").iterdir())
    assert len(keys) == 10
    for path in (Path(sandbox.data_dir, "keys"), *keys):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_status_asks_every_service(sandbox: Sandbox, tmp_path: Path) -> None:
    answers = status.check(sandbox.data_dir)
    assert [answer.name for answer in answers] == list(SERVICES)
    assert all(answer.ok for answer in answers), answers
    with pytest.raises(UsageError):
        status.check(str(tmp_path))


def test_status_tells_who_does_not_answer(tmp_path: Path) -> None:
    with process(tmp_path) as running:
        running.kill()
        running.wait()
        answers = status.check(str(tmp_path))
    assert not any(answer.ok for answer in answers)


def test_env_exports_exactly_what_is_promised(sandbox: Sandbox) -> None:
    names = [line.removeprefix("export ").partition("=")[0] for line in env.lines(sandbox.data_dir)]
    assert names == [
        "TUF_ROOT",
        "TUF_MIRROR",
        "TUF_ROOT_JSON",
        "SIGSTORE_ID_TOKEN",
        "FULCIO_URL",
        "REKOR_URL",
        "TSA_URL",
        "OIDC_URL",
        "ISSUER_URL",
        "CT_LOG_KEY",
        "TRUSTED_ROOT",
        "SIGNING_CONFIG",
    ]


def test_env_is_read_by_a_shell_as_it_was_meant(sandbox: Sandbox) -> None:
    script = "\n".join(env.lines(sandbox.data_dir)) + '\nprintf \'%s\\n\' "$TUF_ROOT" "$TUF_MIRROR"'
    output = subprocess.run(["sh", "-c", script], capture_output=True, check=True, text=True).stdout
    assert output.splitlines() == [os.path.join(sandbox.data_dir, "tuf-cache"), sandbox.urls["tuf"]]


def test_the_cache_that_env_names_is_one_that_our_client_trusts(sandbox: Sandbox) -> None:
    from pycosign.instances.tuf_cache import TufCache, locate_cache

    found = TufCache(locate_cache(sandbox.environment())).read_target("trusted_root.json")
    assert found is not None
    assert found.content == sandbox.read("trusted_root")


def test_a_token_needs_a_directory_of_ours(sandbox: Sandbox, tmp_path: Path) -> None:
    assert token.issue(sandbox.data_dir, email="a@b.c").count(".") == 2
    with pytest.raises(UsageError):
        token.issue(str(tmp_path), email="a@b.c")


def test_ports_and_host_may_not_contradict_what_is_remembered(tmp_path: Path) -> None:
    with Stack(str(tmp_path), ports="auto") as stack:
        ports = stack.made.record.ports
    wrong = ports["tsa"] - 1
    with pytest.raises(UsageError, match="tsa"), Stack(str(tmp_path), ports=f"tsa={wrong}"):
        pass
    with pytest.raises(UsageError, match="listen"), Stack(str(tmp_path), listen="127.0.0.2"):
        pass
    with Stack(str(tmp_path), ports=f"tsa={ports['tsa']},auto", listen="0.0.0.0") as again:
        assert again.made.record.ports == ports


def test_a_directory_of_another_format_is_left_alone(tmp_path: Path) -> None:
    with Stack(str(tmp_path), ports="auto"):
        pass
    record = json.loads((tmp_path / "format.json").read_bytes())
    (tmp_path / "format.json").write_text(json.dumps(record | {"format": 99}))
    with pytest.raises(UsageError, match="99"), Stack(str(tmp_path)):
        pass


def test_a_directory_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError), Stack(str(tmp_path / "file" / "data")):
        pass


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    with Stack(str(tmp_path), ports="auto"):
        pass
    (tmp_path / "keys" / "ca.pem").write_text("nonsense")
    with pytest.raises(UsageError, match=r"ca\.pem"), Stack(str(tmp_path)):
        pass


def test_what_a_crash_left_half_made_is_made_again(tmp_path: Path) -> None:
    with Stack(str(tmp_path), ports="auto"):
        pass
    (tmp_path / "format.json").unlink()
    with Stack(str(tmp_path), ports="auto") as stack:
        assert stack.made.record.ports


def test_beyond_loopback_no_tokens_are_handed_out(tmp_path: Path) -> None:
    import asyncio

    answers: list[int] = []

    async def serve(stack: Stack) -> None:
        def ready(stack_urls: object) -> None:
            asyncio.get_running_loop().create_task(ask())

        async def ask() -> None:
            try:
                await asyncio.to_thread(get, f"http://127.0.0.1:{stack.made.record.ports['oidc']}/token")
            except urllib.error.HTTPError as exc:
                answers.append(exc.code)
            finally:
                stack.stop()

        await stack.serve(ready)

    with Stack(str(tmp_path), ports="auto", listen="0.0.0.0") as stack:
        asyncio.run(serve(stack))
    assert answers == [403]


def test_a_stop_that_comes_before_it_serves_counts(tmp_path: Path) -> None:
    import asyncio

    with Stack(str(tmp_path), ports="auto") as stack:
        stack.stop()
        asyncio.run(stack.serve(lambda _: pytest.fail("it said that it was ready")))
    assert not (tmp_path / "stack.json").exists()


def test_a_lock_is_given_back_and_holds_the_pid(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with FileLock(path):
        with pytest.raises(LockedError) as caught, FileLock(path):
            pass
        assert caught.value.pid == os.getpid()
    with FileLock(path):
        pass
