"""docs/api.md lists what is public, and each name says what it takes, gives and raises."""

import itertools

import pytest
from docs.api_page import Entry, entries, page

import pycosign
import pycosign.testing

ENTRIES = [entry for _title, found in entries() for entry in found]
CALLABLE = [
    entry
    for entry in itertools.chain(ENTRIES, *(entry.members for entry in ENTRIES))
    if entry.kind in ("function", "property") or (entry.kind == "class" and entry.signature)
]
VALUES = [entry for entry in ENTRIES if entry.fields and entry.kind in ("value", "enumeration")]


def named(entry: Entry) -> str:
    return entry.name


def test_every_public_name_is_listed_and_no_other() -> None:
    public = {f"pycosign.{name}" for name in pycosign.__all__ if name != "__version__"}
    public |= {f"pycosign.testing.{name}" for name in pycosign.testing.__all__} | {"pycosign_sandbox"}
    assert {entry.name for entry in ENTRIES} == public
    text = page()
    assert [name for name in public if f"\n### {name.rpartition('.')[2]}\n" not in text] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_every_name_says_what_it_is(entry: Entry) -> None:
    assert entry.doc.strip()


@pytest.mark.parametrize("entry", CALLABLE, ids=named)
def test_what_can_be_called_says_what_it_takes_gives_and_raises(entry: Entry) -> None:
    assert entry.kind == "property" or "Raises:" in entry.doc or "Raises (" in entry.doc
    if entry.arguments:
        assert "Args:" in entry.doc
    if entry.returns not in ("", "None"):
        assert "Returns:" in entry.doc


@pytest.mark.parametrize("entry", VALUES, ids=named)
def test_every_field_says_what_it_is(entry: Entry) -> None:
    assert [field.name for field in entry.fields if field.name not in entry.doc and not field.comment] == []
