"""A `Record` behaves as `typing.NamedTuple` does: the type checker takes the one for the other."""

import copy
import pickle
from typing import Any, NamedTuple

import pytest

from pycosign.record import Record


class Tuple(NamedTuple):
    """With two defaults."""

    first: int
    second: str = "two"
    third: "tuple[int, ...] | None" = None

    @property
    def doubled(self) -> int:
        return 2 * self.first


class Mine(Record):
    """The same."""

    first: int
    second: str = "two"
    third: "tuple[int, ...] | None" = None

    @property
    def doubled(self) -> int:
        return 2 * self.first


BOTH: tuple[Any, ...] = (Tuple, Mine)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((1,), {}),
        ((1, "b"), {}),
        ((1, "b", (3,)), {}),
        ((), {"first": 1}),
        ((1,), {"third": None}),
        ((), {"third": (1,), "first": 5}),
    ],
)
def test_values_are_made_alike(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    theirs, mine = (made(*values, **named) for made in BOTH)
    assert tuple(mine) == tuple(theirs)
    assert mine == theirs
    assert hash(mine) == hash(theirs)
    assert (mine.first, mine.second, mine.third, mine.doubled) == (*tuple(theirs), theirs.doubled)
    assert repr(mine) == repr(theirs).replace("Tuple(", "Mine(")
    assert mine._asdict() == theirs._asdict()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        ((), {"second": "b"}),
        ((1,), {"first": 2}),
        ((1,), {"fourth": 2}),
        ((1, 2, 3, 4), {}),
        ((1, 2, 3, 4), {"x": 1}),
    ],
)
def test_what_does_not_fit_is_refused_alike(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    for made in BOTH:
        with pytest.raises(TypeError):
            made(*values, **named)


@pytest.mark.parametrize("made", BOTH)
def test_fields_cannot_be_changed_or_added(made: Any) -> None:
    value = made(1)
    for name in ("first", "fourth"):
        with pytest.raises(AttributeError):
            setattr(value, name, 2)
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("made", BOTH)
def test_a_copy_with_another_field(made: Any) -> None:
    assert made(1)._replace(second="b") == (1, "b", None)
    assert type(made(1)._replace()) is made
    with pytest.raises((ValueError, TypeError)):
        made(1)._replace(fourth=2)


@pytest.mark.parametrize("made", BOTH)
def test_values_are_copied_pickled_unpacked_and_matched(made: Any) -> None:
    value = made(1, "b", (3,))
    assert copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value
    assert type(pickle.loads(pickle.dumps(value))) is made
    first, second, third = value
    assert (first, second, third) == value
    match value:
        case Tuple(1, "b", rest) | Mine(1, "b", rest):
            assert rest == (3,)
        case _:
            pytest.fail("not matched")


@pytest.mark.parametrize("made", BOTH)
def test_a_class_tells_its_fields(made: Any) -> None:
    assert made._fields == made.__match_args__ == ("first", "second", "third")
    assert made._field_defaults == {"second": "two", "third": None}
    assert made._make([1, "b", None]) == made(1, "b")
    assert isinstance(made(1), tuple)


def test_a_default_before_a_field_without_one_is_refused() -> None:
    body = "class Wrong(Record):\n    first: int = 1\n    second: int\n"
    with pytest.raises(TypeError, match="default"):
        exec(body, {"Record": Record, "__name__": __name__})
