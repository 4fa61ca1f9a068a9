"""`pycosign sign-blob`."""

from pycosign.cli.flag import switch, text
from pycosign.cli.groups import NOW_IN_BUNDLE, SIGNING, SIGNING_UNSUPPORTED
from pycosign.cli.table import Command, at_least
from pycosign.errors import UsageError

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.flows.sign_blob import SignedBlob

__all__ = ["run"]

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


def run(args: "Values", context: "Context") -> None:
    """Sign each file. One key, one token and one choice of services serve for all of them."""
    is_bundle = args.switch("new-bundle-format")
    if is_bundle and not args.text("bundle"):
        raise UsageError("must specify --bundle with --new-bundle-format")
    if len(args.words) > 1 and args.text("bundle"):
        raise UsageError("--bundle holds the signature of one file, and several were given")
    from pycosign.cli.signing import check_signing_flags, confirm_log_upload, signing_context, warn_of_ignored_outputs
    from pycosign.crypto.algorithms import algorithm_of_name
    from pycosign.flows.sign_blob import sign_blob

    algorithm = args.text("signing-algorithm")
    if algorithm not in args.flags["signing-algorithm"].choices:
        algorithm_of_name("" if algorithm.startswith("ed25519") else algorithm)  # raises, naming those that there are
    check_signing_flags(args)
    if is_bundle:
        warn_of_ignored_outputs(args, context)
    confirm_log_upload(args, context)
    signing = signing_context(args, context, algorithm=algorithm)
    for word in args.words:
        if word == "-":
            signed = sign_blob(context.stdin_bytes(), context=signing, legacy=not is_bundle, name="standard input")
        else:
            context.say(f"Using payload from: {word}")
            with open(word, "rb") as stream:
                signed = sign_blob(stream, context=signing, legacy=not is_bundle, name=word)
        _write(signed, args, context)


def _write(signed: "SignedBlob", args: "Values", context: "Context") -> None:
    """The files that the flags name; in the old format the signature goes to standard output unless it has a file."""
    from pycosign.codec.b64 import encode_b64

    bundle = args.text("bundle")
    if bundle:
        _write_file(bundle, signed.bundle, "bundle", context)
    if args.switch("new-bundle-format"):
        return
    is_text = args.switch("b64")
    if args.text("output"):
        context.warn("the '--output' flag is deprecated and will be removed in the future. Use '--output-signature'")
    shown = encode_b64(signed.signature).encode() if is_text else signed.signature
    path = args.text("output") or args.text("output-signature")
    if path:
        _write_file(path, shown, "signature", context)
    else:
        context.put_bytes(shown + b"\n" if is_text else shown)
    if args.text("output-certificate") and signed.certificate_pem is not None:
        certificate = encode_b64(signed.certificate_pem).encode() if is_text else signed.certificate_pem
        _write_file(args.text("output-certificate"), certificate, "certificate", context)
    if args.text("rfc3161-timestamp") and signed.timestamp_file is not None:
        _write_file(args.text("rfc3161-timestamp"), signed.timestamp_file, "timestamp", context)


def _write_file(path: str, content: bytes, what: str, context: "Context") -> None:
    from pycosign.files import write_atomically

    write_atomically(path, content)
    context.say(f"Wrote {what} to file {path}")
