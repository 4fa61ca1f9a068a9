"""What a report says of each check, on what the pipeline alone can be brought to."""

import pytest

from pycosign.errors import SigningError
from pycosign.verify.checks import checks_of
from pycosign.verify.pipeline import CHECKS
from pycosign.verify.requirements import Requirements, Waiver
from tests.verify.attempts import Attempt, waiving
from tests.verify.factory import SIGNED_AT, World
from tests.verify.refusals import CASES
from tests.verify.test_attacks_claims import statement
from tests.verify.test_revocation import SHA256, demand


def results(world: World, requirements: Requirements) -> dict[str, str]:
    try:
        outcome = Attempt(world.blob(stamped_at=SIGNED_AT), requirements=requirements).run(world)
    except SigningError as exc:
        return {item.check: item.result for item in checks_of(exc)}
    return {item.check: item.result for item in checks_of(outcome)}


def test_revocation_lists_that_name_nothing_of_it_have_passed(world: World) -> None:
    assert results(world, demand(world)) == dict.fromkeys(CHECKS, "passed")


def test_a_revoked_artifact_passed_every_other_check(world: World) -> None:
    revoked = {**dict.fromkeys(CHECKS, "passed"), "revocation": "refused"}
    assert results(world, demand(world, artifacts=[SHA256])) == revoked


@pytest.mark.parametrize("waiver", [(Waiver.TLOG, "log"), (Waiver.SCT, "certificate-log")])
def test_a_waived_check_is_neither_passed_nor_failed(world: World, waiver: tuple[Waiver, str]) -> None:
    name, check = waiver
    expected = {**dict.fromkeys(CHECKS, "passed"), "revocation": "not-needed", check: "waived"}
    assert results(world, waiving(world, name)) == expected


def test_claims_that_were_not_compared_are_waived(world: World) -> None:
    outcome = Attempt(world.attestation(statement()), None, requirements=waiving(world, Waiver.CLAIMS)).run(world)
    content = next(item for item in checks_of(outcome) if item.check == "content")
    assert content.result == "waived"
    assert "a statement of type" in content.detail


@pytest.mark.parametrize("name", CASES)
def test_exactly_one_check_failed_and_nothing_passed_after_it(world: World, name: str) -> None:
    with pytest.raises(SigningError) as caught:
        CASES[name][1](world).run(world)
    items = checks_of(caught.value)
    (at,) = (at for at, item in enumerate(items) if item.result == "refused")
    assert (items[at].check, items[at].code, items[at].detail) == (
        caught.value.check,
        caught.value.code,
        str(caught.value),
    )
    assert {item.result for item in items[at + 1 :]} <= {"not-reached", "not-needed"}
    assert "not-reached" not in {item.result for item in items[:at]}
