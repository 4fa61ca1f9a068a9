"""`pycosign stack up`."""

from pycosign.cli.flag import switch, text
from pycosign.cli.table import Command, no_arguments

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    """Run a private Sigstore in the foreground: certificate authority and certificate log, transparency logs, timestamp
authority, OIDC issuer, TUF repository and OCI registry. It is ready when DIR/stack.json is there.

A data directory remembers its ports, keys and roots; SIGTERM or Ctrl-C ends it in good order.""",
    (
        text("data", "the data directory; made if it does not exist", own=True),
        text("listen", "the address to listen on", default="127.0.0.1", own=True),
        switch("no-test-tokens", "do not answer GET /token with an identity token", own=True),
        text("ports", "service=port pairs, with commas between them, or auto for free ones", own=True),
    ),
    check_arguments=no_arguments,
    required=("data",),
    examples="""  pycosign stack up --data ./sigstore

  # on free ports, but the registry on 5000
  pycosign stack up --data ./sigstore --ports auto,registry=5000""",
)


def run(args: "Values", context: "Context") -> None:
    """Serve until SIGTERM or Ctrl-C. `--timeout` does not apply."""
    from pycosign.stack.app import run as serve
    from pycosign.stack.ports import SERVICES

    def ready(urls: "Mapping[str, str]") -> None:
        context.say(f"The stack is ready: {args.text('data')}/stack.json")
        for name in SERVICES:
            context.say(f"  {name:<9} {urls[name]}")

    serve(
        args.text("data"),
        ports=args.text("ports") or None,
        listen=args.text("listen"),
        test_tokens=not args.switch("no-test-tokens"),
        ready=ready,
    )
