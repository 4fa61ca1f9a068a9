"""`pycosign instance add`."""

from pycosign.cli.flag import text
from pycosign.cli.table import Command, exactly

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    """Give a name to a Sigstore: whom to believe, and who signs. It is read and checked before the name is kept.

It is one of these: a TUF repository (--mirror, with its --root), a running stack (--stack), a file with a client trust
config (--trust-config), or a trusted root and perhaps a signing config (--trusted-root, --signing-config). Files stay
where they are, and are read at every use.""",
    (
        text("mirror", "the TUF repository: a base URL", own=True),
        text("oidc-client-id", "OIDC client ID to log in with", own=True),
        text("oidc-issuer", "OIDC issuer to log in at, in place of the signing config's", own=True),
        text("root", "the repository's first root: a file, or with --root-checksum a URL", own=True),
        text("root-checksum", "SHA-256 of --root in hex, or sha512:HEX", own=True),
        text("signing-config", "file that names the services to sign with; needs --trusted-root", own=True),
        text("stack", "data directory of a running `pycosign stack up`", own=True),
        text("trust-config", "file that holds both: a client trust config", own=True),
        text("trusted-root", "file with the trust root", own=True),
    ),
    usage="NAME [flags]",
    check_arguments=exactly(1),
    examples="""  pycosign instance add corp --mirror https://tuf.corp.example --root root.json --root-checksum SHA256
  pycosign instance add local --stack ./sigstore
  pycosign instance add lab --trusted-root trusted_root.json --signing-config signing_config.json""",
)
_SOURCES = ("mirror", "stack", "trust-config", "trusted-root")
_COMPANIONS = {"root": "mirror", "root-checksum": "root", "signing-config": "trusted-root"}


def run(args: "Values", context: "Context") -> None:
    """Read what the flags name, check it, then keep the name."""
    import os

    from pycosign.cli.service_url import service_url
    from pycosign.instances.named import Instance, check_name
    from pycosign.instances.named_changes import add_instance, stack_instance

    name = args.words[0]
    check_name(name)
    source = _one_source(args)
    service_url(args, "oidc-issuer")  # what cannot be asked is not remembered
    if source == "mirror":
        _add_repository(args, context)
    else:
        if source == "stack":
            instance = stack_instance(name, args.text("stack"))
        elif source == "trust-config":
            instance = Instance(name, "trust-config", trust_config=os.path.abspath(args.text("trust-config")))
        else:
            given = {"trusted_root.json": "trusted-root", "signing_config.v0.2.json": "signing-config"}
            paths = {target: os.path.abspath(args.text(flag)) for target, flag in given.items() if args.text(flag)}
            instance = Instance(name, "files", paths=paths)
        add_instance(
            instance._replace(oidc_issuer=args.text("oidc-issuer"), oidc_client_id=args.text("oidc-client-id")),
            context.environ,
        )
    context.say(f"Added the instance {name}. `pycosign instance use {name}` makes it the one that is meant.")


def _one_source(args: "Values") -> str:
    from pycosign.errors import UsageError

    given = [source for source in _SOURCES if args.text(source)]
    if len(given) != 1:
        raise UsageError(
            "exactly one of --mirror, --stack, --trust-config and --trusted-root says what the instance is; "
            f"{len(given)} were given"
        )
    for flag, companion in _COMPANIONS.items():
        if args.text(flag) and not args.text(companion):
            raise UsageError(f"--{flag} belongs to --{companion}, which is not set")
    return given[0]


def _add_repository(args: "Values", context: "Context") -> None:
    from pycosign.ambient import utc_now
    from pycosign.errors import UsageError
    from pycosign.instances.initialize import read_root
    from pycosign.instances.named import Instance
    from pycosign.instances.named_changes import add_repository
    from pycosign.instances.tuf_cache import CacheLocation

    root, checksum = args.text("root"), args.text("root-checksum")
    if root.startswith(("http://", "https://")) and not checksum:
        raise UsageError(
            "--root is a URL and needs --root-checksum: else whoever answers for it decides who is trusted"
        )
    instance = Instance(
        args.words[0],
        "tuf",
        location=CacheLocation("", args.text("mirror").rstrip("/")),
        oidc_issuer=args.text("oidc-issuer"),
        oidc_client_id=args.text("oidc-client-id"),
    )
    content = read_root(root, checksum=checksum, http=context.http()) if root else None
    add_repository(instance, root=content, environ=context.environ, http=context.http(), now=utc_now())
