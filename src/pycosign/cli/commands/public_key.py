"""`pycosign public-key`."""

from pycosign.cli.flag import text
from pycosign.cli.groups import HARDWARE
from pycosign.cli.table import Command
from pycosign.errors import UsageError

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Print the public key of a private key, or write it to a file.",
    (
        *HARDWARE,
        text("key", "the private key: a file, env://VARIABLE or a URL"),
        text("outfile", "write the public key to this file"),
    ),
    examples="""  pycosign public-key --key cosign.key

  # from a key in an environment variable, to a file
  pycosign public-key --key env://SIGNING_KEY --outfile cosign.pub""",
    unsupported=frozenset(("sk", "slot")),
)


def run(args: "Values", context: "Context") -> None:
    """Open the private key and print its other half: exactly the bytes of a `.pub` file."""
    if not args.text("key"):
        raise UsageError("exactly one of: key reference (--key), or hardware token (--sk) must be provided")
    from pycosign.cli.prompts import password_of
    from pycosign.keys.open import open_signer

    signer = open_signer(args.text("key"), password_of(context), http=context.http, environ=context.environ)
    pem = signer.public_key.pem()
    outfile = args.text("outfile")
    if not outfile:
        context.put(pem.decode())
        return
    from pycosign.files import write_atomically

    write_atomically(outfile, pem)
    context.say(f"Public key written to {outfile}")
