"""A refusal says which check it came from, and what the checks before it gave."""

import pytest

from pycosign.errors import SigningError
from pycosign.verify.pipeline import CHECKS
from tests.verify.attempts import OTHER, Attempt
from tests.verify.factory import World
from tests.verify.refusals import CASES
from tests.verify.test_attacks_claims import statement

# Which check a code belongs to. Malformed evidence and usage errors may come from any.
CHECK_OF = {
    "annotation.mismatch": {"content"},
    "artifact.digest-mismatch": {"signature", "content"},
    "cert.not-valid-at-time": {"certificate"},
    "cert.untrusted": {"certificate"},
    "checkpoint.invalid": {"log"},
    "identity.mismatch": {"identity"},
    "issuer.mismatch": {"identity"},
    "key.mismatch": {"signer", "signature"},
    "legacy.cert-substitution": {"signer"},
    "predicate-type.mismatch": {"content"},
    "sct.invalid": {"certificate-log"},
    "signature.invalid": {"signature"},
    "timestamp.invalid": {"timestamps"},
    "timestamp.missing": {"time"},
    "timestamp.outside-validity": {"timestamps", "certificate"},
    "tlog.entry-mismatch": {"log"},
    "tlog.missing": {"log"},
    "tlog.promise-invalid": {"log"},
    "tlog.root-mismatch": {"log"},
    "tlog.unknown-log": {"log"},
}


@pytest.mark.parametrize("name", CASES)
def test_every_refusal_says_which_check_it_came_from(world: World, name: str) -> None:
    _, build = CASES[name]
    attempt = build(world)
    with pytest.raises(SigningError) as caught:
        attempt.run(world)
    error = caught.value
    assert error.check in CHECK_OF.get(error.code, CHECKS)
    before = CHECKS[: CHECKS.index(error.check)]
    assert error.proved is not None
    assert tuple(error.proved) in (before, tuple(check for check in before if not check.startswith(("cert", "ident"))))


def test_content_that_speaks_of_something_else_is_refused_last(world: World) -> None:
    with pytest.raises(SigningError) as caught:
        Attempt(world.attestation(statement()), OTHER).run(world)
    assert caught.value.check == "content"
    assert tuple(caught.value.proved or ()) == CHECKS[: CHECKS.index("content")]


def test_the_cases_reach_every_check(world: World) -> None:
    seen = {"content", "revocation"}  # the first by the test above, the second by those of revocation lists
    for _, build in CASES.values():
        with pytest.raises(SigningError) as caught:
            build(world).run(world)
        seen.add(str(caught.value.check))
    assert seen == set(CHECKS)
