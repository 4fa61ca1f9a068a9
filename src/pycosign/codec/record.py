"""`NamedTuple`, defined ten times as fast: a command defines forty on each run, which was an eighth of its time.

To a type checker it is `typing.NamedTuple`, and so it behaves. What is left out is work at the definition: annotations
are not checked, and `__new__` is compiled when the first value is made.
"""

import sys

__all__ = ["NamedTuple"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
elif sys.version_info >= (3, 14):  # annotations are made on demand there, and are not in the namespace
    from typing import NamedTuple
else:
    from _collections import _tuplegetter  # what `collections.namedtuple` itself reads fields with

    def _new(cls, *args, **kwargs):
        """Compile the class's own `__new__`, once, then do as it does."""
        owner = next(base for base in cls.__mro__ if "_fields" in base.__dict__)
        parameters, values = ", ".join(("_cls", *owner._fields)), "".join(f"{name}, " for name in owner._fields)
        code = f"lambda {parameters}: _tuple_new(_cls, ({values}))"
        made = eval(code, {"_tuple_new": tuple.__new__, "__name__": f"namedtuple_{owner.__name__}"})  # noqa: S307 (names of fields)
        made.__name__, made.__qualname__ = "__new__", f"{owner.__qualname__}.__new__"
        made.__defaults__ = tuple(owner._field_defaults.values())
        owner.__new__ = staticmethod(made)
        return made(cls, *args, **kwargs)

    @classmethod
    def _make(cls, iterable):
        """A value from the fields in their order."""
        made = tuple.__new__(cls, iterable)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **changes):
        """A copy with other values in the named fields."""
        made = self._make(map(changes.pop, self._fields, self))
        if changes:
            raise ValueError(f"Got unexpected field names: {list(changes)!r}")
        return made

    def _asdict(self):
        """Field names to values."""
        return dict(zip(self._fields, self, strict=True))

    def _repr(self):
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in zip(self._fields, self, strict=True))})"

    def _getnewargs(self):
        return tuple(self)

    _COMMON = {
        "__slots__": (),
        "__new__": _new,
        "__repr__": _repr,
        "__getnewargs__": _getnewargs,
        "_make": _make,
        "_replace": _replace,
        "_asdict": _asdict,
    }

    class _Definition(type):
        """Makes the class that a definition stands for: a plain subclass of `tuple`."""

        def __new__(cls, name, bases, namespace):
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace[field] for field in fields if field in namespace}
            if tuple(defaults) != fields[len(fields) - len(defaults) :] or any(field[0] == "_" for field in fields):
                raise TypeError(f"{name}: a field with a default comes before one without, or a name begins with _")
            members = {**_COMMON, **namespace, "_fields": fields, "_field_defaults": defaults, "__match_args__": fields}
            for position, field in enumerate(fields):
                members[field] = _tuplegetter(position, None)
            return type(name, (tuple,), members)

    class _NamedTuple:
        """Stands in the list of bases; the definition has no other."""

        def __mro_entries__(self, bases):
            return (_base,)

    _base = type.__new__(_Definition, "_NamedTuple", (), {})
    NamedTuple = _NamedTuple()
