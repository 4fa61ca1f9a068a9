"""Generated bundles: every kind and every change before pycosign; and, where they are installed, before its peers.

`python -m tests.mutation.generated_differential` takes 10,000 of them.
"""

from pathlib import Path
from random import Random

import pytest

from tests.interop.environment import Home
from tests.interop.peers import cache, find
from tests.mutation.changes import CHANGES, Change
from tests.mutation.explained import COSIGN, PYTHON, TABLE, Disagreement, explanation_of
from tests.mutation.generated import Recipe, Truth, recipes
from tests.mutation.generated_differential import Case, Court, cases, disagreements, findings
from tests.mutation.judges import ask_cosign, ask_sigstore_python


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    return Court(tmp_path_factory.mktemp("court") / "files")


def judged(court: Court, folder: Path, change: Change, kinds: list[Recipe]) -> list[str]:
    made = []
    for number, recipe in enumerate(kinds):
        path = folder / f"{number}.json"
        path.write_text(change.make(recipe, Random(f"{change.name} {recipe}")))
        made.append(Case(recipe, change, path))
    return findings(made, [court.ours(case) for case in made])


def test_every_kind_of_bundle_that_can_be_good_is_accepted(court: Court, tmp_path: Path) -> None:
    plain = next(change for change in CHANGES if change.name == "none")
    kinds = recipes()
    assert len(kinds) > 500
    assert judged(court, tmp_path, plain, kinds[::4]) == []


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_what_a_change_makes_wrong_is_refused_and_what_it_leaves_good_is_not(
    court: Court, tmp_path: Path, change: Change
) -> None:
    fitting = [recipe for recipe in recipes() if change.applies(recipe)]
    assert fitting
    assert judged(court, tmp_path, change, Random(change.name).sample(fitting, 4)) == []


def test_changes_have_names_of_their_own_and_most_of_them_are_wrong() -> None:
    assert len({change.name for change in CHANGES}) == len(CHANGES)
    assert sum(change.truth is Truth.WRONG for change in CHANGES) > len(CHANGES) // 2


def test_the_cases_are_the_same_in_every_run(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        runs.append([str(case) for case in cases(tmp_path / name, 600)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 600


def test_no_row_excuses_that_pycosign_accepts_what_is_wrong() -> None:
    """Such a case is a finding whatever the peers say; a row is about the peer alone."""
    for row in TABLE:
        assert row.peer in (COSIGN, PYTHON)
        assert row.change != ".*" or row.words
    kind = recipes()[0]
    nonsense = Disagreement(COSIGN, kind, "no entry", Truth.WRONG, "tlog.missing", "")
    assert explanation_of(nonsense) is None


@pytest.mark.peer
@pytest.mark.skipif(find("cosign3-judge") is None, reason="cosign3-judge is not built: the whole run builds it")
def test_a_sample_has_no_unexplained_disagreement(court: Court, tmp_path: Path) -> None:
    if not (cache() / "sigstore-python").exists():
        pytest.skip("sigstore-python is not installed: the whole run installs it")
    folder = tmp_path / "bundles"
    folder.mkdir()
    made = list(cases(folder, 650))[-128:]
    ours = [court.ours(case) for case in made]
    answers: dict[str, list[str | None]] = {
        COSIGN: list(ask_cosign(Home(tmp_path / "home"), [court.for_cosign(case) for case in made])),
        PYTHON: ask_sigstore_python([court.for_python(case) for case in made]),
    }
    left = [item for item in disagreements(made, ours, answers) if explanation_of(item) is None]
    assert [str(item) for item in left] == []
