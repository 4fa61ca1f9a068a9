"""From words to an exit status: find the command, read its flags, run it, and say what went wrong."""

import sys

from pycosign.cli import registry
from pycosign.cli.context import Context, in_one_paragraph
from pycosign.cli.flag import BOOL
from pycosign.cli.parser import Values, parse, repair
from pycosign.cli.table import PROGRAM, ROOT_FLAGS, help_flag
from pycosign.errors import InterruptedBySignalError, SigningError, UnavailableError, UsageError

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from pycosign.cli.registry import Node
    from pycosign.cli.table import Command

__all__ = ["main"]


def main(words: list[str], context: Context) -> int:
    """Run one command line (without the program's name) and return its exit status. Errors become text here."""
    stdout = context.stdout
    try:
        status = _dispatch(words, context)
        stdout.flush()  # a full disk is an error of its own: nobody shall read the status without the data
        return status
    except KeyboardInterrupt:
        return _report(InterruptedBySignalError("interrupted"), context)
    except BrokenPipeError:
        raise  # nobody reads any more: the caller ends quietly
    except SigningError as exc:
        return _report(exc, context)
    except OSError as exc:
        return _report(_from_operating_system(exc), context)
    finally:
        context.stdout = stdout


def _dispatch(words: list[str], context: Context) -> int:
    """Cosign's order: repair, find, parse (with notices), help, count of words, environment, groups of flags, run."""
    if words[:1] in (["__complete"], ["__completeNoDesc"]):
        from pycosign.cli.completion import complete

        complete(words[1:], context, describe=words[0] == "__complete")
        return 0
    words, warnings = repair(words)
    for warning in warnings:
        context.warn(warning)
    node, path, words = _find(words)
    if not node.module:
        return _group(node, path, words, context)
    module = __import__(node.module, fromlist=["COMMAND"])  # `importlib` would be one more import
    command: Command = module.COMMAND
    args = _read(node, path, command, words, context)
    if args is None:
        return 0
    is_reader = command.begins_nothing is not None and command.begins_nothing(args)
    if context.owns_process and command.environment and not is_reader:
        from pycosign.cli.signals import end_on_sigterm

        end_on_sigterm()
    context.verbose, context.timeout = args.switch("verbose"), args.seconds("timeout")
    status = _run_into_file(module, args, context) if args.text("output-file") else module.run(args, context)
    return int(status or 0)


def _read(node: "Node", path: str, command: "Command", words: list[str], context: Context) -> Values | None:
    """The values of a command's flags, checked; None if its help was asked for, and printed."""
    if command.deprecated:
        context.say(f'Command "{node.name}" is deprecated, {command.deprecated}')
    args = parse(words, (*command.flags, *ROOT_FLAGS, help_flag(node.name)))
    for notice in args.notices:
        context.say(notice)
    if args.switch("help"):
        from pycosign.cli.help import command_help

        context.put(command_help(path, command, node.summary))
        return None
    complaint = command.check_arguments(args.words, path) if command.check_arguments else None
    if complaint:
        raise UsageError(complaint)
    if command.environment:
        from pycosign.cli.env import bind

        bind(args, context.environ)
    _check_groups(args, command)
    _refuse_unsupported(args, command)
    return args


def _find(words: list[str]) -> "tuple[Node, str, list[str]]":
    """The command that the words name, its path, and the words without its name.

    Flags may stand before the name; a flag of the root that takes a value takes the next word with it, and so does a
    flag that is not known there. Raises UsageError: no such command, or one of Cosign's that is not supported yet.
    """
    node, path, rest = registry.ROOT, PROGRAM, list(words)
    while node.children:
        at = _first_word(rest)
        child = node.children.get(rest[at]) if at is not None else None
        if at is None or child is None:
            if at is not None and node is registry.ROOT:
                raise _unknown_command(rest[at])
            break
        path = f"{path} {child.name}"
        if not child.module and not child.children:
            raise UsageError(f"{path.partition(' ')[2]} is not supported yet", code="usage.unsupported")
        del rest[at]
        node = child
    return node, path, rest


def _first_word(words: list[str]) -> int | None:
    """Where the first word is that is neither a flag nor, as far as the root can tell, a flag's value."""
    bools = {name for flag in ROOT_FLAGS if flag.kind == BOOL for name in (f"--{flag.name}", f"-{flag.shorthand}")}
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            return None
        if not word.startswith("-") or word == "-":
            return at
        takes_next = word not in bools and "=" not in word and (word.startswith("--") or len(word) == 2)
        at += 2 if takes_next else 1
    return None


def _unknown_command(word: str) -> UsageError:
    alike = registry.suggestions(word, registry.ROOT)
    said = "".join(f"\t{name}\n" for name in alike)
    tail = f"\n\nDid you mean this?\n{said}" if alike else ""
    return UsageError(f'unknown command "{word}" for "{PROGRAM}"{tail}', code="usage.unknown-command")


def _group(node: "Node", path: str, words: list[str], context: Context) -> int:
    """A group alone, or with a word that it does not know: its help, and exit status 0, as Cosign does."""
    parse(words, (*ROOT_FLAGS, help_flag(node.name)))
    from pycosign.cli.help import group_help

    context.put(group_help(path, node))
    return 0


def _check_groups(args: Values, command: "Command") -> None:
    """Required flags must be set, and at most one flag of each exclusive group may be."""
    missing = [f'"{name}"' for name in command.required if not args.given(name)]
    if missing:
        raise UsageError(f"required flag(s) {', '.join(missing)} not set")
    for group in command.exclusive:
        given = sorted(name for name in group if args.given(name))
        if len(given) > 1:
            raise UsageError(
                f"if any flags in the group [{' '.join(group)}] are set none of the others can be; "
                f"[{' '.join(given)}] were all set"
            )


def _refuse_unsupported(args: Values, command: "Command") -> None:
    """A flag of Cosign's that does nothing here yet is refused when it asks for something, never ignored.

    An entry is a flag's name, or `name=value` if only that value is not supported.
    """
    for entry in sorted(command.unsupported):
        name, equals, value = entry.partition("=")
        if args.is_default(name) or (equals and args.text(name) != value):
            continue
        raise UsageError(f"--{entry} is not supported yet", code="usage.unsupported")


def _run_into_file(module: object, args: Values, context: Context) -> int:
    """Run with standard output kept for the file of `--output-file`, which is written whole when the command ends."""
    from pycosign.cli.output_file import OutputFile

    with OutputFile(args.text("output-file")) as file:
        context.stdout = file.stream
        return int(module.run(args, context) or 0)  # type: ignore[attr-defined]


def _from_operating_system(exc: OSError) -> SigningError:
    """A file that does not exist is a usage error; one that cannot be read, or a failing device, is unavailable."""
    reason = (exc.strerror or str(exc)).lower()
    verb = "read" if isinstance(exc, IsADirectoryError) else "open"
    where = f"{verb} {_name(exc.filename)}: " if exc.filename else ""
    if isinstance(exc, FileNotFoundError | IsADirectoryError | NotADirectoryError | FileExistsError):
        return UsageError(f"{where}{reason}", code="usage.file")
    return UnavailableError(f"{where}{reason}", code="unavailable.file")


def _name(filename: object) -> str:
    return filename.decode("utf-8", "backslashreplace") if isinstance(filename, bytes) else str(filename)


def _report(error: SigningError, context: Context) -> int:
    """Print the error as Cosign does, then its code, then the hint, then with --verbose where it came from.

    The code (docs/errors.md) is for scripts; of a usage error there is none worth telling apart.
    """
    is_unknown = error.code == "usage.unknown-command"
    message = str(error) if is_unknown else in_one_paragraph(str(error))
    context.say(f"Error: {message}")
    if is_unknown:
        context.say(f"Run '{PROGRAM} --help' for usage.")
    context.say(f"error during command execution: {message.removesuffix(chr(10))}")
    if not isinstance(error, UsageError | InterruptedBySignalError):
        causes = ", ".join(dict.fromkeys(cause.code for cause in error.causes))
        context.say(f"code: {error.code}" + (f" ({causes})" if causes else ""))
    hint = getattr(error, "hint", None)
    if not hint:
        from pycosign.cli.hints import hint_for

        hint = hint_for(error.code, error.family)
    if hint:
        context.say(f"hint: {hint}")
    if context.verbose:
        sys.excepthook(type(error), error, error.__traceback__)
    return error.exit_status
