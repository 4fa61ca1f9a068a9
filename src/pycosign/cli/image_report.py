"""`verify --report`: one report for each image, with every signature that was found beside it."""

from pycosign.cli.report import candidate, full_report, policy_member, verdict_of_error
from pycosign.cli.reporting import put_report
from pycosign.errors import SigningError
from pycosign.flows.verify_by_policy import conclude_image_by_policy, count_image_signers
from pycosign.flows.verify_image import AcceptedSignature, JudgedImage, conclude

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from pycosign.cli.context import Context
    from pycosign.cli.journal import Journal
    from pycosign.policy.decide import VerificationPolicy

__all__ = ["report_image"]


def report_image(
    word: str,
    judge: "Callable[[], JudgedImage]",
    form: str,
    journal: "Journal",
    context: "Context",
    policy: "VerificationPolicy | None" = None,
) -> None:
    """Judge one image and print its report, also of a refusal.

    Args:   policy: demands distinct signers; None: one accepted signature is enough.
    Raises: as `judge` and `conclude`.
    """
    judged: JudgedImage | None = None
    known = list(journal.warnings)
    try:
        judged = judge()
        verdict = conclude(judged) if policy is None else conclude_image_by_policy(judged, policy)
        journal.warnings = [*known, *verdict.warnings]
    except SigningError as exc:
        if verdict_of_error(exc):
            put_report(_report(word, exc, judged, journal, policy), form, context)
        raise
    put_report(_report(word, None, judged, journal, policy), form, context)
    journal.warnings = known


def _report(
    word: str,
    error: SigningError | None,
    judged: JudgedImage | None,
    journal: "Journal",
    policy: "VerificationPolicy | None",
) -> "dict[str, Any]":
    candidates = [] if judged is None else list(_candidates(judged))
    member = None if policy is None or judged is None else policy_member(count_image_signers(judged, policy))
    digest = None if judged is None else judged.digest
    return full_report(word, error, candidates, journal, digest=digest, policy=member)


def _candidates(judged: JudgedImage) -> "Iterator[dict[str, Any]]":
    """What was found; then the places that could not be looked at, which may hold more."""
    for found in judged.candidates:
        if found.outcome is None:
            answer = {"verdict": "not-a-signature", "code": None, "message": None}
            yield {"source": found.source, **answer, "checks": []}
        else:
            accepted = isinstance(found.outcome, AcceptedSignature)
            yield candidate(found.source, found.outcome.verified if accepted else found.outcome)  # type: ignore[union-attr, arg-type]
    for problem in judged.unasked:
        yield candidate("a place that could not be looked at", problem)
