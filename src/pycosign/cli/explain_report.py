"""`explain --output json`: the story as data. Schema 1: docs/report.schema.json, `$defs/explanation`."""

from typing import TYPE_CHECKING, Any, NamedTuple

from pycosign.cli.hints import hint_for
from pycosign.cli.report import SCHEMA, policy_member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycosign.cli.journal import Journal
    from pycosign.flows.claimed import ClaimedContent, WhoClaims
    from pycosign.flows.explain import Story
    from pycosign.policy.decide import PolicyVerdict, VerificationPolicy

__all__ = ["Explained", "explanation"]


class Explained(NamedTuple):
    """Everything that there is to tell. digest: of the image; None for a file. policy, counted: with a policy only."""

    word: str  # the bundle or image as the command line names it
    digest: str | None
    stories: "tuple[Story, ...]"
    verdict: str
    policy: "VerificationPolicy | None" = None
    counted: "PolicyVerdict | None" = None


def explanation(
    explained: Explained, commands: "Sequence[str | None]", last: str | None, journal: "Journal"
) -> dict[str, Any]:
    """Of everything that was found. commands: of each story; last: of all of them, with a policy."""
    return {
        "schema": SCHEMA,
        "explained": explained.word,
        "digest": explained.digest,
        "verdict": explained.verdict,
        **({} if explained.counted is None else _of_policy(explained.counted, last)),
        "trust": journal.trust,
        "stories": [_story(story, command) for story, command in zip(explained.stories, commands, strict=True)],
        "warnings": list(journal.warnings),
    }


def _of_policy(counted: "PolicyVerdict", command: str | None) -> dict[str, Any]:
    error = counted.error
    return {
        "code": None if error is None else error.code,
        "message": None if error is None else str(error),
        "policy": policy_member(counted),
        "next": command,
    }


def _story(story: "Story", command: str | None) -> dict[str, Any]:
    failure = story.failure
    return {
        "source": story.source,
        "format": story.form,
        "verdict": story.verdict,
        "code": None if failure is None else failure.code,
        "message": None if failure is None else str(failure),
        "hint": None if failure is None else hint_for(failure.code, failure.family) or None,
        "claims": None if story.who is None else _who(story.who),
        "content": None if story.content is None else _content(story.content),
        "compared": story.compared,
        "checks": [check._asdict() for check in story.checks],
        "ignored": [] if story.verified is None else list(story.verified.ignored),
        "next": command,
    }


def _who(who: "WhoClaims") -> dict[str, Any]:
    has_certificate = who.certificate is not None
    return {
        "identity": who.identity or None if has_certificate else None,
        "issuer": who.issuer or None if has_certificate else None,
        "key": None if who.key is None or has_certificate else who.key.pem().decode(),
        "key_hint": who.key_hint,
    }


def _content(content: "ClaimedContent") -> dict[str, Any]:
    return {
        "kind": content.kind,
        "predicate_type": content.predicate_type,
        "digests": list(content.digests),
        "more": content.more,
    }
