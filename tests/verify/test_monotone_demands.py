"""Who demands more accepts no more; and where moments are proved, the hour of the verification changes nothing."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosign.crypto.signers import generate_signer
from pycosign.verify.requirements import Requirements, SignerKey, Waiver
from tests.verify.attempts import GOOD
from tests.verify.factory import NOW, World
from tests.verify.lesser import stricter_demands
from tests.verify.situations import VERIFIED, Situation, drawn, recorded

# (what is demanded besides, the code before) -> why it may be accepted then.
EXCEPTIONS = {
    ("no waiver of tlog", "cert.not-valid-at-time"): (
        "the waiver gives up the log's time as well: the certificate is then judged now, and has ended long ago"
    ),
    ("no waiver of tlog", "timestamp.missing"): "the same of a key that counts for a span of time only",
}
CENTURY = timedelta(days=36525)


def violations(situation: Situation) -> set[tuple[str, str]]:
    before = situation.answer()
    if before in (VERIFIED, "usage"):
        return set()
    stricter = ((name, situation._replace(requirements=demand)) for name, demand in stricter_demands(situation))
    return {(name, before) for name, item in stricter if item.answer() == VERIFIED}


@pytest.mark.parametrize(
    "situation", [item for item in recorded() if item.answer() != VERIFIED], ids=lambda item: item.name
)
def test_a_stricter_demand_makes_no_recorded_bundle_good(situation: Situation) -> None:
    assert violations(situation) - EXCEPTIONS.keys() == set()


@settings(derandomize=True, max_examples=150)
@given(drawn())
def test_a_stricter_demand_makes_no_generated_bundle_good(situation: Situation) -> None:
    assert violations(situation) - EXCEPTIONS.keys() == set()


@settings(derandomize=True, max_examples=60)
@given(drawn(), st.data())
def test_nor_do_two_of_them(situation: Situation, data: st.DataObject) -> None:
    """From one that is refused, or from one that a first demand made refused."""
    first = data.draw(st.sampled_from([demand for _, demand in stricter_demands(situation)]))
    assert violations(situation._replace(requirements=first)) - EXCEPTIONS.keys() == set()


def test_every_exception_is_one(world: World) -> None:
    signer = generate_signer("ecdsa-p256")
    key = Requirements(SignerKey(signer.public_key, valid_until=NOW))
    shown = set()
    for evidence, demand in ((world.blob(), world.requirements()), (world.blob(signer), key)):
        waived = demand._replace(waivers=frozenset({Waiver.TLOG}))
        shown |= violations(Situation("", evidence, GOOD, world.trusted_root(), waived))
    assert shown == EXCEPTIONS.keys()


# ---- now -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("situation", recorded(), ids=lambda item: item.name)
def test_a_recorded_bundle_has_the_same_answer_at_any_time(situation: Situation) -> None:
    assert answers_over_time(situation) == {situation.answer()}


@settings(derandomize=True, max_examples=150)
@given(drawn())
def test_a_generated_bundle_has_the_same_answer_at_any_time(situation: Situation) -> None:
    """But for a certificate without a log's time (Waiver.TLOG) and without a timestamp: `now` is its moment."""
    answers = answers_over_time(situation)
    if Waiver.TLOG not in situation.requirements.waivers or situation.evidence.timestamps:
        assert len(answers) == 1
    assert answers <= {situation.answer(), VERIFIED, "cert.not-valid-at-time"}


def answers_over_time(situation: Situation) -> set[str]:
    return {situation._replace(now=situation.now + delta).answer() for delta in (-CENTURY, CENTURY)}
