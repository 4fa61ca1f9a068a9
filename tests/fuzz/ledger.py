"""How long each target has been fuzzed over all sessions, in `ledger.tsv`: one session on two cores is not enough.

A line for each target and engine: seconds of processor time, executions, findings, the last run's commit. Runs add up
while a parser is the same or only mended; after a rewrite its lines should be taken out.
"""

import json
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.schedule import findings_of

__all__ = ["LEDGER", "Entry", "print_ledger", "read_ledger", "record"]

LEDGER = Path(__file__).with_name("ledger.tsv")
ENOUGH_SECONDS = 600
_HEADER = "target\tengine\tcpu_seconds\texecutions\tfindings\tcommit"


class Entry(NamedTuple):
    """What is known of one target under one engine. findings: of all runs; each was mended or is open."""

    cpu_seconds: int
    executions: int
    findings: int
    commit: str


def read_ledger() -> dict[tuple[str, str], Entry]:
    """By (target, engine)."""
    header, *lines = LEDGER.read_text().splitlines()
    if header != _HEADER:
        raise ValueError(f"{LEDGER.name} does not begin with its header")
    rows = [line.split("\t") for line in lines]
    return {(row[0], row[1]): Entry(int(row[2]), int(row[3]), int(row[4]), row[5]) for row in rows}


def record(results: Path) -> int:
    """Add the runs in a directory of results that came to their end. Each is added once. Returns how many."""
    ledger = read_ledger()
    added = 0
    for path in sorted(results.glob("*.json")):
        report = json.loads(path.read_text())
        if report.get("status") != "done" or report.get("recorded"):
            continue
        name = report["target"], report["engine"]
        known = ledger.get(name, Entry(0, 0, 0, ""))
        ledger[name] = Entry(
            known.cpu_seconds + round(report["cpu_seconds"]),
            known.executions + report["executions"],
            known.findings + len(findings_of(report)),
            report["commit"],
        )
        path.write_text(json.dumps({**report, "recorded": True}, indent=1) + "\n")
        added += 1
    lines = ["\t".join((*name, *map(str, entry))) for name, entry in sorted(ledger.items())]
    LEDGER.write_text("\n".join((_HEADER, *lines)) + "\n")
    return added


def print_ledger(targets: list[str], engines: tuple[str, ...]) -> None:
    """What was fuzzed for long enough, and what was not."""
    ledger = read_ledger()
    enough = [name for name, entry in ledger.items() if entry.cpu_seconds >= ENOUGH_SECONDS]
    for target in targets:
        row = [ledger.get((target, engine), Entry(0, 0, 0, "")) for engine in engines]
        words = ", ".join(
            f"{engine} {entry.cpu_seconds} s {entry.executions} executions {entry.findings} findings"
            for engine, entry in zip(engines, row, strict=True)
        )
        print(f"{target:20} {words}")
    seconds = sum(entry.cpu_seconds for entry in ledger.values())
    executions = sum(entry.executions for entry in ledger.values())
    print(
        f"{len(enough)} of {len(targets) * len(engines)} had {ENOUGH_SECONDS} s; {seconds} s and {executions} "
        f"executions in all, {sum(entry.findings for entry in ledger.values())} findings"
    )
