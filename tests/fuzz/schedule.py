"""Every target with both engines, so many processes at a time; and the table of what they noted."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["fuzz_all", "outcome_of", "print_table"]

_REPLAY_SECONDS = 20.0  # at most; and a tenth of the run
_GRACE_SECONDS = 1800.0  # to start, to end and to be replayed
_MOST_WALL = 20  # seconds of wall time for each of processor time, until a run counts as hung
_GROWTH_MB = 16  # of a replay in a fresh process, from the second pass to the last: more is a leak


class Outcome(NamedTuple):
    """What became of one run."""

    executions: int
    findings: list[str]


def outcome_of(results: Path, target: str, status: int, corpus: Path, seconds: float) -> Outcome:
    """Complete what an atheris run noted: how its process ended, and whether its corpus makes a fresh process grow."""
    path = results / f"{target}.atheris.json"
    report: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"executions": 0}
    if status != 0 or report.get("status") != "done":
        report["status"] = f"ended with status {status}"
    files = sorted(corpus.iterdir()) if corpus.is_dir() else []
    if files:
        report |= _replay(target, files[:3000], min(_REPLAY_SECONDS, seconds / 10))
    path.write_text(json.dumps(report, indent=1) + "\n")
    return Outcome(report["executions"], findings_of(report))


def _replay(target: str, files: list[Path], seconds: float) -> dict[str, Any]:
    words = ["-m", "tests.fuzz", "replay", target, "--seconds", str(seconds), *map(str, files)]
    command = [sys.executable, *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_GRACE_SECONDS / 2)
    except subprocess.TimeoutExpired:
        return {"replay": "failed: it did not end"}
    if done.returncode != 0:
        return {"replay": f"failed: {done.stderr[-300:]}"}
    words = done.stdout.split()
    # NAME: N inputs, N passes, N MB after 2, N MB at the end
    return {"replay": done.stdout.strip(), "replay_growth_mb": int(words[9]) - int(words[5])}


def findings_of(report: dict[str, Any]) -> list[str]:
    """One line for each thing that must not be."""
    found = [f"{what}: {path}" for what, path in report.get("crashes", {}).items()]
    found += [f"slow: {path}" for path in report.get("slow", ())]
    if report.get("status") not in ("done", "running"):
        found.append(str(report.get("status")))
    if report.get("replay_growth_mb", 0) > _GROWTH_MB or str(report.get("replay", "")).startswith("failed"):
        found.append(f"replay: {report['replay']}")
    return found


def fuzz_all(only: tuple[str, ...], engines: tuple[str, ...], *, minutes: float, jobs: int, results: Path) -> int:
    """Run every target, those that have been fuzzed least first. Status 1 if anything was found."""
    from tests.fuzz.ledger import read_ledger

    listed = subprocess.run([sys.executable, "-m", "tests.fuzz", "list"], capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.split() if not only or name in only]
    results.mkdir(parents=True, exist_ok=True)
    print(f"{len(names)} targets, results in {results}", flush=True)
    waiting = [(engine, name) for name in names for engine in engines if not _is_done(results, name, engine)]
    ledger = read_ledger()
    waiting.sort(key=lambda item: ledger[item[1], item[0]].cpu_seconds if (item[1], item[0]) in ledger else 0)
    running: dict[tuple[str, str], tuple[subprocess.Popen[bytes], float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                engine, name = waiting.pop(0)
                words = [engine, name, "--minutes", str(minutes), "--results", str(results)]
                with (results / f"{name}.{engine}.log").open("wb") as log:
                    child = subprocess.Popen([sys.executable, "-m", "tests.fuzz", *words], stdout=log, stderr=log)
                running[engine, name] = child, time.monotonic()
            time.sleep(1)
            _collect(running, minutes * 60 * _MOST_WALL + _GRACE_SECONDS, results)
    finally:
        for child, _ in running.values():
            child.terminate()
    return print_table(results)


def _is_done(results: Path, name: str, engine: str) -> bool:
    """Whether an earlier run into the same directory came to its end: then it is not begun again."""
    path = results / f"{name}.{engine}.json"
    return path.exists() and json.loads(path.read_text()).get("status") == "done"


def _collect(
    running: dict[tuple[str, str], tuple[subprocess.Popen[bytes], float]], most_seconds: float, results: Path
) -> None:
    """Take out of `running` what has ended, and end what hangs."""
    for (engine, name), (child, begin) in list(running.items()):
        hung = time.monotonic() - begin > most_seconds
        if hung:
            child.kill()
        if hung or child.poll() is not None:
            del running[engine, name]
            said = "hung" if hung else f"status {child.returncode}"
            if hung:
                (results / f"{name}.{engine}.hung").touch()
            print(f"{time.strftime('%H:%M:%S')} {name} {engine}: {said}", flush=True)


def print_table(results: Path) -> int:
    """The runs of a directory of results. Status 1 if there is a finding among them."""
    print(
        f"{'target':20} {'engine':10} {'wall s':>7} {'cpu s':>7} {'executions':>10} {'MB start/end/peak':>18} "
        f"{'replay':>7}  found"
    )
    findings: list[str] = []
    totals = [0.0, 0.0, 0]
    for path in sorted(results.glob("*.json")):
        report = json.loads(path.read_text())
        found = findings_of(report)
        if path.with_suffix(".hung").exists():
            found.append("hung")
        findings += [f"{report['target']} {report['engine']}: {item}" for item in found]
        memory = "/".join(str(report[f"rss_{when}_mb"]) for when in ("start", "end", "peak"))
        growth = f"{report['replay_growth_mb']:+d}" if "replay_growth_mb" in report else ""
        for position, name in enumerate(("wall_seconds", "cpu_seconds", "executions")):
            totals[position] += report[name]
        print(
            f"{report['target']:20} {report['engine']:10} {report['wall_seconds']:7.0f} {report['cpu_seconds']:7.0f} "
            f"{report['executions']:10} {memory:>18} {growth:>7}  {len(found) or ''}"
            f"{'' if report['status'] == 'done' else ' ' + report['status']}"
        )
    wall, cpu, executions = totals
    print(f"{'all':20} {'':10} {wall:7.0f} {cpu:7.0f} {executions:10.0f}   {len(findings)} findings")
    for finding in findings:
        print(f"  {finding}")
    return 1 if findings else 0
