"""`python -m tests.fuzz ENGINE TARGET`: one target; `all`: each with both engines; `table DIR`: results."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_MOST_WALL = 20  # seconds of wall time for each of processor time, on a machine that does other things besides
_ENGINES = ("hypothesis", "atheris")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    commands = parser.add_subparsers(dest="command", required=True)
    for engine in _ENGINES:
        one = commands.add_parser(engine, help=f"fuzz one target with {engine}")
        one.add_argument("target")
        _common(one)
    every = commands.add_parser("all", help="fuzz every target with both engines")
    every.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    every.add_argument("--only", default="", metavar="A,B", help="only these targets")
    every.add_argument("--engine", choices=_ENGINES, action="append", help="only this engine")
    _common(every)
    once = commands.add_parser("once", help="run a target on files, as a crash report says")
    once.add_argument("target")
    once.add_argument("file", nargs="+", type=Path)
    again = commands.add_parser("replay", help="run a target on files again and again, and look at the memory")
    again.add_argument("target")
    again.add_argument("file", nargs="+", type=Path)
    again.add_argument("--seconds", type=float, default=30.0)
    table = commands.add_parser("table", help="print what a run has noted so far")
    table.add_argument("results", type=Path)
    commands.add_parser("list", help="the names of the targets")
    kept = commands.add_parser("record", help="add a run's results to tests/fuzz/ledger.tsv, and print that")
    kept.add_argument("results", type=Path, nargs="*")
    return parser.parse_args()


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=10.0, help="of processor time, for each target and engine")
    parser.add_argument("--results", type=Path, default=None, metavar="DIR", help="for results and crashes")


def main() -> int:
    arguments = _arguments()
    match arguments.command:
        case "atheris" if not _has_atheris():
            print("skipped: atheris is not installed (pip install --group fuzz; it has wheels for Python 3.11 to 3.13)")
            return 0
        case "atheris":
            return _atheris(arguments)
        case "all":
            from tests.fuzz.schedule import fuzz_all

            engines = tuple(arguments.engine or _ENGINES)
            if not _has_atheris() and "atheris" in engines:
                print("skipped: every run with atheris, which is not installed")
                engines = tuple(engine for engine in engines if engine != "atheris")
            results = arguments.results or Path(tempfile.mkdtemp(prefix="pycosign-fuzz-results-"))
            only = tuple(filter(None, arguments.only.split(",")))
            return fuzz_all(only, engines, minutes=arguments.minutes, jobs=arguments.jobs, results=results)
        case "record":
            from tests.fuzz.ledger import print_ledger, record
            from tests.fuzz.table import TABLE

            for results in arguments.results:
                print(f"{record(results)} runs added")
            print_ledger(list(TABLE), _ENGINES)
            return 0
        case "table":
            from tests.fuzz.schedule import print_table

            return print_table(arguments.results)
    return _with_table(arguments)


def _with_table(arguments: argparse.Namespace) -> int:
    """The commands that run targets in this process."""
    from tests.fuzz.table import TABLE

    if arguments.command == "list":
        print("\n".join(TABLE))
        return 0
    target = TABLE[arguments.target]
    if arguments.command == "once":
        for path in arguments.file:
            target.run(path.read_bytes())
            print(f"{path}: no crash")
        return 0
    if arguments.command == "replay":
        from tests.fuzz.watch import resident_bytes

        data = [path.read_bytes() for path in arguments.file]
        growth: list[int] = []
        end = time.monotonic() + arguments.seconds
        while len(growth) < 3 or time.monotonic() < end:
            for item in data:
                target.run(item)
            growth.append(resident_bytes() >> 20)
        passes = f"{len(data)} inputs, {len(growth)} passes"
        print(f"{target.name}: {passes}, {growth[1]} MB after 2, {growth[-1]} MB at the end")
        return 0
    from tests.fuzz.watch import Watch
    from tests.fuzz.with_hypothesis import run_hypothesis

    watch = Watch(target, "hypothesis", _results(arguments), arguments.minutes * 60)
    run_hypothesis(target, watch)
    watch.note(status="done")
    return _tell(watch.findings, watch.executions)


def _atheris(arguments: argparse.Namespace) -> int:
    """In a process of its own: libFuzzer ends its process as it likes."""
    if "PYCOSIGN_FUZZ_SCRATCH" in os.environ:
        from tests.fuzz.with_atheris import run_atheris

        scratch = Path(os.environ["PYCOSIGN_FUZZ_SCRATCH"])
        run_atheris(arguments.target, arguments.minutes * 60, arguments.results, scratch)
        return 0
    from tests.fuzz.schedule import outcome_of

    results = _results(arguments)
    with tempfile.TemporaryDirectory(prefix="pycosign-fuzz-") as scratch_name:
        words = ["atheris", arguments.target, "--minutes", str(arguments.minutes), "--results", str(results)]
        environment = os.environ | {"PYCOSIGN_FUZZ_SCRATCH": scratch_name, "TMPDIR": scratch_name}
        # the corpus that libFuzzer found is thrown away with the directory, after it was replayed
        command = [sys.executable, "-m", "tests.fuzz", *words]
        try:
            seconds = 600 + arguments.minutes * 60 * _MOST_WALL
            status = subprocess.run(command, env=environment, check=False, timeout=seconds).returncode
        except subprocess.TimeoutExpired:
            status = -9
        outcome = outcome_of(results, arguments.target, status, Path(scratch_name) / "corpus", arguments.minutes * 60)
    return _tell(outcome.findings, outcome.executions)


def _results(arguments: argparse.Namespace) -> Path:
    directory: Path = arguments.results or Path(tempfile.mkdtemp(prefix="pycosign-fuzz-results-"))
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _tell(findings: list[str], executions: int) -> int:
    print(f"{executions} executions, {len(findings)} findings")
    for finding in findings:
        print(f"  {finding}")
    return 1 if findings else 0


def _has_atheris() -> bool:
    import importlib.util

    return importlib.util.find_spec("atheris") is not None


if __name__ == "__main__":
    sys.exit(main())
