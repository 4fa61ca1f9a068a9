"""The table of error codes and the code agree."""

import ast
import copy
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from docs.generate import _classes, _import_everything

from pycosign.error_codes import REFINED
from pycosign.errors import MalformedError, SigningError, UsageError

SOURCE = Path(__file__).resolve().parents[1] / "src" / "pycosign"
FAMILIES = {"refused", "malformed", "unavailable", "usage"}


def _class_codes() -> dict[str, type[SigningError]]:
    _import_everything()
    return {error.code: error for error in _classes(SigningError) if "code" in vars(error)}


def _raised_codes() -> Iterator[tuple[str, str, str]]:
    """(code, the class that is called with it, file) for every literal `code=` in the package."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            for keyword in node.keywords:
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                    value = keyword.value.value
                    if isinstance(value, str) and "." in value:
                        yield value, ast.unparse(node.func), path.name


def test_every_code_that_is_raised_is_in_the_table_or_on_a_class() -> None:
    known = set(REFINED) | set(_class_codes())
    assert [raised for raised in _raised_codes() if raised[0] not in known] == []


def test_every_refined_code_is_written_somewhere_in_the_package() -> None:
    text = "".join(
        path.read_text() for path in SOURCE.rglob("*.py") if path.name not in ("errors.py", "error_codes.py")
    )
    assert [code for code in REFINED if not re.search(rf"[\"']{re.escape(code)}[\"']", text)] == []


def test_a_refined_code_has_the_family_of_the_class_it_is_raised_with() -> None:
    families = {"MalformedError": "malformed", "UnavailableError": "unavailable", "UsageError": "usage"}
    families |= {"RefusedError": "refused"}
    wrong = [
        raised
        for raised in _raised_codes()
        if raised[0] in REFINED and families.get(raised[1], REFINED[raised[0]][0]) != REFINED[raised[0]][0]
    ]
    assert wrong == []


def test_no_code_is_both_refined_and_a_class() -> None:
    assert set(REFINED) & set(_class_codes()) == set()


@pytest.mark.parametrize("code", sorted(REFINED))
def test_every_refined_code_names_its_family_and_says_what_it_means(code: str) -> None:
    family, meaning = REFINED[code]
    assert family in FAMILIES
    assert meaning.endswith(".")


@pytest.mark.parametrize("send", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_an_error_can_be_sent_to_another_process(send: Callable[[SigningError], SigningError]) -> None:
    """A pool of processes waits for ever for one that cannot."""
    for error in _class_codes().values():
        raised = error.__new__(error, "what it says")
        raised.causes = (MalformedError("bundle", "is not JSON", code="malformed"), UsageError("no", hint="try"))
        raised.proved = {"signer": object.__new__(object), "key": lambda: None}
        raised.add_note("artifact: file")
        again = send(raised)
        assert (type(again), str(again), again.__notes__) == (error, "what it says", ["artifact: file"])
        assert [(str(cause), cause.code) for cause in again.causes] == [
            ("bundle is not JSON", "malformed"),
            ("no", "usage"),
        ]
        assert getattr(again.causes[1], "hint", None) == "try"
        assert again.proved is None
