"""`pycosign verify-blob`."""

from pycosign.cli.groups import VERIFYING, VERIFYING_UNSUPPORTED
from pycosign.cli.table import Command, exactly, text

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

COMMAND = Command(
    "Verify the signature of a file: who signed, when, and that the log has it.",
    (
        *VERIFYING,
        text("bundle", "file with the signature and all that is needed to verify it"),
        text(
            "rfc3161-timestamp",
            "file with the signed timestamp",
            deprecated="please use --bundle to provide the output bundle location, which will include the signed timestamp",
        ),
        text(
            "signature",
            "the signature: a file, a URL, or base64",
            deprecated="please use --bundle to provide a signature",
        ),
    ),
    check_arguments=exactly(1),
    examples="""  pycosign verify-blob --bundle FILE.sigstore.json --certificate-identity WHO --certificate-oidc-issuer ISSUER FILE

  # with a key
  pycosign verify-blob --bundle FILE.sigstore.json --key cosign.pub FILE

  # with a trust root from a file
  pycosign verify-blob --bundle FILE.sigstore.json --trusted-root trusted_root.json \\
      --certificate-identity WHO --certificate-oidc-issuer ISSUER FILE""",
    exclusive=(("certificate-chain", "ca-roots"), ("certificate-chain", "ca-intermediates")),
    unsupported=VERIFYING_UNSUPPORTED,
)
