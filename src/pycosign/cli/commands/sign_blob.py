"""`pycosign sign-blob`."""

from pycosign.cli.groups import NOW_IN_BUNDLE, SIGNING, SIGNING_UNSUPPORTED
from pycosign.cli.table import Command, at_least, switch, text

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

COMMAND = Command(
    "Sign files. The signature and all that is needed to verify it go into a bundle.",
    (
        *SIGNING,
        switch(
            "b64",
            "write base64, not raw bytes",
            default=True,
            deprecated="please use --bundle, which already base64 encodes content as appropriate",
        ),
        text("output", "write the signature to this file", deprecated=NOW_IN_BUNDLE.format("signature")),
        text(
            "rfc3161-timestamp",
            "write the signed timestamp to this file",
            deprecated=NOW_IN_BUNDLE.format("signed timestamp"),
        ),
        text(
            "signing-algorithm",
            "algorithm of the key that is made for the signature",
            default="ecdsa-sha2-256-nistp256",
            choices=(
                "ecdsa-sha2-256-nistp256",
                "ecdsa-sha2-384-nistp384",
                "ecdsa-sha2-512-nistp521",
                "rsa-sign-pkcs1-2048-sha256",
                "rsa-sign-pkcs1-3072-sha256",
                "rsa-sign-pkcs1-4096-sha256",
            ),
        ),
    ),
    check_arguments=at_least(1),
    examples="""  pycosign sign-blob --bundle FILE.sigstore.json FILE

  # with a key
  pycosign sign-blob --key cosign.key --bundle FILE.sigstore.json FILE

  # with a key in an environment variable
  pycosign sign-blob --key env://SIGNING_KEY --bundle FILE.sigstore.json FILE""",
    exclusive=(("use-signing-config", "signing-config"),),
    unsupported=SIGNING_UNSUPPORTED,
)
