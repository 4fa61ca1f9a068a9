"""The answer of a policy over stories: distinct signers are counted, as where it verifies."""

from collections.abc import Sequence
from typing import NamedTuple

from pycosign.errors import SigningError
from pycosign.flows.explain import CONSISTENT, VERIFIED, Story
from pycosign.policy.decide import PolicyVerdict, VerificationPolicy, fold
from pycosign.verify.result import Verified

__all__ = ["StoriesByPolicy", "conclude_by_policy"]


class StoriesByPolicy(NamedTuple):
    """Stories and what a policy says of all of them. verdict: as `Story.verdict`."""

    stories: tuple[Story, ...]
    counted: PolicyVerdict
    verdict: str


def conclude_by_policy(stories: Sequence[Story], policy: VerificationPolicy) -> StoriesByPolicy:
    """Count the signers of what counts. No story is called verified before there are enough of them.

    Without an artifact it is at most consistent: each may be about another one.
    """
    counting = [story for story in stories if story.counts]
    unasked = tuple(story.failure for story in counting if story.is_place and story.failure is not None)
    counted = fold([_outcome(story) for story in counting if not story.is_place], policy, unasked=unasked)
    is_enough = counted.error is None
    told = tuple(story._replace(is_enough=is_enough and story.counts) for story in stories)
    if not is_enough:
        return StoriesByPolicy(told, counted, counted.verdict.value)
    is_compared = all(story.compared for story in counting if story.failure is None)
    return StoriesByPolicy(told, counted, VERIFIED if is_compared else CONSISTENT)


def _outcome(story: Story) -> Verified | SigningError:
    if story.failure is not None:
        return story.failure
    assert story.verified is not None  # else there is a failure
    return story.verified
