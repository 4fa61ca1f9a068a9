"""The report of `--report text`: the same as the JSON, for people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

__all__ = ["age_words", "check_words", "report_lines", "signer_words"]


def report_lines(report: dict[str, Any]) -> list[str]:
    """One line of the answer, one of the trust, and a paragraph for each signature that was looked at."""
    digest = f" ({report['digest']})" if report["digest"] else ""
    lines = [f"{report['artifact']}{digest}: {_answer(report)}{_reservation(report)}"]
    if report["trust"] is not None:
        lines.append(f"  trust root: {report['trust']['source']}{age_words(report['trust']['age_seconds'])}")
    lines += [f"  warning: {warning}" for warning in report["warnings"]]
    if "policy" in report:
        lines.append(f"  policy: {_policy_words(report['policy'])}")
    if not report["candidates"]:
        lines.append("  no signature was looked at")
    for position, candidate in enumerate(report["candidates"], 1):
        lines.append(f"  {position}. {candidate['source']}: {_answer(candidate)}")
        lines += [f"     {label + ':':<16} {text}" for label, text in _rows(candidate)]
    return lines


def _reservation(report: dict[str, Any]) -> str:
    """--check-claims=false: what verified may be the signature of anything."""
    verified = [item for item in report["candidates"] if report["verdict"] == item["verdict"] == "verified"]
    compared = [check["result"] for item in verified for check in item["checks"] if check["check"] == "content"]
    return ", but no signature was compared with it" if compared and set(compared) == {"waived"} else ""


def _answer(answer: dict[str, Any]) -> str:
    if answer["verdict"] in ("verified", "not-a-signature"):
        return str(answer["verdict"]).replace("-", " ")
    reason = "; ".join(line.strip() for line in str(answer["message"]).splitlines())
    return f"{answer['verdict']} [{answer['code']}] {reason}"


def _policy_words(policy: dict[str, Any]) -> str:
    counted = [signer_words(item["signer"], item["rules"]) for item in policy["signers"]]
    words = f"{len(counted)} distinct signer(s) of {policy['threshold']} demanded"
    return f"{words}: {'; '.join(counted)}" if counted else words


def signer_words(signer: str, rules: Sequence[str]) -> str:
    """A signer that counts, with the names of the policy's rules that fit."""
    return signer + (f" as {', '.join(rules)}" if rules else "")


def age_words(seconds: int | None) -> str:
    """How long ago the trust was asked for, as the end of a line; "" if it was not."""
    if seconds is None:
        return ""
    if seconds < 120:
        return ", just asked for"
    from pycosign.instances.trust import span_words

    return f", asked for {span_words(timedelta(seconds=seconds))} ago"


def _rows(candidate: dict[str, Any]) -> list[tuple[str, str]]:
    """Labels and texts: what was looked at, each check, and what else the evidence holds."""
    is_verified = candidate["verdict"] == "verified"
    rows = [("format", candidate["format"])] if is_verified else []
    rows += [(check["check"].replace("-", " "), check_words(check)) for check in candidate["checks"]]
    if not is_verified:
        return rows
    rows += [("annotation", f"{name}={value}") for name, value in candidate["annotations"].items()]
    return rows + [("not counted", reason) for reason in candidate["ignored"]]


def check_words(check: dict[str, Any]) -> str:
    """A check's result and what it is about, on one line."""
    result = check["result"].replace("-", " ") + (f" [{check['code']}]" if check["code"] else "")
    detail = "; ".join(line.strip() for line in check["detail"].splitlines())
    return f"{result}: {detail}" if detail else result
