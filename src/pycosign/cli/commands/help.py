"""`pycosign help [COMMAND]`."""

from pycosign.cli import registry
from pycosign.cli.help import command_help, group_help
from pycosign.cli.table import PROGRAM, Command

TYPE_CHECKING = False  # `typing` costs as much as a third of this command
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command("Show the help of a command", (), usage="[command] [flags]", environment=False)


def run(args: "Values", context: "Context") -> None:
    """Print the help of the command that the words name; an unknown one gives a line for people, and exit status 0."""
    node, path = registry.ROOT, PROGRAM
    for word in args.words:
        child = node.children.get(word)
        if child is None or not (child.module or child.children):
            context.say(f"Unknown help topic [{' '.join(f'`{word}`' for word in args.words)}]")
            context.stderr.write(group_help(PROGRAM, registry.ROOT))
            return
        node, path = child, f"{path} {word}"
    if not node.module:
        context.put(group_help(path, node))
        return
    context.put(command_help(path, __import__(node.module, fromlist=["COMMAND"]).COMMAND, node.summary))
