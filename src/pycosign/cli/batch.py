"""`verify-blob --batch` and `verify-blob-attestation --batch`: many files and their bundles, one row for each pair."""

import hashlib  # noqa: F401 (before `crypto.digests`: of a thousand pairs, the quicker digests repay its loading)

from pycosign.ambient import utc_now
from pycosign.cli.context import for_terminal
from pycosign.cli.journal import Journal
from pycosign.cli.report import batch_row
from pycosign.cli.verifying import (
    check_bundle_flags,
    check_signer_flags,
    load_trust_for,
    read_requirements,
    warn_of_waivers,
)
from pycosign.errors import SigningError, UnavailableError, UsageError
from pycosign.flows.in_order import usable_cores
from pycosign.flows.verify_batch import JudgedPair, verify_batch
from pycosign.verify.result import Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.policy.decide import VerificationPolicy

__all__ = ["run_batch"]


def run_batch(args: "Values", context: "Context", *, predicate_type: str | None = None) -> int:
    """Print a row for each pair as soon as it is its turn.

    Args:    predicate_type: the URI that each attestation must have; None: the bundles are signatures.
    Returns: the exit status: 1 if any pair is refused, else 20 if any is unavailable, else 0.
    Raises:  before the first row: a flag that makes no sense, a key, trust root or batch that cannot be read.
    """
    for name in ("bundle", "report", "digest", "digestAlg"):
        if name in args.flags and args.text(name):
            raise UsageError(f"--{name} cannot be used together with --batch")
    if args.words:
        raise UsageError("a batch names its files itself: no argument can be given together with --batch")
    if args.number("max-workers") <= 0:
        raise UsageError("please set the --max-worker flag to a value that is greater than 0")
    warn_of_waivers(args, context, "blob" if predicate_type is None else "blob attestation")
    journal = Journal()
    policy: VerificationPolicy | None = None
    if args.text("policy-file"):
        from pycosign.cli.policy import load_policy
        from pycosign.policy.decide import requirements_of

        check_bundle_flags(args)
        policy, trust = load_policy(args, context, journal, is_attestation=predicate_type is not None)
        requirements = requirements_of(policy)[0]
    else:
        check_signer_flags(args)
        check_bundle_flags(args)
        requirements = read_requirements(args, context)
        trust = load_trust_for(args, context, requirements, journal)
    seen = dict.fromkeys(Verdict, 0)
    with _open(args.text("batch"), context) as batch:
        rows = verify_batch(
            batch,
            trust=trust,
            requirements=requirements,
            clock=utc_now,
            predicate_type=predicate_type,
            render=_json_rows(journal) if args.text("output") == "json" else _text_row,
            workers=_workers(args),
            policy=policy,
        )
        try:
            for row in rows:
                context.put(f"{row.text}\n")
                context.stdout.flush()
                seen[row.verdict] += 1
        finally:
            rows.close()  # the processes end with it, also after an interrupt or when nobody reads any more
    context.say(", ".join(f"{count} {verdict.value}" for verdict, count in seen.items()))
    if seen[Verdict.REFUSED]:
        return 1
    return UnavailableError.exit_status if seen[Verdict.UNAVAILABLE] else 0


def _open(path: str, context: "Context") -> "BinaryIO":
    """The batch's file, or standard input, which is not closed at the end."""
    if path == "-":
        import os

        stdin = context.stdin_bytes()
        try:
            return os.fdopen(os.dup(stdin.fileno()), "rb")
        except OSError:  # a stream in memory
            return stdin
    return open(path, "rb")


def _workers(args: "Values") -> int:
    """All cores, unless --max-workers says fewer."""
    return min(usable_cores(), args.number("max-workers")) if args.given("max-workers") else usable_cores()


def _json_rows(journal: Journal) -> "Callable[[JudgedPair], str]":
    """Rows that each name the one trust root of the batch, with its age."""
    trust = journal.trust
    return lambda judged: batch_row(judged, trust)


def _text_row(judged: JudgedPair) -> str:
    """One line for people, whatever is in the names and messages."""
    name = f"line {judged.line}" if judged.artifact is None else judged.artifact
    line = f"{name}: {judged.verdict.value}"
    if isinstance(judged.outcome, SigningError):
        line += f" [{judged.outcome.code}] {judged.outcome}"
    return for_terminal(line.replace("\n", " "))
