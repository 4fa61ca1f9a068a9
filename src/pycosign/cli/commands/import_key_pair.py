"""`pycosign import-key-pair`."""

from pycosign.cli.flag import switch, text
from pycosign.cli.key_files import write_key_pair
from pycosign.cli.table import Command

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Encrypt an existing private key (PEM, RSA or ECDSA or Ed25519, not encrypted) in Cosign's format.",
    (
        text("key", "file with the private key to import", shorthand="k"),
        text("output-key-prefix", "name of the files, before .key and .pub", default="import-cosign", shorthand="o"),
        switch("yes", "overwrite existing files without asking", shorthand="y"),
    ),
    examples="""  pycosign import-key-pair --key openssl.key

  # write my-key.key and my-key.pub
  pycosign import-key-pair --key openssl.key --output-key-prefix my-key

  The password is prompted for, unless COSIGN_PASSWORD holds it.""",
)


def run(args: "Values", context: "Context") -> None:
    """Read and check the key, encrypt it, then ask before an existing private key is overwritten."""
    from pycosign.cli.prompts import new_password
    from pycosign.keys.pair import import_key_pair
    from pycosign.keys.reference import read_key_file

    pair = import_key_pair(read_key_file(args.text("key")), new_password(context))
    write_key_pair(pair, args.text("output-key-prefix"), context, overwrite=args.switch("yes"))
