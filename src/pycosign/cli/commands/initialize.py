"""`pycosign initialize`."""

from pycosign.cli.table import Command, switch, text

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

COMMAND = Command(
    """Fetch the trust root and the signing config of a Sigstore from its TUF repository, check them and keep them.

The cache is $TUF_ROOT, or ~/.sigstore/root. The public Sigstore's first root is built in; that of another repository is
given with --root.""",
    (
        text(
            "mirror",
            "the TUF repository: a base URL, or file:///DIRECTORY",
            default="https://tuf-repo-cdn.sigstore.dev",
        ),
        text("root", "the repository's first root: a file or a URL"),
        text("root-checksum", "SHA-256 of --root in hex, or sha512:HEX"),
        switch("staging", "use the repository of the public staging instance"),
    ),
    examples="""  pycosign initialize

  # another Sigstore
  pycosign initialize --mirror URL --root root.json --root-checksum SHA256""",
)
