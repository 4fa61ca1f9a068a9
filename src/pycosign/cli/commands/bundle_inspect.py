"""`pycosign bundle inspect`."""

from pycosign.cli.flag import text
from pycosign.cli.table import Command, exactly

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.flows.service_names import ServiceNames

__all__ = ["run"]

COMMAND = Command(
    """Show what is in a bundle: who claims to have signed what, and which log entries and timestamps are with it.

Nothing is checked and nobody is asked. --output text and json tell it in words and as data.""",
    (text("output", "form of what is printed", default="tree", choices=("json", "text", "tree"), own=True),),
    usage="BUNDLE [flags]",
    check_arguments=exactly(1),
    environment=False,
)


def run(args: "Values", context: "Context") -> None:
    """Print the tree that Cosign prints, or the description."""
    from pycosign.errors import MalformedError, UsageError

    output = args.text("output")
    context.warn("This command only inspects the contents of the bundle.")
    context.say("It does not perform cryptographic verification or verify log inclusion.")
    context.say("")
    names = _names(context)
    from pycosign.wire.loose_bundle import parse_loose_bundle

    data = _read(args.words[0])
    try:
        bundle = parse_loose_bundle(data)
    except MalformedError as exc:
        raise UsageError(f"unmarshaling bundle: {exc}", hint=_hint(data)) from exc
    if output == "tree":
        from pycosign.cli.context import on_one_line
        from pycosign.flows.bundle_tree import bundle_tree

        tree = bundle_tree(bundle, names)
        context.put("".join(f"{on_one_line(line)}\n" for line in tree.lines()))
        return
    from pycosign.flows.describe_bundle import describe_bundle

    described = describe_bundle(bundle, names)
    if output == "json":
        import json

        context.put(json.dumps({"schema": 1, **described}) + "\n")
    else:
        from pycosign.cli.bundle_text import bundle_lines

        context.put("".join(f"{line}\n" for line in bundle_lines(described)))


def _hint(data: bytes) -> str | None:
    """What to do with a file of signatures that is no bundle; None: it holds none."""
    if b'"base64Signature"' in data:
        return "`pycosign bundle create --bundle` makes a Sigstore bundle of Cosign's own JSON"
    if b'"dsseEnvelope"' in data or b'"messageSignature"' in data or b'"attestations"' in data:
        return "a bundle stands alone in its file: `pycosign explain FILE` looks into lines and lists of them"
    return None


def _names(context: "Context") -> "ServiceNames":
    """URLs for ids: of the trust root that is cached or built in. Without one there are none."""
    from pycosign.ambient import utc_now
    from pycosign.errors import SigningError
    from pycosign.flows.service_names import ServiceNames, names_from
    from pycosign.instances.named import resolve_instance
    from pycosign.instances.trust import TrustSource, load_trust

    try:
        instance = resolve_instance(context.environ.get("PYCOSIGN_INSTANCE") or None, context.environ)
        return names_from(load_trust(TrustSource(context.environ, utc_now(), instance=instance)).root)
    except SigningError as exc:
        context.say(f"Local TUF environment not initialized, some details will be omitted: {exc}")
        return ServiceNames()


def _read(path: str) -> bytes:
    from pycosign.cli.created import read_part
    from pycosign.flows.service_specs import prefixed

    with prefixed("opening bundle file"):
        return read_part(path)
