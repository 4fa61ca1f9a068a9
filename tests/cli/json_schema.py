"""The part of JSON Schema 2020-12 that the schemas in docs/ use: a list of what does not fit."""

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "null": type(None),
}
_ANNOTATIONS = {"$schema", "$defs", "title", "description"}
_ASSERTIONS = {"$ref", "type", "const", "enum", "pattern", "required", "properties", "additionalProperties", "items"}
_BOUNDS = {"minimum", "maximum", "minLength", "minItems", "maxItems"}
_KNOWN = _ANNOTATIONS | _ASSERTIONS | _BOUNDS | {"oneOf", "allOf"}


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "") -> Iterator[str]:
    """What of `value` does not fit `schema`. Fails on a keyword that is not known here."""
    assert set(schema) <= _KNOWN, set(schema) - _KNOWN
    if "$ref" in schema:
        yield from problems(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "const" in schema and (value != schema["const"] or isinstance(value, bool)):
        yield f"{at}: is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    names = schema.get("type", [])
    types = [_TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    if types and (not any(isinstance(value, kind) for kind in types) or isinstance(value, bool)):
        yield f"{at}: {value!r} is not {names}"
    elif not _is_in_bounds(value, schema):
        yield f"{at}: {value!r} is out of bounds"
    elif isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    elif isinstance(value, list) and "items" in schema:
        for position, item in enumerate(value):
            yield from problems(item, schema["items"], root, f"{at}[{position}]")
    elif isinstance(value, dict):
        yield from _of_object(value, schema, root, at)
    if "oneOf" in schema:
        misfits = [list(problems(value, branch, root, at)) for branch in schema["oneOf"]]
        if sum(not found for found in misfits) != 1:
            yield f"{at}: fits not exactly one of the alternatives: {misfits}"
    for branch in schema.get("allOf", []):
        yield from problems(value, branch, root, at)


def _is_in_bounds(value: Any, schema: dict[str, Any]) -> bool:
    if isinstance(value, int):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if isinstance(value, str):
        return bool(len(value) >= schema.get("minLength", 0))
    if isinstance(value, list):
        return bool(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)))
    return True


def _of_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}: lacks {name}"
    others = schema.get("additionalProperties", True)
    for name, member in value.items():
        if name in known:
            yield from problems(member, known[name], root, f"{at}.{name}")
        elif others is False:
            yield f"{at}: has the member {name}"
        elif isinstance(others, dict):
            yield from problems(member, others, root, f"{at}.{name}")
