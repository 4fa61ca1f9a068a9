"""`explain --output json`: the story as data. Schema 1: docs/report.schema.json, `$defs/explanation`."""

from typing import TYPE_CHECKING, Any

from pycosign.cli.hints import hint_for
from pycosign.cli.report import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycosign.cli.journal import Journal
    from pycosign.flows.claimed import ClaimedContent, WhoClaims
    from pycosign.flows.explain import Story

__all__ = ["explanation"]


def explanation(
    word: str,
    digest: str | None,
    stories: "Sequence[Story]",
    commands: "Sequence[str | None]",
    verdict: str,
    journal: "Journal",
) -> dict[str, Any]:
    """Of everything that was found. digest: of the image; None for a file."""
    return {
        "schema": SCHEMA,
        "explained": word,
        "digest": digest,
        "verdict": verdict,
        "trust": journal.trust,
        "stories": [_story(story, command) for story, command in zip(stories, commands, strict=True)],
        "warnings": list(journal.warnings),
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
