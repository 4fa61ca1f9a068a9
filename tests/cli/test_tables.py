"""Our tables against the list of Cosign's flags, and against themselves."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycosign.cli.env import bind, variable_of
from pycosign.cli.flag import DURATION, Flag
from pycosign.cli.gotext import format_duration
from pycosign.cli.parser import parse
from pycosign.cli.registry import ROOT, Node
from pycosign.cli.table import ROOT_FLAGS, Command, help_flag
from pycosign.errors import UsageError

LIST = Path(__file__).parent.parent / "data" / "cosign-flags.tsv"
Row = tuple[str, str, str, str, str]  # name, shorthand, type, default, notice


def cosign_rows() -> dict[str, set[Row]]:
    """By command: what Cosign 3.1.2 lists."""
    rows: dict[str, set[Row]] = {}
    with LIST.open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            notice = (
                row["note"].removeprefix("deprecated, hidden: ") if row["note"].startswith("deprecated, hidden") else ""
            )
            default = "" if notice else row["default"]  # the list gives no defaults of hidden text flags
            kind = "enum" if row["type"].startswith("enum") else row["type"]
            rows.setdefault(row["command"], set()).add(
                (row["flag"].removeprefix("--"), row["shorthand"].removeprefix("-"), kind, default, notice)
            )
    return rows


def our_row(flag: Flag) -> Row:
    default = flag.default
    if isinstance(default, bool):
        shown = "true" if default else "false"
    elif isinstance(default, tuple):
        shown = "[" + ",".join(default) + "]"
    elif flag.kind == DURATION:
        shown = format_duration(float(default))
    else:
        shown = str(default)
    return (flag.name, flag.shorthand, flag.kind, "" if flag.deprecated else shown, flag.deprecated)


def commands(node: Node = ROOT, path: str = "") -> Iterator[tuple[str, Node, Command]]:
    for child in node.children.values():
        name = f"{path} {child.name}".strip()
        if child.module and child.name != "demo":
            yield name, child, __import__(child.module, fromlist=["COMMAND"]).COMMAND
        yield from commands(child, name)


COSIGN = cosign_rows()
OURS = {name: (node, command) for name, node, command in commands()}


@pytest.mark.parametrize("name", sorted(COSIGN.keys() - {"(root)"}))
def test_the_flags_are_those_of_cosign(name: str) -> None:
    node, command = OURS[name]
    flags = [flag for flag in (*command.flags, help_flag(node.name)) if not flag.own]
    assert {our_row(flag) for flag in flags} == COSIGN[name]


def test_the_flags_of_the_root_are_those_of_cosign() -> None:
    assert {our_row(flag) for flag in (*ROOT_FLAGS, help_flag("pycosign"))} == COSIGN["(root)"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_table_is_consistent(name: str) -> None:
    node, command = OURS[name]
    flags = (*command.flags, *ROOT_FLAGS, help_flag(node.name))
    names = [flag.name for flag in flags]
    letters = [flag.shorthand for flag in flags if flag.shorthand]
    assert len(set(names)) == len(names)
    assert len(set(letters)) == len(letters)
    mentioned = {entry.partition("=")[0] for entry in command.unsupported} | {
        n for group in command.exclusive for n in group
    }
    assert mentioned | set(command.required) <= set(names)
    assert all(flag.help and not flag.help.endswith(".") for flag in flags)


@pytest.mark.parametrize("name", sorted(set(OURS) - set(COSIGN)))
def test_a_command_of_our_own_binds_its_flags_to_our_own_variables(name: str) -> None:
    assert all(flag.own for flag in OURS[name][1].flags)


OWN_CHOICES = [
    (name, flag) for name, (_, command) in OURS.items() for flag in command.flags if flag.own and flag.choices
]


@pytest.mark.parametrize(("name", "flag"), OWN_CHOICES, ids=[f"{name} --{flag.name}" for name, flag in OWN_CHOICES])
def test_a_value_that_a_flag_of_our_own_does_not_know_is_refused(name: str, flag: Flag) -> None:
    """`--output jsom` must not print text to a program that reads JSON, and end with 0."""
    with pytest.raises(UsageError, match=f'--{flag.name}.* must be one of "'):
        parse([f"--{flag.name}=jsom"], (flag,))
    with pytest.raises(UsageError, match=f'--{flag.name}.* must be one of "'):
        bind(parse([], (flag,)), {variable_of(flag): "jsom"})
    for choice in (*flag.choices, flag.default):
        assert parse([f"--{flag.name}={choice}"], (flag,)).text(flag.name) == choice
