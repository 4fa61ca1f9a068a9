"""A policy's answer over stories is the one that it gives where it verifies, and is never better than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError, SigningError, UnavailableError
from pycosign.flows.blob_source import BlobSource
from pycosign.flows.candidates import read_candidates
from pycosign.flows.explain import CONSISTENT, REFUSED, UNAVAILABLE, VERIFIED, unread
from pycosign.flows.explain_by_policy import StoriesByPolicy, conclude_by_policy
from pycosign.flows.explain_file import explain_file
from pycosign.flows.verify_by_policy import verify_file_by_policy
from pycosign.policy.decide import PolicyVerdict, VerificationPolicy
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import SignerIdentity, TextRule
from tests.corpus.load import Entry, corpus
from tests.verify.vectors import DATA, NOW, read_trust

BUNDLES = [name for name, entry in corpus().items() if entry.form == "bundle"]
TRUST = read_trust(DATA / "public-good/trusted_root.json")
OTHERS = SignerIdentity(TextRule("mallory"), TextRule("https://evil.example"))


def policy_of(entry: Entry, **changes: object) -> VerificationPolicy:
    """Any statement that it signed counts, or any signature."""
    wanted = entry.requirements
    policy = VerificationPolicy((OTHERS, wanted.signer), waivers=wanted.waivers, predicate_type=wanted.predicate_type)
    return policy._replace(**changes)  # type: ignore[arg-type]


def source_of(entry: Entry) -> BlobSource:
    return BlobSource("it", known=entry.artifact)


def explained(data: bytes, entry: Entry, policy: VerificationPolicy, *, has_artifact: bool = True) -> StoriesByPolicy:
    stories = explain_file(
        "it",
        data,
        trust=entry.trust or TRUST,
        requirements=entry.requirements,
        is_demanded=True,
        now=NOW,
        artifact=source_of(entry) if has_artifact else None,
        policy=policy,
    )
    return conclude_by_policy(stories, policy)


def verified(data: bytes, entry: Entry, policy: VerificationPolicy) -> PolicyVerdict:
    try:
        found: list[Evidence | SigningError] = [item.evidence for item in read_candidates(data)]
    except MalformedError as exc:
        found = [exc]
    trust = entry.trust or TRUST
    return verify_file_by_policy(source_of(entry), found, policy=policy, trust=trust, now=NOW).verdict


def signers(verdict: PolicyVerdict) -> list[str]:
    return [item.signer for item in verdict.counted]


@pytest.mark.parametrize("name", BUNDLES)
@pytest.mark.parametrize("threshold", [1, 2])
def test_the_answer_is_that_of_the_verification(name: str, threshold: int) -> None:
    entry = corpus()[name]
    policy = policy_of(entry, threshold=threshold)
    answer, expected = explained(entry.document(), entry, policy), verified(entry.document(), entry, policy)
    assert (answer.verdict, signers(answer.counted)) == (expected.verdict.value, signers(expected))
    assert (answer.verdict == VERIFIED) == any(story.verdict == VERIFIED for story in answer.stories)
    alone = explained(entry.document(), entry, policy, has_artifact=False)
    assert VERIFIED not in (alone.verdict, *(story.verdict for story in alone.stories))


@given(st.data())
def test_a_flipped_bit_is_never_more_than_the_verification_says(data: st.DataObject) -> None:
    entry = corpus()[data.draw(st.sampled_from(BUNDLES))]
    document = bytearray(entry.document())
    document[data.draw(st.integers(0, len(document) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    policy = policy_of(entry)
    answer = explained(bytes(document), entry, policy)
    assert (answer.verdict == VERIFIED) == (verified(bytes(document), entry, policy).error is None)


def test_a_place_that_could_not_be_looked_at_leaves_it_open_and_a_broken_signature_does_not() -> None:
    entry = corpus()[BUNDLES[0]]
    policy = policy_of(entry, threshold=1)
    away = unread("there", UnavailableError("away"))._replace(is_place=True)
    broken = unread("here", MalformedError("bundle", "is none"))
    for stories, verdict in (
        ((broken,), REFUSED),
        ((), REFUSED),
        ((away,), UNAVAILABLE),
        ((broken, away), UNAVAILABLE),
        ((away._replace(counts=False), broken), REFUSED),
    ):
        assert conclude_by_policy(stories, policy).verdict == verdict


def test_what_does_not_count_is_not_called_verified() -> None:
    entry = corpus()["conformance-happy-path-v0.3"]
    answer = explained(entry.document(), entry, policy_of(entry))
    (story,) = answer.stories
    again = conclude_by_policy([story, story._replace(counts=False)], policy_of(entry))
    assert [item.verdict for item in again.stories] == [VERIFIED, CONSISTENT]
    assert conclude_by_policy([story._replace(counts=False)], policy_of(entry)).verdict == REFUSED
