"""Immutable values with named fields: `typing.NamedTuple` at a tenth of its price to define.

A command defines forty of them on each run; `typing.NamedTuple` compiles a constructor for each and looks at every
annotation, which was an eighth of the time of `verify-blob`. Here one constructor serves all classes, and a field is a
property over its place in the tuple. A type checker reads `typing.NamedTuple`; tests/test_record.py holds the two to
the same behaviour. Where start-up does not matter, `typing.NamedTuple` itself is the better choice.
"""

from operator import itemgetter

__all__ = ["Record"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    _new_tuple = tuple.__new__

    class _RecordType(type):
        """Makes a class of values out of annotated names and their defaults."""

        def __new__(mcs, name, bases, namespace):
            namespace["__slots__"] = ()
            cls = super().__new__(mcs, name, bases, namespace)
            fields = tuple(cls.__annotations__)
            cls._fields = cls.__match_args__ = fields
            cls._width, cls._field_set = len(fields), frozenset(fields)
            cls._field_defaults = defaults = {field: namespace[field] for field in fields if field in namespace}
            cls._last_values = tuple(defaults.values())
            if tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"{name}: a field with a default comes before one without")
            for place, field in enumerate(fields):
                setattr(cls, field, property(itemgetter(place)))
            return cls

    class Record(tuple, metaclass=_RecordType):
        """The base: `class Point(Record)` with the lines `x: int` and `y: int = 0`, then `Point(1)` or `Point(x=1)`."""

        def __new__(cls, *values, **named):
            if named or len(values) != cls._width:
                if not values and tuple(named) == cls._fields:  # each by its name, in their order
                    values = named.values()
                else:
                    values = cls._complete(values, named)
            return _new_tuple(cls, values)

        @classmethod
        def _complete(cls, values, named):
            """All values in their order, from those without a name, those with one, and the defaults."""
            lacking = cls._width - len(values)
            if not named and 0 < lacking <= len(cls._last_values):
                return values + cls._last_values[-lacking:]
            if not values and named.keys() == cls._field_set:
                return [named[field] for field in cls._fields]
            given = {**cls._field_defaults, **named}
            missing = [field for field in cls._fields[len(values) :] if field not in given]
            if missing or len(values) > len(cls._fields):
                raise TypeError(f"{cls.__name__}: {len(values)} values for {cls._fields}, and none for {missing}")
            if not named.keys() <= set(cls._fields[len(values) :]):
                raise TypeError(f"{cls.__name__}: no field left for one of {list(named)}")
            return (*values, *(given[field] for field in cls._fields[len(values) :]))

        @classmethod
        def _make(cls, values):
            """A value from its fields in their order."""
            return cls(*values)

        def _replace(self, /, **changes):
            """A copy with other values in the named fields."""
            unknown = changes.keys() - set(self._fields)
            if unknown:
                raise ValueError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
            return tuple.__new__(type(self), (changes.get(f, v) for f, v in zip(self._fields, self, strict=True)))

        def _asdict(self):
            """Values by the names of their fields."""
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            fields = ", ".join(f"{field}={value!r}" for field, value in self._asdict().items())
            return f"{type(self).__name__}({fields})"

        def __getnewargs__(self):
            return tuple(self)
