"""The report of `--report text`: the same as the JSON, for people."""

from typing import Any

__all__ = ["report_lines"]


def report_lines(report: dict[str, Any]) -> list[str]:
    """One line of the answer, one of the trust, and a paragraph for each signature that was looked at."""
    digest = f" ({report['digest']})" if report["digest"] else ""
    lines = [f"{report['artifact']}{digest}: {_answer(report)}"]
    if report["trust"] is not None:
        lines.append(f"  trust root: {report['trust']['source']}{_age(report['trust']['age_seconds'])}")
    lines += [f"  warning: {warning}" for warning in report["warnings"]]
    if not report["candidates"]:
        lines.append("  no signature was looked at")
    for position, candidate in enumerate(report["candidates"], 1):
        lines.append(f"  {position}. {candidate['source']}: {_answer(candidate)}")
        if candidate["verdict"] == "verified":
            lines += [f"     {label + ':':<16} {text}" for label, text in _proof(candidate)]
    return lines


def _answer(answer: dict[str, Any]) -> str:
    if answer["verdict"] in ("verified", "not-a-signature"):
        return str(answer["verdict"]).replace("-", " ")
    reason = "; ".join(line.strip() for line in str(answer["message"]).splitlines())
    return f"{answer['verdict']} [{answer['code']}] {reason}"


def _age(seconds: int | None) -> str:
    if seconds is None:
        return ""
    days, hours = seconds // 86_400, seconds // 3600
    return (
        f", asked for {days} days ago"
        if days > 1
        else f", asked for {hours} hours ago"
        if hours
        else ", just asked for"
    )


def _proof(candidate: dict[str, Any]) -> list[tuple[str, str]]:
    """Labels and texts, of what there is."""
    rows = [("format", candidate["format"]), ("digest", candidate["digest"] or "not compared")]
    if candidate["key"] is not None:
        rows.append(("key", "the one that was demanded"))
    else:
        rows += [("identity", candidate["identity"]), ("issuer", candidate["issuer"])]
    rows += [("time", f"{time['at']} by {_by(time)}") for time in candidate["times"]]
    for entry in candidate["log_entries"]:
        where = entry["log_url"] or f"log {entry['log_id']}"
        rows.append(("log entry", f"{entry['log_index']} of {where}, proved by {' and '.join(entry['proved_by'])}"))
    rows += [("certificate log", log) for log in candidate["sct_logs"]]
    if candidate["predicate_type"] is not None:
        rows.append(("predicate type", candidate["predicate_type"]))
    rows += [("annotation", f"{name}={value}") for name, value in candidate["annotations"].items()]
    rows += [("not checked", waiver) for waiver in candidate["waivers"]]
    return rows + [("not counted", reason) for reason in candidate["ignored"]]


def _by(time: dict[str, Any]) -> str:
    kinds = {"timestamp": "the timestamp authority", "log": "the log", "now": "this machine's clock"}
    return f"{kinds.get(time['source'], time['source'])} {time['authority']}".rstrip()
