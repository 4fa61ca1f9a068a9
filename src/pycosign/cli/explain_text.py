"""The story of a signature for people: what it claims, what was checked and why, and what to do next.

The word "verified" is for a demanded signer alone; what merely fits together is "consistent". Every text that comes
from evidence is shown on one line, with what could steer a terminal as an escape.
"""

from typing import TYPE_CHECKING, Final

from pycosign.cli.hints import hint_for
from pycosign.cli.report_text import age_words, signer_words
from pycosign.flows.claimed import ClaimedContent, WhoClaims
from pycosign.flows.explain import CONSISTENT, UNAVAILABLE, VERIFIED, Story
from pycosign.verify.checks import NOT_REACHED, PASSED, WAIVED, CheckResult
from pycosign.verify.pipeline import CHECKS

if TYPE_CHECKING:
    from typing import Any

    from pycosign.cli.explain_report import Explained
    from pycosign.errors import SigningError
    from pycosign.policy.decide import PolicyVerdict

__all__ = ["MEANINGS", "WHY", "policy_lines", "shown", "story_lines", "trust_line"]

# Why each check is made, in plain words.
WHY: Final = {
    "signer": "says which key is to be judged; everything below is about that key",
    "signature": "nobody changed what was signed, or the signature, since that key made it",
    "timestamps": "a party of its own saw the signature at that moment",
    "log": "everybody can see this signature in public, so a stolen identity leaves a trace",
    "time": "a certificate lives for minutes: it counts because it is known when it was used",
    "certificate": "an authority that you trust looked at who held the key, and its certificate counted at that time",
    "certificate-log": "that authority cannot have issued the certificate in secret",
    "identity": "the certificate names whom you demand, and the party that you demand vouched for it",
    "content": "what was signed is about this artifact, not about another one",
    "revocation": "nobody whom you listen to took it back",
}

# What it means when a check fails.
MEANINGS: Final = {
    "signer": "it was not made by the kind of signer that is demanded",
    "signature": "content, signature and key do not belong together: one of them was changed, or is another one",
    "timestamps": "somebody claims a time in an authority's name, and that does not hold",
    "log": "no log that you trust can be shown to hold this signature, so nobody could have noticed it",
    "time": "nothing that you trust says when it was signed, and without that a short-lived certificate proves nothing",
    "certificate": "the certificate is of no authority that you trust, or did not count when it was used",
    "certificate-log": "the certificate may have been issued in secret",
    "identity": "somebody else signed than the one whom you demand",
    "content": "it was signed, but is about something else",
    "revocation": "it was good once, and has been taken back",
}
_SOMEBODY_ELSE: Final = "somebody else signed than those whom the policy names"
_COMPARE: Final = "--artifact FILE compares it with a file."
_UNREAD = "it is not in a form in which a signature can be, so there is nothing to check"
_FORMS: Final = {"file": "a file", "image": "a container image", "envelope": "an envelope of type "}
_WIDTH: Final = 16
_LONGEST: Final = 4096  # of a text of others'; a path may be as long


def shown(text: str) -> str:
    """A text of others' on one line, which does not fill screen after screen."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}... ({len(text)} characters)"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def trust_line(trust: "dict[str, Any] | None") -> str:
    """Which trust root everything was judged under."""
    if trust is None:
        return "Trust root: none was needed, or none could be had"
    instance = f" (instance {trust['instance']})" if trust["instance"] else ""
    return f"Trust root: {shown(str(trust['source']))}{instance}{age_words(trust['age_seconds'])}"


def story_lines(story: Story, command: str | None, *, artifact: str) -> list[str]:
    """One signature's paragraphs. artifact: the file or image that it was compared with, "" for none."""
    lines = [f"{shown(story.source)}" + (f": {story.form}" if story.form else "")]
    if story.who is not None:
        lines += ["  It claims", *(f"    {label:<{_WIDTH}}{shown(text)}" for label, text in _claims(story))]
    if any(check.result != NOT_REACHED for check in story.checks):
        lines.append("  What was checked")
        for check in story.checks:
            lines += [f"    {line}" for line in _check_lines(check)]
        if story.verified is not None:  # of what is refused the reasons are in its error
            lines += [f"    {'not counted':<{_WIDTH}}{shown(reason)}" for reason in story.verified.ignored]
    return [*lines, *(f"  {line}" for line in (*_conclusion(story, artifact), *_next(story, command)))]


# ---- what it claims --------------------------------------------------------------------------------------------------
def _claims(story: Story) -> list[tuple[str, str]]:
    assert story.who is not None
    rows = _of_signer(story.who)
    if story.content is None:
        return [*rows, ("content", "cannot be read")]
    return [*rows, *_of_content(story.content)]


def _of_signer(who: WhoClaims) -> list[tuple[str, str]]:
    if who.certificate is not None:
        return [("signer", ", ".join(who.names) or "no name"), ("vouched for by", who.issuer or "no OIDC issuer")]
    if who.key is not None:
        import hashlib

        return [("signer", f"a key with the SHA-256 {hashlib.sha256(who.key.spki_der).hexdigest()}")]
    return [("signer", "a key" + (f", which it calls {who.key_hint}" if who.key_hint else " that it does not name"))]


def _of_content(content: ClaimedContent) -> list[tuple[str, str]]:
    if content.kind == "envelope":
        return [("signed", f"an envelope that holds {content.predicate_type}")]
    if content.kind == "statement":
        what = "a signature of" if content.is_image_signature else f"a statement of type {content.predicate_type} about"
        rows = [("signed", what)]
    else:
        rows = [("signed", _FORMS[content.kind] + (" with the digest" if content.digests else ""))]
    rows += [("", digest) for digest in content.digests]
    return rows + ([("", f"and {content.more} more")] if content.more else [])


# ---- what was checked ------------------------------------------------------------------------------------------------
def _check_lines(check: CheckResult) -> list[str]:
    detail = "; ".join(shown(line.strip()) for line in check.detail.splitlines())
    lines = [f"{check.check.replace('-', ' '):<{_WIDTH}}{_result(check)}" + (f": {detail}" if detail else "")]
    if check.result == PASSED:
        lines.append(" " * _WIDTH + f"  {WHY[check.check]}")
    return lines


def _result(check: CheckResult) -> str:
    return check.result.replace("-", " ") + (f" [{check.code}]" if check.code else "")


# ---- what follows ----------------------------------------------------------------------------------------------------
def _conclusion(story: Story, artifact: str) -> list[str]:
    if story.failure is not None:
        return _failed(story, story.failure, artifact)
    compared = f"{shown(artifact)} is what was signed." if story.compared else "It was compared with no file."
    waived = [check.check.replace("-", " ") for check in story.checks if check.result == WAIVED]
    left_out = [f"{'The policy' if story.by_policy else 'You'} turned off: {', '.join(waived)}."] if waived else []
    whom = "whom the policy names" if story.by_policy else "whom you demand"
    if story.verdict == VERIFIED:
        return [f"So it is verified: {whom} signed it, and {compared}", *left_out, *_no_signature(story)]
    if story.by_policy:
        others = [] if story.counts else ["It does not count: it is not of the kind that the policy demands."]
        return [f"So it is consistent, and by {whom}. {compared}", *left_out, *others]
    if story.is_demanded:
        return [f"So it is consistent, and by {whom}. {compared}", *left_out, _COMPARE]
    return [
        f"So it is consistent: all of it fits together. {compared}",
        *left_out,
        "That is no reason to trust it: you have not said who should have signed, and anybody can sign as themselves.",
    ]


def _no_signature(story: Story) -> list[str]:
    content = story.content
    if content is None or content.kind != "statement":
        return []
    if content.is_image_signature:
        misplaced = (
            "It stands among the attestations, where `pycosign verify` looks for no signature: it does not count."
        )
        return [] if story.counts else [misplaced]
    return ["It is a statement about it, whatever that says: not a signature that approves of it."]


def _failed(story: Story, failure: "SigningError", artifact: str) -> list[str]:
    reason = "; ".join(shown(line.strip()) for line in str(failure).splitlines())
    if story.verdict == UNAVAILABLE:
        lines = [f"So nothing can be said [{failure.code}]: {reason}"]
        meaning = "that is neither good nor bad"
    elif story.problem is None:
        lines = [f"So it is refused for {shown(artifact)} [{failure.code}]: {reason}"]
        meaning = f"it is consistent in itself, but {_of_other_file(failure)}"
    else:
        at = f" by the check `{failure.check}`" if failure.check in CHECKS else ""
        lines = [f"So it is refused{at} [{failure.code}]: {reason}"]
        meaning = MEANINGS.get(str(failure.check), _UNREAD)
        if story.by_policy and failure.check == "identity":
            meaning = _SOMEBODY_ELSE
    hint = hint_for(failure.code, failure.family)
    return [*lines, f"What that means: {meaning}.", *([f"What to do: {hint}."] if hint else [])]


def _of_other_file(failure: "SigningError") -> str:
    return (
        "not about this one"
        if failure.code == "artifact.digest-mismatch"
        else MEANINGS.get(str(failure.check), _UNREAD)
    )


def _next(story: Story, command: str | None) -> list[str]:
    if story.verdict == VERIFIED:
        return [] if command is None else ["The same for scripts, by its exit status:", f"  {command}"]
    if story.verdict != CONSISTENT or command is None:
        return []
    who = story.who
    assert who is not None  # there is a command
    if who.certificate is None:
        warning = "Take the key from its owner, never from beside the signature."
    else:
        warning = f"You must know yourself whether {shown(who.identity)} is who should sign this."
    return ["Next:", f"  {command}", *([] if story.is_demanded else [warning])]


# ---- of all of them, by a policy -------------------------------------------------------------------------------------
def policy_lines(policy_file: str, explained: "Explained", command: str | None, *, artifact: str) -> list[str]:
    """Who counts, of how many that are demanded, and what follows. artifact: as in `story_lines`."""
    counted = explained.counted
    assert counted is not None  # there is a policy
    found = f"{len(counted.counted)} distinct signer(s) of {counted.threshold} demanded"
    lines = [f"Policy {shown(policy_file)}: {found}"]
    lines += [f"  {shown(signer_words(item.signer, item.rules))}" for item in counted.counted]
    return [
        *lines,
        *(f"  {line}" for line in (*_by_policy(explained, counted, artifact), *_next_by_policy(explained, command))),
    ]


def _by_policy(explained: "Explained", counted: "PolicyVerdict", artifact: str) -> list[str]:
    if explained.verdict == VERIFIED:
        return [f"So it is verified: {shown(artifact)} has the signers that the policy demands."]
    error = counted.error
    if error is None:
        return ["So it is consistent: that is enough for a file that each of them signed. It was compared with none."]
    reason = shown(str(error).partition("\n")[0])
    if explained.verdict == UNAVAILABLE:
        lines = [f"So nothing can be said [{error.code}]: {reason}", "What that means: that is neither good nor bad."]
    else:
        lines = [f"So it is refused [{error.code}]: {reason}"]
    hint = hint_for(error.code, error.family)
    return [*lines, f"What to do: {hint}."] if hint else lines


def _next_by_policy(explained: "Explained", command: str | None) -> list[str]:
    if command is None or explained.verdict not in (VERIFIED, CONSISTENT):
        return []
    is_last = explained.verdict == VERIFIED
    return ["The same for scripts, by its exit status:" if is_last else "Next:", f"  {command}"]
