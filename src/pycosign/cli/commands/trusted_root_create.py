"""`pycosign trusted-root create`."""

from pycosign.cli.flag import ARRAY, Flag, switch, text
from pycosign.cli.table import Command

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.flows.trusted_root_create import GivenAuthorities, GivenLogs, GivenRoot
    from pycosign.wire.trusted_root import TrustedRoot

__all__ = ["run"]

_AUTHORITY = (
    "{}: url=URL,certificate-chain=PEM-FILE and perhaps start-time=TIME,end-time=TIME,operator=NAME; may repeat"
)
_LOG = "{}: url=URL,public-key=PEM-FILE,start-time=TIME and perhaps end-time=TIME,origin=NAME,operator=NAME; may repeat"


def _old(name: str, help: str, instead: str) -> Flag:  # noqa: A002 (the word of the command line)
    return Flag(name, ARRAY, (), help, deprecated=f"use --{instead} instead")


COMMAND = Command(
    """Write a trusted root: which services' keys and certificates to believe, and for which times.

Times are written as in RFC 3339. A log whose checkpoints carry its name (Rekor v2, static CT) needs its `origin`. A
chain of a certificate authority has its root last; one of a timestamp authority has its leaf first.""",
    (
        _old("certificate-chain", "PEM file with the certificates of a certificate authority, the root last", "fulcio"),
        Flag("ctfe", ARRAY, (), _LOG.format("certificate log to trust")),
        _old("ctfe-end-time", "when the certificate log's key ceased to be valid", "ctfe"),
        _old("ctfe-key", "PEM file with the certificate log's public key", "ctfe"),
        _old("ctfe-start-time", "when the certificate log's key became valid", "ctfe"),
        _old("ctfe-url", "URL of the certificate log", "ctfe"),
        Flag("fulcio", ARRAY, (), _AUTHORITY.format("certificate authority to trust")),
        _old("fulcio-uri", "URL of the certificate authority", "fulcio"),
        switch("no-default-ctfe", "leave out the certificate logs that --with-default-services gives"),
        switch("no-default-fulcio", "leave out the certificate authorities that --with-default-services gives"),
        switch("no-default-rekor", "leave out the transparency logs that --with-default-services gives"),
        switch("no-default-tsa", "leave out the timestamp authorities that --with-default-services gives"),
        text("out", "write the trusted root to this file"),
        Flag("rekor", ARRAY, (), _LOG.format("transparency log to trust")),
        _old("rekor-end-time", "when the transparency log's key ceased to be valid", "rekor"),
        _old("rekor-key", "PEM file with the transparency log's public key; for Rekor v2 FILE,ORIGIN", "rekor"),
        _old("rekor-start-time", "when the transparency log's key became valid", "rekor"),
        _old("rekor-url", "URL of the transparency log", "rekor"),
        _old("timestamp-certificate-chain", "PEM file with the timestamp authority's certificates, leaf first", "tsa"),
        _old("timestamp-uri", "URL of the timestamp authority", "tsa"),
        Flag("tsa", ARRAY, (), _AUTHORITY.format("timestamp authority to trust")),
        switch("with-default-services", "start from the trusted root of the TUF repository"),
    ),
    environment=False,
    examples="""  pycosign trusted-root create --out trusted_root.json \\
      --fulcio "url=https://fulcio.example,certificate-chain=fulcio.pem" \\
      --ctfe "url=https://ct.example,public-key=ct.pub,start-time=2026-01-01T00:00:00Z" \\
      --rekor "url=https://log.example,public-key=log.pub,start-time=2026-01-01T00:00:00Z,origin=log.example" \\
      --tsa "url=https://tsa.example/api/v1/timestamp,certificate-chain=tsa.pem"

  # the public Sigstore, and a log of our own
  pycosign trusted-root create --with-default-services --out trusted_root.json \\
      --rekor "url=https://log.example,public-key=log.pub,start-time=2026-01-01T00:00:00Z" """.rstrip(),
)


def run(args: "Values", context: "Context") -> None:
    """Put the services together and write them."""
    from pycosign.cli.created import put_document, read_part
    from pycosign.flows.trusted_root_create import check_given, create_trusted_root

    given = _given(args)
    check_given(given)
    put_document(create_trusted_root(given, base=_base(args, context), read=read_part), args, context)


def _given(args: "Values") -> "GivenRoot":
    from pycosign.flows.trusted_root_create import GivenAuthorities, GivenLogs, GivenRoot

    def logs(kind: str) -> "GivenLogs":
        return GivenLogs(
            args.items(kind),
            *(args.items(f"{kind}-{part}") for part in ("key", "url", "start-time", "end-time")),
        )

    def authorities(kind: str, chain: str, url: str) -> "GivenAuthorities":
        return GivenAuthorities(args.items(kind), args.items(chain), args.items(url))

    return GivenRoot(
        fulcio=authorities("fulcio", "certificate-chain", "fulcio-uri"),
        rekor=logs("rekor"),
        ctfe=logs("ctfe"),
        tsa=authorities("tsa", "timestamp-certificate-chain", "timestamp-uri"),
        without=frozenset(name for name in ("fulcio", "rekor", "ctfe", "tsa") if args.switch(f"no-default-{name}")),
    )


def _base(args: "Values", context: "Context") -> "TrustedRoot | None":
    if not args.switch("with-default-services"):
        return None
    from pycosign.ambient import utc_now
    from pycosign.instances.trust import TrustSource, load_trust

    loaded = load_trust(TrustSource(context.environ, utc_now(), context.http))
    for warning in loaded.document.warnings:
        context.warn(warning)
    return loaded.root
