"""`python -m tests.mutation [--all | --sample N] [--jobs N] [--only TEXT]`: mutants before the verifier.

Prints the findings, counts by kind and by reason, the number of mutants and the time; status 1 if it found anything.
"""

import argparse
import multiprocessing
import os
import sys
import time
from functools import partial

from tests.corpus.load import corpus
from tests.mutation.engine import Outcome, examine_all, examine_sample, total
from tests.mutation.memory import remembering

_SHOWN = 20  # findings of one entry that are printed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--all", action="store_true", help="every mutant (millions)")
    parser.add_argument("--sample", type=int, default=500, metavar="N", help="N mutants of each entry (500)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--only", default="", metavar="TEXT", help="only entries whose name holds TEXT")
    return parser.parse_args()


def _show(name: str, outcome: Outcome, seconds: float) -> None:
    print(
        f"{seconds:7.1f} s {outcome.verified.total():8} mutants {len(outcome.findings):5} findings  {name}", flush=True
    )
    for finding in outcome.findings[:_SHOWN]:
        print(f"    {finding}", flush=True)


def _examine(name: str, sample: int | None) -> tuple[str, Outcome]:
    with remembering():
        return name, examine_all(name) if sample is None else examine_sample(name, sample)


def main() -> int:
    arguments = _arguments()
    names = [name for name in corpus() if arguments.only in name]
    names.sort(key=lambda name: -len(corpus()[name].document()))
    start = time.monotonic()
    outcomes = []
    work = partial(_examine, sample=None if arguments.all else arguments.sample)
    with multiprocessing.get_context("fork").Pool(arguments.jobs) as pool:
        for name, outcome in pool.imap_unordered(work, names):
            outcomes.append(outcome)
            _show(name, outcome, time.monotonic() - start)
    whole = total(outcomes)
    for kind, count in sorted(whole.verified.items()):
        print(f"{count:9} {kind}")
    for reason, count in whole.explained.most_common():
        print(f"{count:9} accepted: {reason}")
    seconds = time.monotonic() - start
    print(
        f"{whole.verified.total()} mutants of {len(names)} entries, {whole.explained.total()} accepted with a reason, "
        f"{len(whole.findings)} findings, {seconds:.0f} s with {arguments.jobs} processes"
    )
    return 1 if whole.findings else 0


if __name__ == "__main__":
    sys.exit(main())
