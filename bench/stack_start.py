"""The stack's start to ready, and its memory when idle (targets: 3 s, 150 MB)."""

import tempfile
import time
from pathlib import Path

from tests.interop.environment import Stack, our_stack


def _resident_mb(stack: Stack) -> float:
    from pycosign.stack import status

    report = status.check(str(stack.data))
    lines = Path(f"/proc/{report.pid}/status").read_text().splitlines()
    (resident,) = (line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(resident) * 1024 / 1e6


def run() -> None:
    """A fresh data directory, then the same one again."""
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "stack"
        print("\nstack up, start to ready (target: 3 s) and idle memory (target: 150 MB)")
        for name in ("fresh data directory", "the same directory again"):
            began = time.perf_counter()
            with our_stack(data, "--ports", "auto") as stack:
                ready = time.perf_counter() - began  # includes one `stack env`, a process of its own
                time.sleep(1)
                print(f"  {name:28} {ready:6.2f} s  {_resident_mb(stack):6.1f} MB")
