"""`pycosign signing-config create`."""

from pycosign.cli.flag import ARRAY, Flag, switch, text
from pycosign.cli.table import Command

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.wire.signing_config import SigningConfig

__all__ = ["run"]

_SPEC = (
    "{} to sign with: url=URL,api-version=NUMBER,start-time=TIME,operator=NAME and perhaps end-time=TIME; may repeat"
)
_SELECTOR = "how many of the {} are used for a signature: ANY (one), ALL or EXACT:NUMBER; needed with --{}"

COMMAND = Command(
    """Write a signing config: which services sign, and how many of each.

Times are written as in RFC 3339. With --base-config a service that is given replaces those of its kind; with
--with-default-services it is added to them.""",
    (
        text("base-config", "signing config to start from"),
        Flag("fulcio", ARRAY, (), _SPEC.format("certificate authority")),
        switch("no-default-fulcio", "leave out the certificate authorities that --with-default-services gives"),
        switch("no-default-oidc", "leave out the OIDC issuers that --with-default-services gives"),
        switch("no-default-rekor", "leave out the transparency logs that --with-default-services gives"),
        switch("no-default-tsa", "leave out the timestamp authorities that --with-default-services gives"),
        Flag("oidc-provider", ARRAY, (), _SPEC.format("OIDC issuer")),
        text("out", "write the signing config to this file"),
        Flag("rekor", ARRAY, (), _SPEC.format("transparency log")),
        text("rekor-config", _SELECTOR.format("transparency logs", "rekor")),
        Flag("tsa", ARRAY, (), _SPEC.format("timestamp authority")),
        text("tsa-config", _SELECTOR.format("timestamp authorities", "tsa")),
        switch("with-default-rekor-v2", "as --with-default-services, with the TUF repository's Rekor v2"),
        switch("with-default-services", "start from the signing config of the TUF repository"),
    ),
    environment=False,
    examples="""  pycosign signing-config create --out signing_config.json \\
      --fulcio "url=https://fulcio.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=example" \\
      --rekor "url=https://log.example,api-version=2,start-time=2026-01-01T00:00:00Z,operator=example" \\
      --rekor-config ANY

  # a key signs, and nothing is logged
  pycosign signing-config create --out offline.json""",
    exclusive=(("base-config", "with-default-services"), ("base-config", "with-default-rekor-v2")),
)


def run(args: "Values", context: "Context") -> None:
    """Put the services together and write them."""
    from pycosign.cli.created import put_document
    from pycosign.flows.signing_config_create import GivenServices, check_given, create_signing_config

    given = GivenServices(
        fulcio=args.items("fulcio"),
        oidc=args.items("oidc-provider"),
        rekor=args.items("rekor"),
        tsa=args.items("tsa"),
        rekor_config=args.text("rekor-config"),
        tsa_config=args.text("tsa-config"),
        without=frozenset(name for name in ("fulcio", "oidc", "rekor", "tsa") if args.switch(f"no-default-{name}")),
    )
    check_given(given)
    base = _base(args, context)
    put_document(create_signing_config(given, base=base, replace=bool(args.text("base-config"))), args, context)


def _base(args: "Values", context: "Context") -> "SigningConfig | None":
    from pycosign.flows.service_specs import prefixed

    if args.text("base-config"):
        from pycosign.cli.created import read_part
        from pycosign.wire.signing_config import parse_signing_config

        path = args.text("base-config")
        with prefixed(f"loading base config from {path}"):
            return parse_signing_config(read_part(path), what=path)
    if not (args.switch("with-default-services") or args.switch("with-default-rekor-v2")):
        return None
    from pycosign.ambient import utc_now
    from pycosign.instances.trust import SIGNING_CONFIG, SIGNING_CONFIG_REKOR_V2, TrustSource, load_signing_config

    name = SIGNING_CONFIG_REKOR_V2 if args.switch("with-default-rekor-v2") else SIGNING_CONFIG
    source = TrustSource(context.environ, utc_now(), context.http)
    config, document = load_signing_config(source, name=name)
    for warning in document.warnings:
        context.warn(warning)
    return config
