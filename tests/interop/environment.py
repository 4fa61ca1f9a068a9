"""What an interop run stands on: programs with a home of their own, our stack as a process, Debian's registry."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

START_SECONDS = 60
PASSWORD = "interop"


class Result(NamedTuple):
    """How a program ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def last_words(self) -> str:
        """The line that says why it failed."""
        lines = [line for line in (self.stderr + self.stdout).splitlines() if line.strip()]
        return lines[-1][:160] if lines else ""


class Home:
    """A home directory and an environment that only this run's programs see."""

    def __init__(self, directory: Path, extra: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        keep = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")
        self.environment = {name: os.environ[name] for name in keep if name in os.environ}
        self.environment |= {"HOME": str(directory), "COSIGN_PASSWORD": PASSWORD, **(extra or {})}

    def run(self, command: Sequence[str | Path], *, timeout: float = 120) -> Result:
        """Run a program in this home; its standard input is empty."""
        done = subprocess.run(
            [str(word) for word in command],
            env=self.environment,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)


def pycosign() -> list[str]:
    """Our command, with the interpreter that runs the tests."""
    return [sys.executable, "-m", "pycosign"]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(url: str, process: subprocess.Popen[str]) -> None:
    """Wait until `url` answers anything at all, or say what the process said instead."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


def stop(process: subprocess.Popen[str]) -> None:
    """End a process that this run started."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


class Stack(NamedTuple):
    """Our private Sigstore, running; `info` is its stack.json."""

    data: Path
    info: Mapping[str, str]
    variables: Mapping[str, str]  # what `stack env` prints

    def token(self, email: str) -> str:
        """An identity token."""
        command = [*pycosign(), "stack", "token", "--data", str(self.data), "--email", email]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@contextlib.contextmanager
def our_stack(data: Path, *ports: str) -> Iterator[Stack]:
    """Start `pycosign stack up`, wait for stack.json, stop it at the end."""
    log_path = data.with_suffix(".log")
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [*pycosign(), "stack", "up", "--data", str(data), *ports], stdout=log, stderr=log, text=True
        )
        try:
            end = time.monotonic() + START_SECONDS
            while not (data / "stack.json").exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"the stack did not start: {log_path.read_text()[-800:]}")
                time.sleep(0.05)
            yield Stack(data, json.loads((data / "stack.json").read_text()), _variables(data))
        finally:
            stop(process)


def _variables(data: Path) -> dict[str, str]:
    command = [*pycosign(), "stack", "env", "--data", str(data)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # a shell is the only reader that the lines promise to suit
    shown = subprocess.run(["sh", "-c", f"{text}\nenv -0"], capture_output=True, text=True, check=True, env={}).stdout
    pairs = (item.split("=", 1) for item in shown.split("\0") if "=" in item)
    return {name: value for name, value in pairs if name not in {"PWD", "SHLVL", "_"}}


@contextlib.contextmanager
def debian_registry(program: Path, directory: Path) -> Iterator[str]:
    """Start docker-registry (no referrers API) on a free loopback port; yields host:port."""
    directory.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{free_port()}"
    config = directory / "config.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {directory / 'data'}}}, "
        f"delete: {{enabled: true}}}}\nhttp: {{addr: {address}, secret: interop}}\n"
    )
    with (directory / "log").open("w") as log:
        process = subprocess.Popen([program, "serve", config], stdout=log, stderr=log, text=True)
        try:
            wait_until(f"http://{address}/v2/", process)
            yield address
        finally:
            stop(process)
