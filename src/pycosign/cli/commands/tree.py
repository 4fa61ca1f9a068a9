"""`pycosign tree`."""

from pycosign.cli.flag import switch
from pycosign.cli.groups import REFERRERS_MODE, REGISTRY, UNSUPPORTED_REGISTRY
from pycosign.cli.table import Command, exactly

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Show what is stored beside an image: signatures, attestations, SBOMs and other referrers.",
    (
        *REGISTRY,
        REFERRERS_MODE,
        switch(
            "experimental-oci11",
            "show OCI 1.1 referrers",
            default=True,
            deprecated="OCI referrers will be the default behavior in future versions",
        ),
    ),
    check_arguments=exactly(1),
    examples="  pycosign tree IMAGE",
    unsupported=UNSUPPORTED_REGISTRY | {"registry-referrers-mode=oci-1-1"},
)

_TITLES = {
    "attestations": "\U0001f4be Attestations for an image tag",
    "signatures": "\U0001f510 Signatures for an image tag",
    "sboms": "\U0001f4e6 SBOMs for an image tag",
}


def run(args: "Values", context: "Context") -> None:
    """Print the tree. Cosign's order of groups is random; here it is always the same.

    What a group is called is the word of whoever pushed it: it stays on its line, and steers no terminal.
    """
    from pycosign.cli.context import on_one_line
    from pycosign.cli.images import open_registry, signature_repository
    from pycosign.flows.tree import image_tree

    word = args.words[0]
    context.put(f"\U0001f4e6 Supply Chain Security Related artifacts for an image: {word}\n")
    tree = image_tree(
        word,
        registry=open_registry(args, context),
        repository=signature_repository(context),
        tag_prefix=args.text("attachment-tag-prefix"),
        referrers=args.switch("experimental-oci11"),
    )
    for warning in tree.warnings:
        context.say(on_one_line(warning))
    if not tree.groups:
        context.put(f"No Supply Chain Security Related Artifacts found for image {word},\n")
        context.put(" start creating one with simply running$ cosign sign <img>")
    for group in tree.groups:
        label = on_one_line(group.label)
        title = _TITLES.get(group.kind) or f"\U0001f517 {label} artifacts via OCI referrer"
        context.put(f"\u2514\u2500\u2500 {title}: {group.place}\n")
        for at, layer in enumerate(group.layers, 1):
            branch = "\u2514" if at == len(group.layers) else "\u251c"
            context.put(f"   {branch}\u2500\u2500 \U0001f352 {layer}\n")
