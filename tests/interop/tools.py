"""The three commands under test, each told in its own words how to sign and verify on one stack."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.interop.environment import Home, Result, pycosign

EMAIL = "interop@example.com"
WRONG_EMAIL = "mallory@example.com"


class Services(NamedTuple):
    """Where one Sigstore is: URLs, and the files that trust it."""

    fulcio: str
    rekor: str
    oidc: str
    trusted_root: str
    signing_config_v2: str  # Rekor v2 and the TSA
    signing_config_v1: str  # Rekor v1
    tuf: str
    tuf_root: str


class Tool(NamedTuple):
    """One command line: ours, Cosign 3 or Cosign 2."""

    name: str
    command: Sequence[str | Path]
    home: Home
    services: Services

    @property
    def is_cosign2(self) -> bool:
        return self.name == "cosign 2.6.4"

    def run(self, *words: str) -> Result:
        """Run with these arguments."""
        return self.home.run([*self.command, *words])

    def initialize(self) -> Result:
        """Make this home trust the stack's TUF repository."""
        return self.run("initialize", "--mirror", self.services.tuf, "--root", self.services.tuf_root)

    # ---- how to sign -------------------------------------------------------------------------------------------
    def bundle_flags(self, log: str) -> list[str]:
        """Signing into a v0.3 bundle, with the entry in Rekor `log` ("v1" or "v2")."""
        config = self.services.signing_config_v2 if log == "v2" else self.services.signing_config_v1
        flags = ["--signing-config", config, "--trusted-root", self.services.trusted_root]
        return [*flags, "--new-bundle-format"] if self.is_cosign2 else flags

    def legacy_flags(self, *, key: bool) -> list[str]:
        """Signing as Cosign 2 did: signature tags, the old JSON bundle, Rekor v1."""
        flags = ["--rekor-url", self.services.rekor]
        if not key:
            flags += ["--fulcio-url", self.services.fulcio, "--oidc-issuer", self.services.oidc]
        if not self.is_cosign2:
            flags += ["--use-signing-config=false", "--new-bundle-format=false"]
        return flags

    def identity_flags(self, token: str) -> list[str]:
        """Signing keyless."""
        return ["--identity-token", token]

    # ---- how to verify -----------------------------------------------------------------------------------------
    def verify_bundle_flags(self, log: str) -> list[str]:
        """Verifying bundles."""
        flags = ["--trusted-root", self.services.trusted_root]
        if self.is_cosign2:
            flags.append("--new-bundle-format")
            if log == "v2":
                flags.append("--use-signed-timestamps")
        return flags

    def verify_legacy_flags(self) -> list[str]:
        """Verifying signature tags and old JSON bundles: trust comes from the initialised TUF cache."""
        return [] if self.is_cosign2 else ["--new-bundle-format=false"]

    def who(self, email: str) -> list[str]:
        """The demanded identity."""
        return ["--certificate-identity", email, "--certificate-oidc-issuer", self.services.oidc]


def our_tool(home: Home, services: Services) -> Tool:
    """pycosign itself."""
    return Tool("pycosign", pycosign(), home, services)
