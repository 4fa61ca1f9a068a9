"""`pycosign stack status`."""

from pycosign.cli.flag import text
from pycosign.cli.table import Command, no_arguments

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Ask every service of the stack whether it answers. The exit status is 0 only when all do.",
    (
        text("data", "the data directory", own=True),
        text("output", "form of what is printed", default="text", choices=("json", "text"), shorthand="o", own=True),
    ),
    check_arguments=no_arguments,
    required=("data",),
    examples="  pycosign stack status --data ./sigstore",
)


def run(args: "Values", context: "Context") -> int:
    """Print a line, or a member, for every service; the status is that of "unavailable" when one does not answer."""
    from pycosign.errors import UnavailableError
    from pycosign.stack.status import check

    services = check(args.text("data"))
    everything = all(service.ok for service in services)
    if args.text("output") == "json":
        import json

        rows = {row.name: {"url": row.url, "ok": row.ok, "detail": row.detail} for row in services}
        context.put(json.dumps({"schema": 1, "ok": everything, "services": rows}) + "\n")
    else:
        context.put(
            "".join(f"{row.name:<9} {'ok' if row.ok else 'down':<4} {row.url} {row.detail}\n" for row in services)
        )
    return 0 if everything else UnavailableError.exit_status
