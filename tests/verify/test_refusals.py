"""Each way of being wrong is refused under its own code, and nothing else about the evidence is wrong."""

import pytest

from pycosign.errors import SigningError
from tests.verify.attempts import Attempt
from tests.verify.factory import SIGNED_AT, World
from tests.verify.refusals import CASES


@pytest.mark.parametrize("name", CASES)
def test_is_refused_under_its_own_code(world: World, name: str) -> None:
    code, build = CASES[name]
    attempt = build(world)
    with pytest.raises(SigningError) as refusal:
        attempt.run(world)
    assert refusal.value.code == code, refusal.value


def test_the_cases_start_from_evidence_that_verifies(world: World) -> None:
    for log, stamped_at in (("v1", None), ("v1", SIGNED_AT), ("v2", SIGNED_AT)):
        Attempt(world.blob(log=log, stamped_at=stamped_at)).run(world)
