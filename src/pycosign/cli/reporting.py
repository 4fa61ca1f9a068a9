"""`--output json` and `--report` of the commands that verify one file: the answer as data on standard output."""

from pycosign.cli.journal import Journal
from pycosign.cli.report import (
    candidate,
    full_report,
    one_line,
    report_of_error,
    report_of_verified,
    verdict_of_error,
)
from pycosign.errors import SigningError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.flows.candidates import JudgedCandidate
    from pycosign.verify.result import Verified

__all__ = ["conclude_reported", "print_answer", "put_report"]


def print_answer(artifact: str, decide: "Callable[[Journal], Verified]", args: "Values", context: "Context") -> None:
    """Print the report, or the row, of what `decide` finds; of an error that is no verdict, nothing. Raises as it."""
    form, journal = args.text("report"), Journal()
    try:
        verified = decide(journal)
    except SigningError as exc:
        if form and verdict_of_error(exc):
            put_report(full_report(artifact, exc, _candidates(exc, args, journal), journal), form, context)
        elif not form:
            row = report_of_error(artifact, exc, journal)
            context.put("" if row is None else f"{row}\n")
        raise
    if form:
        put_report(full_report(artifact, None, _candidates(verified, args, journal), journal), form, context)
    else:
        context.put(f"{report_of_verified(artifact, verified, journal)}\n")


def _candidates(outcome: "Verified | SigningError", args: "Values", journal: Journal) -> "list[dict[str, Any]]":
    """Every signature of the bundle file, or the one that there is."""
    source = args.text("bundle") or args.text("signature") or "the flags"
    if journal.candidates:
        return [candidate(f"{source}, {item.place}", item.outcome) for item in journal.candidates]
    return [candidate(source, outcome)]


def conclude_reported(judged: "Iterable[JudgedCandidate]", args: "Values", journal: Journal) -> "Verified":
    """The answer over the candidates of one file. One that holds ends it, but a report has all of them."""
    from pycosign.flows.candidates import conclude

    if args.text("report"):
        judged = journal.candidates = tuple(judged)
    return conclude(judged)


def put_report(report: "dict[str, Any]", form: str, context: "Context") -> None:
    """Print a report: one line of JSON, or text for people."""
    if form == "json":
        context.put(f"{one_line(report)}\n")
        return
    from pycosign.cli.context import on_one_line
    from pycosign.cli.report_text import report_lines

    for line in report_lines(report):
        context.put(on_one_line(line) + "\n")
