"""Watches a target while an engine drives it: executions, time, memory, crashes and slow inputs, kept as JSON."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import time
import traceback
from pathlib import Path
from typing import Any, Final

from pycosign.errors import SigningError
from tests.fuzz.target import Target

__all__ = ["HungError", "Watch", "resident_bytes"]

SLOW_SECONDS: Final = 2.0  # of processor time, for one input
HUNG_SECONDS: Final = 10.0  # the same: then it is ended
_NOTE_SECONDS: Final = 5.0  # between two notes
_CRASHES: Final = 20  # different ones that are kept
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class HungError(Exception):
    """One input took more processor time than anything may."""


def _end(number: int, frame: object) -> None:
    raise HungError(f"more than {HUNG_SECONDS:g} s of processor time")


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def resident_bytes() -> int:
    """The memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


class Watch:
    """Runs one target's inputs and notes what becomes of them in `directory`/TARGET.ENGINE.json.

    A crash is anything raised but SigningError, known by its type and the line that raised it; its input is written to
    `directory`/crashes. `start` is noted after the first tenth of the time, when caches are warm. Time is the
    processor's.
    """

    def __init__(self, target: Target, engine: str, directory: Path, seconds: float) -> None:
        self.target, self.engine = target, engine
        self._directory, self._seconds = directory, seconds
        self._begin, self._cpu = time.monotonic(), time.process_time()
        self._noted = self._begin
        self.executions = 0
        self._rss_start: int | None = None
        self._crashes: dict[str, str] = {}
        self._slow: list[str] = []
        self._commit = _commit()
        signal.signal(signal.SIGPROF, _end)  # by processor time: a busy machine is no hang
        self.note()

    def is_over(self) -> bool:
        """Whether this process had so much processor time: a busy machine takes nothing away from a run."""
        return time.process_time() - self._cpu >= self._seconds

    def run(self, data: bytes) -> None:
        """One input. Crashes are kept, not raised: the engine goes on."""
        self.executions += 1
        start = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, HUNG_SECONDS)
        try:
            self.target.run(data)
        except SigningError as exc:
            self._crash(data, exc)  # a target lets none out: they are the answers of parsers
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is the finding
            self._crash(data, exc)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        if time.process_time() - start > SLOW_SECONDS:
            self._slow.append(self._keep(data, "slow"))
        if self.executions % 16 == 0 and time.monotonic() - self._noted > _NOTE_SECONDS:
            self.note()

    @property
    def findings(self) -> list[str]:
        """One line for each crash and each slow input."""
        return [f"{what}: {path}" for what, path in self._crashes.items()] + [f"slow: {path}" for path in self._slow]

    def note(self, *, status: str = "running", **more: Any) -> None:
        """Write down how it stands."""
        now = time.monotonic()
        self._noted = now
        rss = resident_bytes()
        if self._rss_start is None and time.process_time() - self._cpu >= self._seconds / 10:
            self._rss_start = rss
        report = {
            "target": self.target.name,
            "engine": self.engine,
            "status": status,
            "commit": self._commit,
            "wall_seconds": round(now - self._begin, 1),
            "cpu_seconds": round(time.process_time() - self._cpu, 1),
            "executions": self.executions,
            "rss_start_mb": (self._rss_start or rss) >> 20,
            "rss_end_mb": rss >> 20,
            "rss_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
            "crashes": self._crashes,
            "slow": self._slow,
            **more,
        }
        path = self._directory / f"{self.target.name}.{self.engine}.json"
        scratch = path.with_suffix(".part")
        scratch.write_text(json.dumps(report, indent=1) + "\n")
        scratch.replace(path)

    def _crash(self, data: bytes, exc: Exception) -> None:
        frames = [frame for frame in traceback.extract_tb(exc.__traceback__) if frame.filename != __file__]
        where = next((f for f in reversed(frames) if "/pycosign/" in f.filename), frames[-1])
        name = f"{type(exc).__name__} in {Path(where.filename).name}:{where.lineno}"
        if name not in self._crashes and len(self._crashes) < _CRASHES:
            self._crashes[name] = self._keep(data, "crash")
            print(f"{self.target.name}: {name}: {str(exc)[:300]}", flush=True)
            print(f"  again: python -m tests.fuzz once {self.target.name} {self._crashes[name]}", flush=True)
            self.note()

    def _keep(self, data: bytes, kind: str) -> str:
        directory = self._directory / "crashes"
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self.target.name}.{kind}-{hashlib.sha256(data).hexdigest()[:12]}"
        path.write_bytes(data)
        return str(path)
