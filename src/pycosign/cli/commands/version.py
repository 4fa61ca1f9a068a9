"""`pycosign version`: the banner, or the same facts as JSON with Cosign's names."""

import sys

from pycosign._version import __version__
from pycosign.cli.flag import switch
from pycosign.cli.table import Command

TYPE_CHECKING = False  # `typing` costs as much as a third of this command
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Print the version",
    (switch("json", "print JSON instead of text"),),
    environment=False,
)


def run(args: "Values", context: "Context") -> None:
    """Print the version. Cosign's member names are kept, `goVersion` too: scripts read them."""
    facts = _facts()
    if args.switch("json"):
        import json

        context.put(json.dumps({name: value for name, _, value in facts}, indent=2) + "\n")
        return
    context.put("pycosign: sign, verify and store signatures of container images and files\n\n")
    context.put("".join(f"{label + ':':<15}{value}\n" for _, label, value in facts) + "\n")


def _facts() -> list[tuple[str, str, str]]:
    """(member of the JSON, label of the text, value)."""
    implementation = sys.implementation
    python = ".".join(str(part) for part in sys.version_info[:3])
    machine = getattr(implementation, "_multiarch", "") or sys.platform
    return [
        ("gitVersion", "GitVersion", f"v{__version__}"),
        ("gitCommit", "GitCommit", "unknown"),
        ("gitTreeState", "GitTreeState", "unknown"),
        ("buildDate", "BuildDate", "unknown"),
        ("goVersion", "PythonVersion", f"python{python}"),
        ("compiler", "Compiler", implementation.name),
        ("platform", "Platform", machine),
    ]
