"""Every check of one verification in its order, and what came of it. Words for reports: nothing is decided here.

Made afterwards, from the result or from the error that ended the pipeline, so verification itself pays nothing for it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from pycosign.crypto.certificate import Certificate
from pycosign.crypto.names import format_name
from pycosign.errors import MalformedError, SigningError, UnavailableError
from pycosign.verify.claim import ClaimedSigner
from pycosign.verify.claims import Claims
from pycosign.verify.identity import ProvedIdentity
from pycosign.verify.leaf import VerifiedLeaf
from pycosign.verify.log import LoggedEntry, ProvedEntries
from pycosign.verify.pipeline import CHECKS
from pycosign.verify.requirements import Waiver
from pycosign.verify.result import Verified
from pycosign.verify.sct import CheckedScts
from pycosign.verify.signature import SignedContent
from pycosign.verify.times import VerifiedTime
from pycosign.verify.timestamps import CheckedTimestamps, VerifiedTimestamp

__all__ = [
    "NOT_NEEDED",
    "NOT_REACHED",
    "PASSED",
    "REFUSED",
    "UNAVAILABLE",
    "WAIVED",
    "CheckResult",
    "checks_of",
]

PASSED: Final = "passed"
REFUSED: Final = "refused"
UNAVAILABLE: Final = "unavailable"
WAIVED: Final = "waived"
NOT_NEEDED: Final = "not-needed"
NOT_REACHED: Final = "not-reached"

_OF_CERTIFICATES: Final = ("certificate", "certificate-log", "identity")


class CheckResult(NamedTuple):
    """One check of one signature.

    check: one of `pipeline.CHECKS`. result: PASSED, REFUSED, UNAVAILABLE, WAIVED, NOT_NEEDED or NOT_REACHED.
    code: of the error that refused it, else None. detail: what it proved, or why it did not, in a few words; may be "".
    """

    check: str
    result: str
    code: str | None
    detail: str


def checks_of(outcome: Verified | SigningError) -> tuple[CheckResult, ...]:
    """Every one of `pipeline.CHECKS`, in order.

    Of an error that no check raised (the evidence could not be read, say) all are NOT_REACHED.
    """
    if isinstance(outcome, Verified):
        return tuple(_of_verified(check, outcome) for check in CHECKS)
    proved = outcome.proved or {}
    failed_at = CHECKS.index(outcome.check) if outcome.check in CHECKS else -1
    results = []
    for at, check in enumerate(CHECKS):
        if at == failed_at:
            result = UNAVAILABLE if isinstance(outcome, UnavailableError) else REFUSED
            results.append(CheckResult(check, result, outcome.code, str(outcome)))
        elif check in proved:
            results.append(_of_step(check, proved[check]))
        elif check in _OF_CERTIFICATES and _has_key(proved):
            results.append(_not_needed(check))
        else:
            results.append(CheckResult(check, NOT_REACHED, None, ""))
    return tuple(results)


def _has_key(proved: Mapping[str, object]) -> bool:
    claimed = proved.get("signer")
    return isinstance(claimed, ClaimedSigner) and claimed.certificate is None


def _not_needed(check: str) -> CheckResult:
    return CheckResult(check, NOT_NEEDED, None, "a key has neither certificate nor identity")


# ---- of a result -----------------------------------------------------------------------------------------------------
def _of_verified(check: str, verified: Verified) -> CheckResult:
    certificate = verified.certificate
    if check in _OF_CERTIFICATES and certificate is None:
        return _not_needed(check)
    stamps = [time for time in verified.times if time.source == "timestamp"]
    result, detail = PASSED, ""
    if check == "signer":
        detail = _signer(verified.key.kind, has_certificate=certificate is not None)
    elif check == "signature":
        detail = f"it holds under the {verified.key.kind} key"
    elif check == "timestamps":
        result, detail = _timestamps(stamps)
    elif check == "log":
        result, detail = _log(verified.log_entries, is_waived=Waiver.TLOG in verified.waivers)
    elif check == "time":
        result, detail = _time(verified.times)
    elif check == "certificate" and certificate is not None:
        detail = _certificate(certificate)
    elif check == "certificate-log":
        result, detail = _certificate_log(verified.sct_logs)
    elif check == "identity":
        detail = _identity(verified.identity or "", verified.issuer)
    elif check == "content":
        result, detail = _content(verified)
    elif check == "revocation":
        result, detail = _revocation(verified.revocation_lists)
    return CheckResult(check, result, None, detail)


# ---- of what an error carries --------------------------------------------------------------------------------------
def _of_step(check: str, value: object) -> CheckResult:
    """A check that passed before another one failed; `value` is what it gave."""
    result, detail = PASSED, ""
    if isinstance(value, ClaimedSigner):
        detail = _signer(value.key.kind, has_certificate=value.certificate is not None)
    elif isinstance(value, SignedContent):
        detail = f"it holds under the {value.key.kind} key"
    elif isinstance(value, CheckedTimestamps):
        result, detail = _timestamps(value.valid)
    elif isinstance(value, ProvedEntries):
        result, detail = _log(value.entries, is_waived=value.waived)
    elif isinstance(value, Claims):
        result, detail = _content(value)
    elif isinstance(value, VerifiedLeaf):
        detail = _certificate(value.certificate)
    elif isinstance(value, CheckedScts):
        result, detail = _certificate_log(value.logs)
    elif isinstance(value, ProvedIdentity):
        detail = _identity(value.identity, value.issuer)
    elif check == "time" and isinstance(value, tuple):
        result, detail = _time(value)
    return CheckResult(check, result, None, detail)


# ---- words ---------------------------------------------------------------------------------------------------------
def _identity(name: str, issuer: str | None) -> str:
    return f"{name}, vouched for by {issuer or 'its certificate authority alone'}"


def _signer(kind: str, *, has_certificate: bool) -> str:
    return f"the {kind} key of its certificate, so far a claim" if has_certificate else f"the demanded {kind} key"


def _timestamps(stamps: "tuple[VerifiedTimestamp, ...] | list[VerifiedTime]") -> tuple[str, str]:
    if not stamps:
        return NOT_NEEDED, "the evidence holds none that counts"
    return PASSED, "; ".join(f"{_moment(stamp.at)} by {stamp.authority or 'the given authority'}" for stamp in stamps)


def _log(entries: tuple[LoggedEntry, ...], *, is_waived: bool) -> tuple[str, str]:
    if is_waived:
        return WAIVED, "no log entry was looked at"
    return PASSED, "; ".join(
        f"entry {entry.log_index} of {entry.log_url or f'log {entry.log_id.hex()}'}, "
        f"proved by {' and '.join(entry.proved_by)}"
        for entry in entries
    )


def _time(times: tuple[VerifiedTime, ...]) -> tuple[str, str]:
    if not times:
        return NOT_NEEDED, "a key without a period of validity needs no moment"
    return PASSED, "; ".join(f"{_moment(time.at)} by {_witness(time)}" for time in times)


def _witness(time: VerifiedTime) -> str:
    kinds = {"timestamp": "the timestamp authority", "log": "the log", "now": "this machine's clock"}
    return f"{kinds[time.source]} {time.authority}".rstrip()


def _certificate(certificate: Certificate) -> str:
    try:
        issuer = format_name(certificate.issuer_der)
    except MalformedError:  # an issuer's name is compared as bytes; that it is text is only of use here
        issuer = "an authority without a readable name"
    return f"issued by {issuer}, valid {_moment(certificate.not_before)} to {_moment(certificate.not_after)}"


def _certificate_log(urls: "tuple[str, ...]") -> tuple[str, str]:
    if not urls:
        return WAIVED, "no proof was asked for that the certificate was logged"
    return PASSED, "; ".join(url or "the given log" for url in urls)


def _content(claims: Verified | Claims) -> tuple[str, str]:
    kind = "" if claims.statement is None else f"a statement of type {claims.statement.predicate_type}"
    if claims.digest is None:
        waived = "what is signed was not compared with an artifact"
        return WAIVED, f"{waived}: {kind}" if kind else waived
    algorithm, raw = claims.digest
    digest = f"{algorithm}:{raw.hex()}"
    return PASSED, f"{kind} about {digest}" if kind else f"it is of {digest}"


def _revocation(lists: int) -> tuple[str, str]:
    if not lists:
        return NOT_NEEDED, "no revocation list was given"
    return PASSED, f"{lists} revocation list{'s' if lists > 1 else ''} name none of it"


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
