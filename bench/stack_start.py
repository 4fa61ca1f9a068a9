"""The stack's start to ready, and its memory when idle (targets: 3 s, 150 MB)."""

import tempfile
import time
from pathlib import Path

from tests.interop.environment import Stack, our_stack


def _resident_mb(stack: Stack) -> float:
    """Resident memory of the one process, whose id its lock file holds."""
    process = int((stack.data / "lock").read_text().split()[0])
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (resident,) = (line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(resident) * 1024 / 1e6


def run() -> None:
    """A fresh data directory (its keys are made, one of them RSA), then the same one again."""
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "stack"
        print("\nstack up: start to ready (target: 3 s), memory when idle (target: 150 MB)")
        for name in ("fresh data directory", "the same directory again"):
            began = time.time()
            with our_stack(data, "--ports", "auto") as stack:
                ready = (data / "stack.json").stat().st_mtime - began  # written when every service answers
                time.sleep(1)
                print(f"  {name:28} {ready:6.2f} s  {_resident_mb(stack):6.1f} MB", flush=True)
