"""What a verification proved, or which check refused, as JSON. Schema 1: docs/report.schema.json, which tests hold to.

A row (`--output json`) says it of one artifact and one bundle. A report (`--report`) says it of everything that was
looked at, with the trust it was judged under.
"""

import json
from typing import TYPE_CHECKING, Any

from pycosign.errors import MalformedError, RefusedError, SigningError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pycosign.cli.journal import Journal
    from pycosign.flows.verify_batch import JudgedPair
    from pycosign.policy.decide import PolicyVerdict
    from pycosign.verify.result import Verified

__all__ = [
    "batch_row",
    "candidate",
    "full_report",
    "one_line",
    "policy_member",
    "proof",
    "report_of_error",
    "report_of_verified",
    "row_by_policy",
    "verdict_of_error",
]

SCHEMA = 1
_FULCIO = "1.3.6.1.4.1.57264.1"


def one_line(document: dict[str, Any]) -> str:
    """As JSON, without a newline.

    Escaped is what could steer a terminal (C1 controls, turns of the direction of writing) or would end a line for some
    readers (U+0085, U+2028), and a file name that is not UTF-8: no reader of JSON takes its bytes.
    """
    line = json.dumps(document, ensure_ascii=False)
    return line if line.isprintable() else json.dumps(document)


def verdict_of_error(error: SigningError) -> str | None:
    """ "unavailable" or "refused"; None for an error that is no verdict: a wrong flag, a missing file."""
    if isinstance(error, UnavailableError):
        return "unavailable"
    return "refused" if isinstance(error, RefusedError | MalformedError) else None


def report_of_verified(artifact: str, verified: "Verified", journal: "Journal") -> str:
    """The row of `--output json`."""
    answer = _answer("verified", None)
    return one_line({"schema": SCHEMA, "artifact": artifact, **answer, **proof(verified), "trust": journal.trust})


def report_of_error(artifact: str, error: SigningError, journal: "Journal") -> str | None:
    """The row of `--output json`; None for an error that is no verdict."""
    verdict = verdict_of_error(error)
    if verdict is None:
        return None
    found = {"check": error.check, "trust": journal.trust}
    return one_line({"schema": SCHEMA, "artifact": artifact, **_answer(verdict, error), **found})


def row_by_policy(
    artifact: str,
    error: SigningError | None,
    first: "Verified | None",
    policy: dict[str, Any] | None,
    journal: "Journal",
) -> dict[str, Any]:
    """The row of `--output json` with a policy: of several signers, what was proved of the first."""
    verdict = "verified" if error is None else verdict_of_error(error) or "refused"
    found = proof(first) if first is not None else {"check": None if error is None else error.check}
    counted = {} if policy is None else {"policy": policy}
    answer = {**_answer(verdict, error), **counted, **found, "trust": journal.trust}
    return {"schema": SCHEMA, "artifact": artifact, **answer}


def policy_member(verdict: "PolicyVerdict") -> dict[str, Any]:
    """What a policy demanded and found: so many distinct signers, and each that counted."""
    signers = [{"signer": item.signer, "rules": list(item.rules)} for item in verdict.counted]
    return {"threshold": verdict.threshold, "signers": signers}


def batch_row(judged: "JudgedPair", trust: "dict[str, str | int | None] | None") -> str:
    """The row of one line of `--batch`. trust: that of all rows, as the journal has it."""
    named = {"schema": SCHEMA, "line": judged.line, "artifact": judged.artifact, "bundle": judged.bundle}
    counted = {} if judged.by_policy is None else {"policy": policy_member(judged.by_policy)}
    if isinstance(judged.outcome, SigningError):
        answer = _answer(judged.verdict.value, judged.outcome)
        return one_line({**named, **answer, **counted, "check": judged.outcome.check, "trust": trust})
    return one_line({**named, **_answer("verified", None), **counted, **proof(judged.outcome), "trust": trust})


def candidate(source: str, outcome: "Verified | SigningError") -> dict[str, Any]:
    """One signature of a report. source: the file, or the digest of what the registry holds."""
    from pycosign.verify.checks import checks_of  # only a report needs the words

    checks = [result._asdict() for result in checks_of(outcome)]
    if isinstance(outcome, SigningError):
        verdict = verdict_of_error(outcome) or "unavailable"  # it takes more than is given to judge it: no proven no
        return {"source": source, **_answer(verdict, outcome), "checks": checks}
    return {"source": source, **_answer("verified", None), **proof(outcome), "checks": checks}


def full_report(
    artifact: str,
    error: SigningError | None,
    candidates: "Iterable[dict[str, Any]]",
    journal: "Journal",
    *,
    digest: str | None = None,
    policy: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The report of `--report`.

    Args:   error: how the command will end; it has to be a verdict. digest: of the image that the reference meant.
            policy: `policy_member`, where one was asked.
    """
    verdict = "verified" if error is None else verdict_of_error(error) or "refused"
    return {
        "schema": SCHEMA,
        "artifact": artifact,
        "digest": digest,
        **_answer(verdict, error),
        "trust": journal.trust,
        **({} if policy is None else {"policy": policy}),
        "candidates": list(candidates),
        "warnings": list(journal.warnings),
    }


def proof(verified: "Verified") -> dict[str, Any]:
    """What was proved of one signature. Moments are RFC 3339, UTC; digests and ids are hexadecimal.

    key: PEM, and null for a certificate, which has identity, issuer and claims (by OID) in its place. ignored: what
    was in the evidence and did not count, with the reason.
    """
    has_key = verified.certificate is None
    digest = verified.digest
    return {
        "format": verified.source,
        "digest": None if digest is None else f"{digest[0]}:{digest[1].hex()}",
        "key": verified.key.pem().decode() if has_key else None,
        "identity": verified.identity,
        "issuer": verified.issuer,
        "claims": {f"{_FULCIO}.{number}": text for number, text in sorted(verified.extensions.items())},
        "times": [
            {"source": time.source, "authority": time.authority, "at": _moment(time.at)} for time in verified.times
        ],
        "log_entries": [
            {
                "log_index": entry.log_index,
                "log_id": entry.log_id.hex(),
                "log_url": entry.log_url,
                "kind": entry.kind,
                "integrated_at": None if entry.integrated_at is None else _moment(entry.integrated_at),
                "proved_by": list(entry.proved_by),
            }
            for entry in verified.log_entries
        ],
        "sct_logs": list(verified.sct_logs),
        "predicate_type": None if verified.statement is None else verified.statement.predicate_type,
        "annotations": dict(verified.annotations),
        "waivers": sorted(waiver.value for waiver in verified.waivers),
        "ignored": list(verified.ignored),
    }


def _answer(verdict: str, error: SigningError | None) -> dict[str, Any]:
    if error is None:
        return {"verdict": verdict, "code": None, "message": None}
    return {"verdict": verdict, "code": error.code, "message": str(error)}


def _moment(at: "datetime") -> str:
    return at.isoformat().replace("+00:00", "Z")
