"""Whoever is refused is told what to do: every error code has a hint, or there is a reason why it has none."""

import re
from pathlib import Path

import pytest

from pycosign.cli.explain_text import MEANINGS, WHY
from pycosign.cli.hints import hint_for
from pycosign.verify.pipeline import CHECKS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "errors.md").read_text()
CODES = dict(re.findall(r"^\| `([a-z.-]+)` \| ([a-z]+) \|", PAGE, re.MULTILINE))

# Refusals without a hint, and why.
WITHOUT = {
    "ca.refused": "an answer of our own services, to a client",
    "ctlog.chain-refused": "an answer of our own services, to a client",
    "tsa.refused": "an answer of our own services, to a client",
    "demo.misbehaved": "says itself to report it",
    "refused": "the family; nothing raises it without a code of its own",
}


@pytest.mark.parametrize("code", [code for code, family in CODES.items() if family in ("refused", "malformed")])
def test_a_refusal_has_a_hint_or_a_reason_to_have_none(code: str) -> None:
    assert bool(hint_for(code, CODES[code])) != (code in WITHOUT)


@pytest.mark.parametrize("code", [code for code, family in CODES.items() if family == "unavailable"])
def test_whatever_is_unavailable_has_a_hint(code: str) -> None:
    assert hint_for(code, "unavailable")


def test_no_advice_begins_with_turning_a_check_off() -> None:
    for code, family in CODES.items():
        hint = hint_for(code, family)
        assert "--insecure" not in hint
        assert "--check-claims" not in hint


def test_what_else_there_is_says_itself_what_is_wrong() -> None:
    """A usage error names the flag or argument; after an interrupt there is nothing to advise."""
    assert set(CODES.values()) <= {"refused", "malformed", "unavailable", "usage", "interrupted", "error"}
    assert WITHOUT.keys() <= CODES.keys()


def test_every_check_can_be_explained() -> None:
    assert tuple(WHY) == tuple(MEANINGS) == CHECKS
