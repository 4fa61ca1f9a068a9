"""The commands by name, and where each lives. Light: listing them imports none of them.

A command of Cosign's that is not here yet is a row without a module: it is refused by name.
"""

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ROOT", "Node", "suggestions"]


class Node:
    """A name on the command line: a command (`module`), a group (`children`), or not supported yet (neither)."""

    __slots__ = ("children", "hidden", "module", "name", "summary")

    def __init__(
        self,
        name: str,
        summary: str = "",
        module: str = "",
        *,
        children: "Iterable[Node]" = (),
        hidden: bool = False,
    ) -> None:
        self.name, self.summary = name, summary
        self.module = f"pycosign.cli.commands.{module}" if module else ""
        self.children = {child.name: child for child in children}
        self.hidden = hidden  # works, and is in no list

    @property
    def listed(self) -> bool:
        """In the help of the group above."""
        return not self.hidden and bool(self.module or self.children)


def _not_yet(*names: str) -> "tuple[Node, ...]":
    return tuple(Node(name, hidden=True) for name in names)


ROOT = Node(
    "pycosign",
    "Sign, verify and store signatures of container images and files, and run a private Sigstore",
    children=(
        *_not_yet("attach", "attest", "attest-blob"),
        Node(
            "bundle",
            "Look at Sigstore bundles, and make them of older material",
            children=(
                Node("create", "Make a bundle of older material", "bundle_create"),
                Node("inspect", "Show what is in a bundle, unchecked", "bundle_inspect"),
                Node("upgrade", "Make an older bundle into one of version 0.3", "bundle_upgrade"),
            ),
        ),
        *_not_yet("clean"),
        Node("completion", "Print a completion script for a shell", "completion"),
        *_not_yet("copy", "debug"),
        Node("demo", "Show signing, verifying and refusing, on a private Sigstore of its own", "demo"),
        *_not_yet("dockerfile"),
        Node(
            "download",
            "Print what is stored beside an image",
            children=(
                *_not_yet("attestation", "sbom"),
                Node("signature", "Print the signatures of an image", "download_signature"),
            ),
        ),
        *_not_yet("env"),
        Node("explain", "Tell the story of a signature: what it claims, what holds, and what to do next", "explain"),
        *_not_yet("generate", "generate-fig-spec"),
        Node("generate-key-pair", "Make a key pair", "generate_key_pair"),
        Node("help", "Show the help of a command", "help"),
        Node("import-key-pair", "Encrypt an existing private key in Cosign's format", "import_key_pair"),
        Node("initialize", "Fetch and keep the trust root of a Sigstore", "initialize"),
        Node(
            "instance",
            "Name the Sigstores that you use: whom to believe, and who signs",
            children=(
                Node("add", "Give a name to a Sigstore", "instance_add"),
                Node("list", "List the named Sigstores", "instance_list"),
                Node("remove", "Forget a named Sigstore", "instance_remove"),
                Node("show", "Show where trust comes from, how old it is, and the services", "instance_show"),
                Node("use", "Choose the Sigstore that is meant when none is said", "instance_use"),
            ),
        ),
        *_not_yet("load", "login", "manifest", "piv-tool", "pkcs11-tool"),
        Node("public-key", "Print the public key of a key", "public_key"),
        *_not_yet("save"),
        Node("sign", "Sign container images", "sign"),
        Node("sign-blob", "Sign files", "sign_blob"),
        Node(
            "signing-config",
            "Make signing configs: which services sign",
            children=(Node("create", "Write a signing config", "signing_config_create"),),
        ),
        Node(
            "stack",
            "Run a private Sigstore: all its services in one process",
            children=(
                Node("env", "Print the shell variables that make clients use the stack", "stack_env"),
                Node("status", "Tell whether every service of the stack answers", "stack_status"),
                Node("token", "Print an identity token of the stack's issuer", "stack_token"),
                Node("up", "Start the stack and run it until interrupted", "stack_up"),
            ),
        ),
        Node("tree", "Show what is stored beside an image", "tree"),
        Node("triangulate", "Print where Cosign stores an artifact of an image", "triangulate", hidden=True),
        Node(
            "trusted-root",
            "Make trusted roots: which services to believe",
            children=(Node("create", "Write a trusted root", "trusted_root_create"),),
        ),
        *_not_yet("upload"),
        Node("verify", "Verify the signatures of container images", "verify"),
        *_not_yet("verify-attestation"),
        Node("verify-blob", "Verify the signature of a file", "verify_blob"),
        Node("verify-blob-attestation", "Verify an attestation about a file", "verify_blob_attestation"),
        Node("version", "Print the version", "version"),
    ),
)


def suggestions(typed: str, group: Node) -> list[str]:
    """Names in the group that look like what was typed: two edits away, or beginning with it."""
    word = typed.lower()
    return [
        name
        for name, node in group.children.items()
        if node.listed and (name.startswith(word) or _distance(word, name) <= 2)
    ]


def _distance(a: str, b: str) -> int:
    """The Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]
