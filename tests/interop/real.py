"""`make interop-real REAL=DIR/real.json`: pycosign as the client of the real services (the Go originals).

`real.json` names them: fulcio, rekor, rekor_v2, tsa, oidc (its /token answers a token), tuf, tuf_root, registry,
trusted_root, signing_config (Rekor v2 and TSA), signing_config_v1. What pycosign signs there is verified by pycosign,
both Cosigns and sigstore-python, and what they sign there by pycosign.
"""

import itertools
import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.interop.__main__ import cosigns, play, python_rows
from tests.interop.environment import Home
from tests.interop.matrix import Row, Stage, blob_row, image_row, initialize_row
from tests.interop.tools import Services, our_tool

_DSSE_IN_REKOR_V2 = "cosign 2.6.4 sends an image's statement as a `dsse` entry, and rekor-tiles takes none since 2.3.0"


def _services(path: Path) -> Services:
    real = json.loads(path.read_text())
    return Services(
        fulcio=real["fulcio"],
        rekor=real["rekor"],
        oidc=real["oidc"],
        trusted_root=real["trusted_root"],
        signing_config_v2=real["signing_config"],
        signing_config_v1=real["signing_config_v1"],
        tuf=real["tuf"],
        tuf_root=real["tuf_root"],
    )


def _rows(stage: Stage) -> Iterator[Row]:
    yield Row("r", "pycosign initialize against the real TUF repository", partial(initialize_row, stage.ours))
    for peer in stage.peers:
        yield Row("r", f"{peer.name} initialize, for its legacy verification", partial(initialize_row, peer))
    pairs = [(stage.ours, verifier) for verifier in (stage.ours, *stage.peers)]
    pairs += [(signer, stage.ours) for signer in stage.peers]
    for (signer, verifier), form in itertools.product(pairs, ("v2", "v1", "legacy")):
        if not (signer.is_cosign2 and form == "v2"):  # _DSSE_IN_REKOR_V2
            yield Row(
                "r",
                f"{signer.name} signs an image with the real services ({form}, keyless), {verifier.name} verifies",
                partial(image_row, stage, signer, verifier, "the real stack's registry", form, "keyless"),
            )
        yield Row(
            "r",
            f"{signer.name} signs a file with the real services ({form}, keyless), {verifier.name} verifies",
            partial(blob_row, stage, signer, verifier, form, "keyless"),
        )


def _email(token: str) -> str:
    import jwt

    return str(jwt.decode(token, options={"verify_signature": False})["email"])


def main(arguments: list[str]) -> int:
    """Run the table against the services that `arguments[0]` names."""
    if len(arguments) != 1:
        print("usage: make interop-real REAL=DIR/real.json")
        return 2
    path = Path(arguments[0])
    services = _services(path)
    registry = json.loads(path.read_text())["registry"]

    def token() -> str:
        with urllib.request.urlopen(f"{services.oidc}/token", timeout=10) as answer:
            return str(answer.read().decode().strip())

    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        peer_tools, missing = cosigns(work, services)
        ours = our_tool(Home(work / "home-pycosign"), services)
        (work / "files").mkdir()
        registries = {"the real stack's registry": registry}
        stage = Stage(
            ours, peer_tools, registries, work / "key", work / "other", token, work / "files", _email(token())
        )
        passed, failed = play(itertools.chain(_rows(stage), python_rows(stage, work, missing)))
    if any(peer.is_cosign2 for peer in peer_tools):
        missing.append(_DSSE_IN_REKOR_V2)
    for reason in missing:
        print(f"SKIPPED: {reason}")
    print(f"{passed} passed, {failed} failed, {len(missing)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
