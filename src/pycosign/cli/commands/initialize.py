"""`pycosign initialize`."""

from pycosign.cli.flag import switch, text
from pycosign.cli.table import Command

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

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

_STAGING_MIRROR = "https://tuf-repo-cdn.sigstage.dev"


def run(args: "Values", context: "Context") -> None:
    """Fetch everything, then replace what was cached; what failed leaves the old cache as it was."""
    from pycosign.ambient import utc_now
    from pycosign.errors import UsageError
    from pycosign.instances.initialize import initialize, read_root

    mirror = args.text("mirror")
    if args.switch("staging"):
        if args.given("mirror") or args.text("root"):
            raise UsageError("--staging names its own mirror and root: --mirror and --root cannot be set with it")
        mirror = _STAGING_MIRROR
    if args.text("root-checksum") and not args.text("root"):
        raise UsageError("--root-checksum is for --root, which is not set")
    root = None
    if args.text("root"):
        if args.text("root").startswith(("http://", "https://")) and not args.text("root-checksum"):
            context.warn(
                "--root is a URL and there is no --root-checksum: whoever answers for it decides what is trusted"
            )
        root = read_root(args.text("root"), checksum=args.text("root-checksum"), http=context.http())
    done = initialize(mirror=mirror, root=root, environ=context.environ, http=context.http(), now=utc_now())
    for warning in done.warnings:
        context.warn(warning)
    context.say(
        f"Trust of {done.mirror} is kept in {done.directory}: "
        f"root version {done.root_version}, {', '.join(done.targets)}"
    )
