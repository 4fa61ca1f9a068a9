"""The JSON report of one verification, `--output json`: what was proved, or which check refused. Schema 1."""

import json
from typing import TYPE_CHECKING, Any

from pycosign.errors import MalformedError, RefusedError, SigningError, UnavailableError

if TYPE_CHECKING:
    from datetime import datetime

    from pycosign.verify.result import Verified

__all__ = ["report_of_error", "report_of_verified"]

SCHEMA = 1


def report_of_verified(artifact: str, verified: "Verified") -> str:
    """One line, without its newline. Moments are RFC 3339, UTC; digests and ids are hexadecimal."""
    report: dict[str, Any] = {"schema": SCHEMA, "artifact": artifact, "verdict": "verified", "source": verified.source}
    if verified.digest is not None:
        report["digest"] = f"{verified.digest[0]}:{verified.digest[1].hex()}"
    if verified.certificate is None:
        report["key"] = verified.key.pem().decode()
    else:
        report["identity"], report["issuer"] = verified.identity, verified.issuer
    report["times"] = [{"source": time.source, "at": _moment(time.at)} for time in verified.times]
    report["log_entries"] = [
        {
            "log_index": entry.log_index,
            "log_id": entry.log_id.hex(),
            "log_url": entry.log_url,
            "integrated_at": None if entry.integrated_at is None else _moment(entry.integrated_at),
            "proved_by": list(entry.proved_by),
        }
        for entry in verified.log_entries
    ]
    report["predicate_type"] = None if verified.statement is None else verified.statement.predicate_type
    report["waivers"] = sorted(waiver.value for waiver in verified.waivers)
    report["ignored"] = list(verified.ignored)
    return json.dumps(report, ensure_ascii=False)


def report_of_error(artifact: str, error: SigningError) -> str | None:
    """One line, without its newline; None for an error that is no verdict: a wrong flag, a missing file."""
    if isinstance(error, UnavailableError):
        verdict = "unavailable"
    elif isinstance(error, RefusedError | MalformedError):
        verdict = "refused"
    else:
        return None
    report = {"schema": SCHEMA, "artifact": artifact, "verdict": verdict, "code": error.code, "reason": str(error)}
    return json.dumps(report, ensure_ascii=False)


def _moment(at: "datetime") -> str:
    return at.isoformat().replace("+00:00", "Z")
