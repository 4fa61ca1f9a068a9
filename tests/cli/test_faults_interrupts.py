"""Commands that are stopped, or whose streams are closed: no half of a file, nothing left behind, the right status."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.cli.stage import FaultyRegistry, Stage
from tests.net.conftest import ScriptedServer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
STOPS = [signal.SIGINT, signal.SIGTERM]


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that still run; Linux only."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path("/proc", name, "stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found.append(int(name))
    return found


def finish(process: "subprocess.Popen[bytes]", stop: signal.Signals) -> tuple[int, str]:
    process.send_signal(stop)
    _, err = process.communicate(timeout=20)
    return process.returncode, err.decode()


@pytest.fixture
def silent() -> Iterator[ScriptedServer]:
    """A server that takes every request and answers none."""
    server = ScriptedServer()

    def never(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(20)
        handler.close_connection = True

    server.answer = never
    yield server
    server.close()


@pytest.mark.parametrize("stop", STOPS)
def test_stopping_while_a_large_file_is_signed_leaves_nothing(
    stage: Stage, tmp_path: Path, stop: signal.Signals
) -> None:
    with open(tmp_path / "large", "wb") as file:
        file.truncate(1 << 40)  # sparse: hashing it would take many minutes
    words = ("sign-blob", "--key", stage.key, "--bundle", "out.json", "large")
    process = stage.spawn(*words, cwd=tmp_path)
    assert process.stderr is not None
    assert process.stderr.readline() == b"Using payload from: large\n"
    time.sleep(0.2)
    assert not children_of(process.pid)
    status, err = finish(process, stop)
    assert status == 130, err
    assert err.splitlines()[0] == "Error: interrupted"
    assert "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large"]


@pytest.mark.parametrize("stop", STOPS)
def test_stopping_while_a_file_that_exists_would_be_replaced_keeps_it(
    stage: Stage, tmp_path: Path, silent: ScriptedServer, stop: signal.Signals
) -> None:
    (tmp_path / "out.json").write_text("as it was")
    words = ("--use-signing-config=false", "--yes", "--rekor-url", silent.url, "--bundle", "out.json", stage.artifact)
    process = stage.spawn("sign-blob", "--key", stage.key, *words, cwd=tmp_path)
    wait_until(lambda: bool(silent.requests))
    assert finish(process, stop)[0] == 130
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert (tmp_path / "out.json").read_text() == "as it was"


@pytest.mark.parametrize("stop", STOPS)
def test_stopping_while_a_registry_is_silent(
    stage: Stage, tmp_path: Path, silent: ScriptedServer, stop: signal.Signals
) -> None:
    words = ("verify", *stage.who, "--output-file", "out.json", f"127.0.0.1:{silent.port}/app:v1")
    process = stage.spawn(*words, cwd=tmp_path)
    wait_until(lambda: bool(silent.requests))
    started = time.monotonic()
    status, err = finish(process, stop)
    assert (status, err.splitlines()[0]) == (130, "Error: interrupted")
    assert time.monotonic() - started < 3
    assert list(tmp_path.iterdir()) == []


def test_stopping_between_the_uploads_leaves_no_signature(stage: Stage, tmp_path: Path) -> None:
    image = stage.image("faults/stopped", b"stopped")
    registry = FaultyRegistry(stage.sandbox.registry)
    asked: list[str] = []

    def stuck(handler: BaseHTTPRequestHandler) -> bool:
        if handler.command == "PUT" and "/manifests/" in handler.path:
            asked.append(handler.path)
            time.sleep(10)
            handler.close_connection = True
            return True
        return False

    registry.rule(stuck)
    process = stage.spawn("sign", "--key", stage.key, f"{registry.host}/{image}", cwd=tmp_path)
    wait_until(lambda: bool(asked))
    assert finish(process, signal.SIGINT)[0] == 130
    registry.close()
    assert stage.run("verify", "--key", stage.public_key, f"{stage.sandbox.registry}/{image}").status == 10


@pytest.mark.parametrize("stop", STOPS)
def test_stopping_while_standard_input_is_awaited(stage: Stage, tmp_path: Path, stop: signal.Signals) -> None:
    process = stage.spawn("sign-blob", "--key", stage.key, "--bundle", "out.json", "-", cwd=tmp_path)
    assert process.stdin is not None
    process.stdin.write(b"the beginning")
    process.stdin.flush()
    time.sleep(0.8)
    assert finish(process, stop)[0] == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", STOPS)
def test_stopping_the_stack_drains_it(stage: Stage, tmp_path: Path, stop: signal.Signals) -> None:
    process = stage.spawn("stack", "up", "--data", tmp_path / "data", "--ports", "auto")
    stack_json = tmp_path / "data" / "stack.json"
    wait_until(lambda: stack_json.exists() or process.poll() is not None)
    children = children_of(process.pid)
    status, err = finish(process, stop)
    assert status == 0, err
    assert not stack_json.exists()
    assert not [pid for pid in children if Path("/proc", str(pid)).exists()]
    assert not list((tmp_path / "data").rglob("*.tmp"))


def test_stopping_the_stack_before_it_is_ready_is_no_failure_and_it_starts_again(stage: Stage, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for delay in (0.3, 0.5, 0.7):
        process = stage.spawn("stack", "up", "--data", data, "--ports", "auto")
        time.sleep(delay)
        status, err = finish(process, signal.SIGTERM)
        assert status in (0, 130, -signal.SIGTERM), err
        assert "Traceback" not in err
    process = stage.spawn("stack", "up", "--data", data, "--ports", "auto")
    wait_until(lambda: (data / "stack.json").exists() or process.poll() is not None)
    assert finish(process, signal.SIGTERM)[0] == 0


@pytest.mark.parametrize("stop", STOPS)
def test_stopping_the_demo_leaves_nothing(stage: Stage, tmp_path: Path, stop: signal.Signals) -> None:
    process = stage.spawn("demo", env={"TMPDIR": str(tmp_path)}, cwd=tmp_path)
    wait_until(lambda: any(tmp_path.iterdir()) or process.poll() is not None)
    time.sleep(0.3)
    status, err = finish(process, stop)
    assert status == 130, err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


# ---- streams ---------------------------------------------------------------------------------------------------------
def test_a_reader_that_went_away_ends_the_command_quietly(stage: Stage) -> None:
    read, write = os.pipe()
    os.close(read)
    ran = stage.process("help", stdout=write)
    os.close(write)
    assert ran.status == -signal.SIGPIPE
    assert ran.err == ""


@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["version", "verify-blob", "sign-blob"])
def test_a_closed_stream_is_no_crash(stage: Stage, tmp_path: Path, redirection: str, command: str) -> None:
    words = {
        "version": "version",
        "verify-blob": f"verify-blob --key {stage.public_key} --bundle {stage.keyed} {stage.artifact}",
        "sign-blob": f"sign-blob --key {stage.key} --bundle out.json {stage.artifact}",
    }[command]
    line = f"{sys.executable} -m pycosign {words} {redirection}"
    ended = subprocess.run(
        ["sh", "-c", line], env=stage.env, cwd=tmp_path, capture_output=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count(b"Traceback") == 0


def test_standard_input_that_is_closed_is_said(stage: Stage, tmp_path: Path) -> None:
    line = f"{sys.executable} -m pycosign sign-blob --key {stage.key} --bundle out.json - <&-"
    ended = subprocess.run(
        ["sh", "-c", line], env=stage.env, cwd=tmp_path, capture_output=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"Error: standard input is closed\n")
    assert list(tmp_path.iterdir()) == []
