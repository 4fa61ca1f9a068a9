"""kill -9 while images are being pushed: what was acknowledged is there, and nothing is half there."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from pycosign.errors import UnavailableError
from pycosign.stack.registry import build_registry_app
from tests.stack.registry_client import Client, digest_of
from tests.stack.registry_server import serving

SERVER = """
import sys, time
from pycosign.stack.registry import build_registry_app
from tests.stack.registry_server import serving
with serving(build_registry_app(sys.argv[1])) as host:
    print(host, flush=True)
    time.sleep(60)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: dict[str, str] = {}
    for round_number in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        try:
            assert process.stdout is not None
            ask = Client(process.stdout.readline().strip())
            until = time.monotonic() + 0.4
            number = 0
            while time.monotonic() < until:
                tag = f"r{round_number}-{number}"
                put = ask.image("app", tag, tag.encode())
                assert put.status == 201
                acknowledged[tag] = put.headers["Docker-Content-Digest"]
                number += 1
            location = ask("POST", "/v2/app/blobs/uploads/").headers["Location"]
            ask("PATCH", location, b"half a blob")
        except UnavailableError:
            pass
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
    assert len(acknowledged) >= 3
    with serving(build_registry_app(str(tmp_path))) as host:
        ask = Client(host)
        for tag, digest in acknowledged.items():
            assert digest_of(ask("GET", f"/v2/app/manifests/{tag}").body) == digest
            assert ask("GET", f"/v2/app/blobs/{digest_of(tag.encode())}").body == tag.encode()


def test_a_blob_file_that_a_crash_left_without_its_row_does_no_harm(tmp_path: Path) -> None:
    content = b"renamed, then the power went"
    path = tmp_path / "blobs/sha256" / digest_of(content)[7:9] / digest_of(content)[7:]
    with serving(build_registry_app(str(tmp_path))) as host:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        ask = Client(host)
        assert ask("HEAD", f"/v2/app/blobs/{digest_of(content)}").status == 404
        assert ask.upload("app", content) == digest_of(content)
        assert ask("GET", f"/v2/app/blobs/{digest_of(content)}").body == content
