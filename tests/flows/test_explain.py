"""A story is told of every form of evidence there is, and none of them calls somebody verified whom nobody demanded."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.cli.explain_text import story_lines
from pycosign.cli.hints import hint_for
from pycosign.errors import SigningError, UnavailableError
from pycosign.flows.explain import CONSISTENT, UNAVAILABLE, VERIFIED, Story, explain_evidence, verdict_over
from pycosign.flows.explain_file import explain_file
from pycosign.verify.artifact import Artifact
from pycosign.verify.pipeline import CHECKS
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from tests.corpus.load import Entry, corpus
from tests.verify.vectors import DATA, NOW, read_trust

NOBODY = SignerIdentity(TextRule(""), TextRule(""))
TRUST = read_trust(DATA / "public-good/trusted_root.json")


def story_of(entry: Entry, artifact: Artifact | None = None, *, is_demanded: bool = False) -> Story:
    demanded = entry.requirements if is_demanded else entry.requirements._replace(signer=NOBODY)
    return explain_evidence(
        entry.name,
        entry.evidence(entry.document()),
        trust=entry.trust,
        requirements=demanded,
        is_demanded=is_demanded,
        now=NOW,
        artifact=artifact,
    )


@pytest.mark.parametrize("name", corpus())
def test_every_accepted_evidence_is_consistent_or_needs_what_it_does_not_carry(name: str) -> None:
    entry = corpus()[name]
    for artifact in (None, entry.artifact):
        story = story_of(entry, artifact)
        text = "\n".join(story_lines(story, None, artifact="it"))
        assert "verified" not in text.lower().replace("unverified", "")
        assert tuple(check.check for check in story.checks) == CHECKS
        if story.verdict == UNAVAILABLE:
            assert story.failure is not None
            assert story.failure.code in ("key.needed", "artifact.needed")
        else:
            assert story.verdict == CONSISTENT, story.failure


@pytest.mark.parametrize("name", corpus())
def test_with_its_signer_demanded_and_its_artifact_it_is_verified(name: str) -> None:
    entry = corpus()[name]
    assert story_of(entry, entry.artifact, is_demanded=True).verdict == VERIFIED
    alone = story_of(entry, is_demanded=True)
    assert alone.verdict in (CONSISTENT, UNAVAILABLE)


@pytest.mark.parametrize("name", corpus())
def test_whoever_is_demanded_instead_is_refused(name: str) -> None:
    entry = corpus()[name]
    other = entry.requirements._replace(signer=SignerIdentity(TextRule("mallory"), TextRule("https://evil.example")))
    story = explain_evidence(
        name,
        entry.evidence(entry.document()),
        trust=entry.trust or TRUST,
        requirements=other,
        is_demanded=True,
        now=NOW,
        artifact=entry.artifact,
    )
    assert story.verdict not in (VERIFIED, CONSISTENT)
    assert story.failure is not None
    assert hint_for(story.failure.code, story.failure.family)


@pytest.mark.parametrize("name", [name for name, entry in corpus().items() if entry.form == "bundle"])
def test_a_file_of_the_corpus_is_told(name: str) -> None:
    entry = corpus()[name]
    (story,) = told(entry.document())
    assert story.form is not None
    assert story.who is not None


def told(data: bytes) -> tuple[Story, ...]:
    demanded = Requirements(NOBODY)
    return explain_file("it", data, trust=TRUST, requirements=demanded, is_demanded=False, now=NOW)


def is_told(data: bytes) -> None:
    stories = told(data)
    assert stories
    assert verdict_over(stories) != VERIFIED
    for story in stories:
        for line in story_lines(story, None, artifact=""):
            assert line.isprintable()


@given(st.binary(max_size=300))
def test_any_bytes_are_told_without_another_error(data: bytes) -> None:
    is_told(data)


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner))
_BUNDLE = json.loads(corpus()["conformance-happy-path-v0.3"].document())
_PLACES = re.findall(r'"[A-Za-z]+":', json.dumps(_BUNDLE))


@given(st.sampled_from(_PLACES), _JSON)
def test_a_bundle_with_something_else_in_a_member_is_told(member: str, value: object) -> None:
    text = json.dumps(_BUNDLE)
    at = text.index(member) + len(member)
    is_told((text[:at] + json.dumps(value) + ", " + text[at:]).encode())
    is_told(json.dumps(_changed(_BUNDLE, member.strip('":'), value)).encode())


def _changed(value: object, member: str, new: object) -> object:
    """Every member of this name, whatever it was, is `new`."""
    if isinstance(value, dict):
        return {name: new if name == member else _changed(inner, member, new) for name, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner, member, new) for inner in value]
    return value


@given(st.data())
def test_a_flipped_bit_is_told(data: st.DataObject) -> None:
    entry = corpus()[data.draw(st.sampled_from(sorted(corpus())))]
    document = bytearray(entry.document())
    document[data.draw(st.integers(0, len(document) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    is_told(bytes(document))


def test_trust_that_could_not_be_had_is_no_refusal() -> None:
    entry = next(iter(corpus().values()))
    problem = UnavailableError("away", code="tuf.unavailable")
    story = explain_evidence(
        "it",
        entry.evidence(entry.document()),
        trust=problem,
        requirements=Requirements(NOBODY),
        is_demanded=False,
        now=NOW,
    )
    assert (story.verdict, story.failure) == (UNAVAILABLE, problem)
    assert isinstance(problem, SigningError)
