"""`pycosign generate-key-pair`."""

from pycosign.cli.flag import text
from pycosign.cli.key_files import write_key_pair
from pycosign.cli.table import Command
from pycosign.errors import UsageError

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Make a key pair for signing: ECDSA on the curve P-256, the private key encrypted with a password.",
    (
        text("kms", "make the key in this key management service"),
        text("output-key-prefix", "name of the files, before .key and .pub", default="cosign"),
    ),
    examples="""  pycosign generate-key-pair

  # write my-name.key and my-name.pub
  pycosign generate-key-pair --output-key-prefix my-name

  The password is prompted for, unless COSIGN_PASSWORD holds it.""",
    unsupported=frozenset(("kms",)),
)


def run(args: "Values", context: "Context") -> None:
    """Make the pair, then ask before an existing private key is overwritten: the order is Cosign's."""
    if args.words:
        scheme, separator, _ = args.words[0].partition("://")
        if not separator:
            raise UsageError("could not parse scheme, use <scheme>://<ref> format")
        if scheme in ("k8s", "gitlab", "github"):
            raise UsageError(f"keys in {scheme} are not supported yet", code="usage.unsupported")
        raise UsageError(f"undefined provider: {scheme}")
    from pycosign.cli.prompts import new_password
    from pycosign.keys.pair import generate_key_pair

    pair = generate_key_pair(new_password(context))
    write_key_pair(pair, args.text("output-key-prefix"), context, overwrite=False)
