"""docs/api.md: every public name with its signature and what its docstring says, read from the source, not run.

A public name is one of `pycosign.__all__` or `pycosign.testing.__all__`; of a class, every method and field without a
leading underscore.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pycosign

__all__ = ["Entry", "Field", "entries", "page"]

SOURCE = Path(pycosign.__file__).resolve().parent
SECTION = re.compile(r"(Args|Returns|Raises|Source)(?: \(([^)]*)\))?: +(.*)")
WIDTH = 100
CHAPTERS = (  # title, and modules in the order in which they are shown
    ("Verify", ("pycosign.api.verifying", "pycosign.api.verifier")),
    ("Who must have signed", ("pycosign.api.signers", "pycosign.api.policy")),
    ("Whom to trust", ("pycosign.api.trust",)),
    ("Sign", ("pycosign.api.signing", "pycosign.api.means", "pycosign.api.instance")),
    ("Files, bundles, registries", ("pycosign.api.files", "pycosign.api.registries")),
    (
        "What was proved",
        (
            *("pycosign.api.results", "pycosign.verify.log", "pycosign.verify.result"),
            *("pycosign.verify.times", "pycosign.verify.requirements"),
        ),
    ),
    ("Errors", ("pycosign.errors",)),
    ("For tests", ("pycosign.testing.sandbox", "pycosign.testing.pytest_plugin")),
)
INTRODUCTION = """# The library

Made by `make fix` from the code; `make check` compares. These names are what versions promise; others may change.
Arguments behind `*` are given by name. Where nothing else is said, durations are `timedelta`s, moments are aware
`datetime`s in UTC, and sizes are bytes. Nothing is printed. Everything that can go wrong is a `SigningError` with a
`code` ([errors.md](errors.md)); its families are `RefusedError` (a proven no), `MalformedError` (bytes that do not have
the form they should have), `UnavailableError` (it could not be found out) and `UsageError` (it was asked wrongly).
"""


class Field(NamedTuple):
    """A field of a value, a member of an enumeration, or an attribute of an error."""

    name: str
    annotation: str  # ": TYPE", or " = VALUE"
    comment: str  # behind it in the source


class Entry(NamedTuple):
    """A public name. kind: "function", "class", "value" (fields, made by us), "enumeration", "error" or "alias"."""

    name: str
    kind: str
    signature: str  # of a function, a method or a constructor; of an alias what it stands for; else ""
    arguments: tuple[str, ...]
    returns: str
    doc: str
    fields: tuple[Field, ...] = ()
    members: "tuple[Entry, ...]" = ()  # methods and properties


def page() -> str:
    """The document."""
    lines = [INTRODUCTION]
    for title, found in entries():
        lines.append(f"## {title}\n")
        for entry in found:
            lines += _lines(entry, "###")
    return "\n".join(lines).rstrip("\n") + "\n"


def entries() -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """The chapters, each with its public names: functions first."""
    homes = {**pycosign._HOMES, **_testing_homes()}
    for title, modules in CHAPTERS:
        found: list[Entry] = []
        for module in modules:
            found += _entries_of(module, homes[module])
        found.sort(key=lambda entry: entry.kind != "function")  # else as in the source
        yield title, tuple(found)


def _testing_homes() -> dict[str, tuple[str, ...]]:
    return {
        "pycosign.testing.sandbox": ("Sandbox", "SettableClock"),
        "pycosign.testing.pytest_plugin": ("pycosign_sandbox",),
    }


def _entries_of(module: str, names: tuple[str, ...]) -> Iterator[Entry]:
    path = SOURCE / Path(*module.split(".")[1:])
    text = path.with_suffix(".py").read_text()
    body = ast.parse(text).body
    lines = text.splitlines()
    package = "pycosign.testing" if "sandbox" in module else "pycosign"
    for at, node in enumerate(body):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            prefix = "" if "plugin" in module else f"{package}."
            yield _function(node, f"{prefix}{node.name}")
        elif isinstance(node, ast.ClassDef) and node.name in names:
            yield _class(node, f"{package}.{node.name}", lines)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names:
            said = body[at + 1] if at + 1 < len(body) else None
            doc = said.value.value if isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant) else ""
            yield Entry(f"{package}.{node.targets[0].id}", "alias", ast.unparse(node.value), (), "", str(doc))


def _function(node: ast.FunctionDef, name: str, *, shown: str = "", skip: int = 0) -> Entry:
    arguments = _arguments(node.args)[skip:]
    returns = "" if node.returns is None else _annotation(node.returns)
    shown = shown or name.rpartition(".")[2]
    tail = f" -> {returns}" if returns else ""
    one_line = f"{shown}({', '.join(arguments)}){tail}"
    if len(one_line) > WIDTH:
        one_line = f"{shown}(\n" + "".join(f"    {argument},\n" for argument in arguments) + f"){tail}"
    doc = ast.get_docstring(node) or ""
    return Entry(name, "function", one_line, tuple(arguments), returns, doc)


def _class(node: ast.ClassDef, name: str, lines: list[str]) -> Entry:
    bases = [ast.unparse(base) for base in node.bases]
    kind = "class"
    if any(base in ("NamedTuple", "Record") for base in bases):
        kind = "value"
    elif "Enum" in bases:
        kind = "enumeration"
    elif any(base.endswith(("Error", "Exception")) for base in bases):
        kind = "error"
    members: list[Entry] = []
    signature = ""
    arguments: tuple[str, ...] = ()
    for item in node.body:
        if not isinstance(item, ast.FunctionDef):
            continue
        decorators = [ast.unparse(decorator) for decorator in item.decorator_list]
        if item.name == "__init__" and kind == "class":
            made = _function(item, name, shown=node.name, skip=1)
            if not made.arguments[0].startswith("proof"):  # what only the verifier makes
                signature, arguments = made.signature.removesuffix(" -> None"), made.arguments
        elif not item.name.startswith("_"):
            own = name.rpartition(".")[2]
            member = _function(item, f"{own}.{item.name}", shown=f"{own}.{item.name}", skip=1)
            if "property" in decorators:
                member = member._replace(signature=f"{own}.{item.name}: {member.returns}", kind="property")
            members.append(member)
    fields = tuple(_fields(node, kind, lines))
    return Entry(name, kind, signature, arguments, "", ast.get_docstring(node) or "", fields, tuple(members))


def _fields(node: ast.ClassDef, kind: str, lines: list[str]) -> Iterator[Field]:
    for item in node.body:
        comment = lines[item.lineno - 1].partition("  # ")[2]
        if kind in ("value", "error") and isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            yield Field(item.target.id, f": {_annotation(item.annotation)}", comment)
        elif (
            kind in ("enumeration", "error") and isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name)
        ):
            yield Field(item.targets[0].id, f" = {ast.unparse(item.value)}", comment)


def _arguments(given: ast.arguments) -> list[str]:
    positional = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    shown = [
        _argument(argument, default) for argument, default in zip(positional, [*defaults, *given.defaults], strict=True)
    ]
    if given.kwonlyargs:
        shown.append("*")
    shown += [_argument(*pair) for pair in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return shown


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    annotation = "" if argument.annotation is None else f": {_annotation(argument.annotation)}"
    value = "" if default is None else f" = {ast.unparse(default)}"
    return f"{argument.arg}{annotation}{value}"


def _annotation(node: ast.expr) -> str:
    """An annotation as it reads without quotes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return re.sub(r"'([^']*)'", r"\1", ast.unparse(node))


def _lines(entry: Entry, level: str) -> list[str]:
    own = entry.name.rpartition(".")[2] if level == "###" else entry.name
    lines = [f"{level} {own}\n"]
    if entry.kind == "alias":
        lines.append(f"```python\n{entry.name} = {entry.signature}\n```\n")
    elif entry.signature:
        lines.append(f"```python\n{entry.signature}\n```\n")
    lines += _doc_lines(entry.doc)
    for field in entry.fields:
        shown = f"{field.name}{field.annotation}"
        lines.append(f"- `{shown}`" + (f": {field.comment}" if field.comment else ""))
    if entry.fields:
        lines.append("")
    for member in entry.members:
        lines += _lines(member, "####")
    return lines


def _doc_lines(doc: str) -> list[str]:
    """A docstring as Markdown: its paragraphs, then its sections as a list."""
    prose: list[str] = []
    sections: list[str] = []
    for line in doc.splitlines():
        found = SECTION.match(line)
        if found:
            when = f" ({found[2]})" if found[2] else ""
            sections.append(f"- **{found[1]}{when}:** {found[3]}")
        elif sections and line.strip():
            sections[-1] += f" {line.strip()}"
        elif not sections:
            prose.append(line)
    text = "\n".join(prose).strip("\n")
    return [*([text, ""] if text else []), *([*sections, ""] if sections else [])]
