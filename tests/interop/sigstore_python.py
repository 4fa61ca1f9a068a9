"""The rows of sigstore-python: it signs for us, and we sign for it, with one client trust config."""

import itertools
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.interop.environment import Home
from tests.interop.matrix import Row, Stage, accepts, refuses
from tests.interop.tools import WRONG_EMAIL, Services

_names = itertools.count()


class SigstorePython:
    """The `sigstore` command with the trust configuration of one stack."""

    name = "sigstore-python"

    def __init__(self, command: Path, home: Home, services: Services) -> None:
        self.command, self.home, self.services = command, home, services
        self.trust_configs = {
            "v2": self._trust_config("v2", services.signing_config_v2),
            "v1": self._trust_config("v1", services.signing_config_v1),
        }

    def _trust_config(self, log: str, signing_config: str) -> Path:
        path = self.home.directory / f"client_trust_config_{log}.json"
        document = {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": json.loads(Path(self.services.trusted_root).read_text()),
            "signingConfig": json.loads(Path(signing_config).read_text()),
        }
        path.write_text(json.dumps(document))
        return path

    def sign(self, log: str, token: str, bundle: Path, artifact: Path) -> list[str | Path]:
        """The command line that signs."""
        start: list[str | Path] = [
            self.command,
            "--trust-config",
            self.trust_configs[log],
            "sign",
            "--identity-token",
            token,
        ]
        return [*start, "--bundle", bundle, artifact]

    def verify(self, log: str, email: str, bundle: Path, artifact: Path) -> list[str | Path]:
        """The command line that verifies."""
        start: list[str | Path] = [self.command, "--trust-config", self.trust_configs[log], "verify", "identity"]
        who = ["--cert-identity", email, "--cert-oidc-issuer", self.services.oidc]
        return [*start, *who, "--bundle", bundle, artifact]


def _they_sign(stage: Stage, peer: SigstorePython, log: str) -> None:
    artifact = stage.files / f"python{next(_names)}"
    artifact.write_bytes(b"signed by sigstore-python")
    bundle = artifact.with_suffix(".bundle")
    accepts(peer.home.run(peer.sign(log, stage.token(), bundle, artifact)), peer.name)
    words = ["verify-blob", *stage.ours.verify_bundle_flags(log), "--bundle", str(bundle)]
    accepts(stage.ours.run(*words, *stage.ours.who(stage.email), str(artifact)), stage.ours.name)
    refuses(stage.ours.run(*words, *stage.ours.who(WRONG_EMAIL), str(artifact)), stage.ours.name)


def _we_sign(stage: Stage, peer: SigstorePython, log: str) -> None:
    artifact = stage.files / f"python{next(_names)}"
    artifact.write_bytes(b"signed by pycosign")
    bundle = artifact.with_suffix(".bundle")
    flags = [*stage.ours.bundle_flags(log), *stage.ours.identity_flags(stage.token())]
    accepts(stage.ours.run("sign-blob", "--yes", *flags, "--bundle", str(bundle), str(artifact)), stage.ours.name)
    accepts(peer.home.run(peer.verify(log, stage.email, bundle, artifact)), peer.name)
    refuses(peer.home.run(peer.verify(log, WRONG_EMAIL, bundle, artifact)), peer.name)


def rows(stage: Stage, peer: SigstorePython) -> Iterator[Row]:
    """Both directions, with both logs."""
    for log in ("v2", "v1"):
        yield Row("e", f"{peer.name} signs a file ({log}), pycosign verifies", partial(_they_sign, stage, peer, log))
        yield Row("e", f"pycosign signs a file ({log}), {peer.name} verifies", partial(_we_sign, stage, peer, log))
