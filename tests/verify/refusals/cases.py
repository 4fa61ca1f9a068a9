"""What the tables of refusals are made with: a case, the code that it is refused under, and edits of an entry."""

from collections.abc import Callable
from datetime import timedelta

from pycosign.verify.evidence import Evidence
from tests.verify.attempts import Attempt
from tests.verify.factory import World

HOUR = timedelta(hours=1)
Case = Callable[[World], Attempt]
Cases = dict[str, tuple[str, Case]]


def putting_into(cases: Cases) -> Callable[[str], Callable[[Case], Case]]:
    """The decorator `refused_as(code)` of one table."""

    def refused_as(code: str) -> Callable[[Case], Case]:
        """Put a case into the table; its name says what is wrong."""

        def put(build: Case) -> Case:
            cases[build.__name__] = (code, build)
            return build

        return put

    return refused_as


def edit_entry(evidence: Evidence, **changes: object) -> Evidence:
    return evidence._replace(entries=(evidence.entries[0]._replace(**changes),))  # type: ignore[arg-type]


def edit_proof(evidence: Evidence, **changes: object) -> Evidence:
    proof = evidence.entries[0].proof
    assert proof is not None
    return edit_entry(evidence, proof=proof._replace(**changes))  # type: ignore[arg-type]
