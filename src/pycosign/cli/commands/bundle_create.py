"""`pycosign bundle create`."""

from pycosign.cli.flag import switch, text
from pycosign.cli.groups import HARDWARE
from pycosign.cli.table import Command

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.crypto.keys import PublicKey
    from pycosign.crypto.stream_digests import ByteStream
    from pycosign.flows.bundle_create import SearchLog
    from pycosign.verify.evidence import Evidence
    from pycosign.wire.log_entry import LogEntry

__all__ = ["run"]

COMMAND = Command(
    """Make a Sigstore bundle of a signature or attestation that was made in an older format.

The log is searched for its entry. The signature must verify, and the entry must be about it; whether the signer is the
right one is not looked at.""",
    (
        *(flag for flag in HARDWARE if flag.name == "sk"),
        text("artifact", "the file that was signed"),
        text("attestation", "file with the attestation: a DSSE envelope"),
        text("bundle", "file with Cosign's own bundle of old"),
        text("certificate", "file with the certificate that signed"),
        switch("ignore-tlog", "the signature is in no transparency log"),
        text("key", "the public key: a file, env://VARIABLE or a URL"),
        text("out", "write the bundle to this file"),
        text(
            "rekor-url",
            "base URL of the transparency log",
            default="https://rekor.sigstore.dev",
            deprecated="please use a signing config to specify a rekor url; see `cosign signing-config --help`",
        ),
        text("rfc3161-timestamp", "file with the signed timestamp"),
        text("signature", "file with the signature"),
        text(
            "slot",
            "slot of the hardware security key",
            default="signature",
            choices=("authentication", "signature", "card-authentication", "key-management"),
        ),
    ),
    environment=False,
    examples="""  pycosign bundle create --artifact FILE --signature FILE.sig --certificate FILE.pem \\
      --out FILE.sigstore.json

  # of Cosign's own bundle
  pycosign bundle create --artifact FILE --bundle FILE.bundle --key cosign.pub --out FILE.sigstore.json

  # of an attestation
  pycosign bundle create --artifact FILE --attestation FILE.att --key cosign.pub --out FILE.sigstore.json""",
    exclusive=(("bundle", "certificate"), ("bundle", "signature")),
    unsupported=frozenset(("sk", "slot")),
)


def run(args: "Values", context: "Context") -> None:
    """Read the parts, pack them, write the bundle."""
    from pycosign.cli.created import put_document
    from pycosign.errors import UsageError

    if not args.text("artifact"):
        raise UsageError("must supply --artifact")
    if not any(args.text(name) for name in ("bundle", "signature", "attestation")):
        raise UsageError("must at least supply signature via --bundle or --signature")
    from pycosign.flows.blob_source import blob_from_argument
    from pycosign.flows.bundle_create import OlderMaterial, create_bundle

    word = args.text("artifact")
    material = OlderMaterial(
        bundle=_part(args, "bundle"),
        signature=_part(args, "signature"),
        attestation=_part(args, "attestation"),
        certificate=_part(args, "certificate"),
        timestamp=_part(args, "rfc3161-timestamp"),
        key=_key(args, context),
    )
    artifact = blob_from_argument(
        word,
        stdin=context.stdin_bytes() if word == "-" else None,
        environ=context.environ,
        open_url=lambda url: _open_url(url, context),
    )
    search = None if args.switch("ignore-tlog") else _search(args, context)
    put_document(create_bundle(material, artifact, search=search), args, context)


def _part(args: "Values", name: str) -> bytes | None:
    from pycosign.cli.created import read_part
    from pycosign.flows.service_specs import prefixed

    path = args.text(name)
    if not path:
        return None
    if name != "bundle":
        return read_part(path)
    with prefixed(f"reading {path}"):
        return read_part(path)


def _key(args: "Values", context: "Context") -> "PublicKey | None":
    if not args.text("key"):
        return None
    from pycosign.flows.service_specs import prefixed
    from pycosign.keys.open import open_public_key

    with prefixed("loading public key", malformed=False):
        return open_public_key(args.text("key"), http=context.http, environ=context.environ)


def _search(args: "Values", context: "Context") -> "SearchLog":
    def search(evidence: "Evidence", verifier_pem: bytes, artifact_sha256: bytes) -> "tuple[LogEntry, ...]":
        from pycosign.cli.instance_choice import log_of_bundles
        from pycosign.flows.log_search import search_entries

        return search_entries(
            evidence,
            verifier_pem,
            http=context.http(),
            rekor_url=log_of_bundles(args, context),
            artifact_sha256=artifact_sha256,
        )

    return search


def _open_url(url: str, context: "Context") -> "AbstractContextManager[ByteStream]":
    from pycosign.cli.legacy_blob import stream_url

    return stream_url(url, context)
