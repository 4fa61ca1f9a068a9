"""Our `NamedTuple` behaves as the standard library's."""

import copy
import pickle
import typing
from typing import Any

import pytest

from pycosign.codec.record import NamedTuple


class Ours(NamedTuple):
    """A place."""

    line: int
    column: int = 1
    note: "str | None" = None

    def next_line(self) -> "Ours":
        return self._replace(line=self.line + 1)


class Theirs(typing.NamedTuple):
    """A place."""

    line: int
    column: int = 1
    note: "str | None" = None


class Empty(NamedTuple):
    """Nothing."""


def test_values_are_tuples_with_names() -> None:
    place = Ours(3, note="here")
    assert tuple(Theirs(3, note="here")) == place
    assert (place.line, place.column, place.note) == tuple(place)
    assert hash(place) == hash((3, 1, "here"))
    assert repr(place) == "Ours(line=3, column=1, note='here')"
    assert place._asdict() == {"line": 3, "column": 1, "note": "here"}
    assert place.next_line() == Ours(4, 1, "here")
    assert Ours._make([1, 2, None]) == (1, 2, None)
    assert list(Empty()) == []


def test_the_class_looks_like_the_standard_one() -> None:
    for name in ("_fields", "_field_defaults", "__match_args__", "__slots__", "__mro__", "__doc__", "__module__"):
        expected = getattr(Theirs, name)
        assert getattr(Ours, name) == (expected if name != "__mro__" else (Ours, *expected[1:]))
    assert typing.get_type_hints(Ours) == typing.get_type_hints(Theirs)
    assert type(Ours) is type


def test_patterns_copies_and_pickles() -> None:
    place = Ours(3, 4)
    match place:
        case Ours(line, column):
            assert (line, column) == (3, 4)
    assert copy.deepcopy(place) == place
    assert type(pickle.loads(pickle.dumps(place))) is Ours


@pytest.mark.parametrize("arguments", [(), (1, 2, None, 4)])
def test_a_wrong_number_of_values_is_refused(arguments: tuple[Any, ...]) -> None:
    for _ in range(2):  # before and after the constructor is compiled
        with pytest.raises(TypeError):
            Ours(*arguments)
    with pytest.raises(TypeError):
        Ours._make(arguments)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(TypeError):
        Ours(line=1, row=2)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="row"):
        Ours(1)._replace(row=2)  # type: ignore[call-arg]


def test_values_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Ours(1).line = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Ours(1).other = 2  # type: ignore[attr-defined]


def test_a_field_without_default_after_one_with_is_refused() -> None:
    with pytest.raises(TypeError):

        class Wrong(NamedTuple):
            first: int = 1
            second: int  # type: ignore[misc]
