"""Whole processes, measured by the operating system: wall and processor time, peak memory, medians of runs in turn.

In turn (A B C A B C ...), because a machine's speed drifts; quote the ratios, not the milliseconds.
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Usage(NamedTuple):
    """One process: seconds of wall clock and of processor, and peak resident memory in MB (10^6 bytes)."""

    wall: float
    cpu: float
    peak_mb: float


def run_once(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run a command to its end. Raises: RuntimeError with its last words when it fails."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command[:6])} ...: {said.read()[-400:].decode(errors='replace')}")
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)


def in_turn(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], *, rounds: int = 9
) -> dict[str, Usage]:
    """Medians over `rounds` interleaved runs of each command, after one that does not count."""
    runs: dict[str, list[Usage]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            usage = run_once(command, environment)
            if turn:
                runs[name].append(usage)
    return {
        name: Usage(*(statistics.median(column) for column in zip(*many, strict=True))) for name, many in runs.items()
    }


def table(title: str, usages: Mapping[str, Usage], reference: str) -> None:
    """Print one line per command, with its ratio to `reference`."""
    print(f"\n{title}")
    for name, usage in usages.items():
        ratio = usage.wall / usages[reference].wall
        print(
            f"  {name:28} {usage.wall * 1000:8.1f} ms wall  {usage.cpu * 1000:8.1f} ms cpu  "
            f"{usage.peak_mb:7.1f} MB  {ratio:6.2f}x {reference}"
        )
