"""`pycosign stack up` as a process: ready, alone on its directory, and gone in good order."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import run_cli

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


def start(data: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pycosign", "stack", "up", "--data", str(data), "--ports", "auto"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (data / "stack.json").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stack_starts_is_alone_and_ends(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data"
    process = start(data)
    try:
        urls = json.loads((data / "stack.json").read_text())
        assert run_cli("stack", "status", "--data", str(data)).status == 0
        second = run_cli("stack", "up", "--data", str(data), "--ports", "auto")
        assert second.status == 1
        assert str(process.pid) in second.err
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == b""
    assert f"registry  {urls['registry']}" in err.decode()
    assert not (data / "stack.json").exists()
    down = run_cli("stack", "status", "--data", str(data))
    assert down.status != 0
    again = start(data)
    assert json.loads((data / "stack.json").read_text()) == urls
    again.terminate()
    again.communicate(timeout=30)
