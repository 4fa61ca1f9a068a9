"""From the CLI protocol of sigstore-conformance (its docs/cli_protocol.md) to pycosign's command line.

Two variables of ours: CONFORMANCE_ATTESTATIONS=1 verifies with `verify-blob-attestation` in place of `verify-blob`;
CONFORMANCE_REPORT=FILE notes of each call how it ended, one JSON object a line.
"""

import binascii
import io
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pycosign.cli.commands import sign_blob
from pycosign.cli.context import Context
from pycosign.cli.main import main as pycosign
from pycosign.cli.parser import parse
from pycosign.cli.table import ROOT_FLAGS
from pycosign.errors import SigningError
from pycosign.instances.embedded import STAGING_MIRROR

_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_SWITCHES = ("--staging", "--in-toto")
_ALSO_OURS = ("--certificate-identity", "--certificate-oidc-issuer", "--key", "--trusted-root", "--signing-config")


class Request(NamedTuple):
    """One call of the suite's."""

    command: str  # "sign-bundle" or "verify-bundle"
    flags: Mapping[str, str]  # "--bundle" -> its value; a switch has ""
    artifact: str  # a path, or "sha256:HEX"

    @property
    def also_ours(self) -> list[str]:
        """The flags that pycosign has under the same name."""
        return [word for name in _ALSO_OURS if name in self.flags for word in (name, self.flags[name])]

    @property
    def is_digest(self) -> bool:
        """Of the right form, and not a file."""
        return _DIGEST.fullmatch(self.artifact) is not None and not os.path.exists(self.artifact)


def read_request(words: Sequence[str]) -> Request:
    """The suite's words. Raises ValueError: not the protocol's."""
    command, *rest = words
    flags: dict[str, str] = {}
    names = iter(rest[:-1])
    for name in names:
        flags[name] = "" if name in _SWITCHES else next(names, "")
    unknown = flags.keys() - {*_SWITCHES, *_ALSO_OURS, "--bundle", "--identity-token"}
    if command not in ("sign-bundle", "verify-bundle") or unknown or not flags.get("--bundle"):
        raise ValueError(f"not the suite's protocol: {' '.join(words)}")
    return Request(command, flags, rest[-1])


def command_line(request: Request, *, as_attestation: bool = False) -> list[str]:
    """What pycosign is called with. `--in-toto` has no command yet: see `sign_statement`."""
    flags = ["--bundle", request.flags["--bundle"], *request.also_ours]
    if request.command == "sign-bundle":
        return ["sign-blob", "--yes", "--identity-token", request.flags["--identity-token"], *flags, request.artifact]
    if not as_attestation:
        return ["verify-blob", *flags, request.artifact]
    words = ["verify-blob-attestation", *flags, "--type", _predicate_type(Path(request.flags["--bundle"]))]
    if request.is_digest:
        algorithm, _, digest = request.artifact.partition(":")
        return [*words, "--digest", digest, "--digestAlg", algorithm]
    return [*words, request.artifact]


def _predicate_type(bundle: Path) -> str:
    """What the bundle says that it is, read carelessly: verification decides."""
    payload = json.loads(bundle.read_bytes())["dsseEnvelope"]["payload"]
    return str(json.loads(binascii.a2b_base64(payload))["predicateType"])


def sign_statement(request: Request, context: Context) -> None:
    """Sign an in-toto statement as it is, under the flags of `sign-blob`."""
    from pycosign.cli.signing import signing_context
    from pycosign.flows.attest_blob import attest_statement

    args = parse(command_line(request)[1:], (*sign_blob.COMMAND.flags, *ROOT_FLAGS))
    bundle = attest_statement(Path(request.artifact).read_bytes(), context=signing_context(args, context))
    Path(request.flags["--bundle"]).write_bytes(bundle)


def _environment(request: Request) -> dict[str, str]:
    if "--staging" not in request.flags:
        return dict(os.environ)
    return {**os.environ, "TUF_MIRROR": STAGING_MIRROR}


def main(words: list[str]) -> int:
    """One call; the exit status is pycosign's."""
    request = read_request(words)
    said = io.StringIO()
    context = Context(_environment(request), stderr=said, owns_process=True)
    try:
        if "--in-toto" in request.flags:
            sign_statement(request, context)
            status = 0
        else:
            as_attestation = os.environ.get("CONFORMANCE_ATTESTATIONS") == "1"
            status = pycosign(command_line(request, as_attestation=as_attestation), context)
    except SigningError as exc:
        said.write(f"Error: {exc}\ncode: {exc.code}\n")
        status = exc.exit_status
    finally:
        sys.stderr.write(said.getvalue())
    _note(request, status, said.getvalue())
    return status


def _note(request: Request, status: int, said: str) -> None:
    report = os.environ.get("CONFORMANCE_REPORT")
    if not report:
        return
    codes = [line.removeprefix("code: ") for line in said.splitlines() if line.startswith("code: ")]
    line = {"bundle": request.flags["--bundle"], "status": status, "code": codes[-1] if codes else ""}
    with open(report, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
