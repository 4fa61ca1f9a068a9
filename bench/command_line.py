"""`verify-blob` and keyless `sign-blob` as whole processes, beside the peers that are installed."""

import json
import sys
import tempfile
from pathlib import Path

from tests.interop import peers
from tests.interop.environment import our_stack

from bench.process import OURS, environment, in_turn, program, table

_EMAIL = "bench@example.com"
_VERIFY_TARGET = "at most 2.2x cosign, at most 1/6 of sigstore-python"


def _bare() -> list[str]:
    return [sys.executable, "-I", "-c", "pass"]


def verify_blob() -> None:
    """One v0.3 bundle made keyless on our stack (Rekor v1 and v2), verified offline with a trusted root file."""
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        artifact = work / "artifact"
        artifact.write_bytes(b"hello\n")
        with our_stack(work / "stack", "--ports", "auto") as stack:
            for log, config in (("v1", "signing_config_rekor_v1"), ("v2", "signing_config")):
                bundle = work / f"{log}.json"
                trust = stack.info["trusted_root"]
                sign = [*program(), "sign-blob", "--yes", "--signing-config", stack.info[config]]
                sign += ["--trusted-root", trust, "--identity-token", stack.token(_EMAIL), "--bundle", str(bundle)]
                in_turn({"sign": [*sign, str(artifact)]}, environment(directory), rounds=1)
                who = ["--certificate-identity", _EMAIL, "--certificate-oidc-issuer", stack.info["oidc"]]
                words = ["verify-blob", "--bundle", str(bundle), "--trusted-root", trust, *who, str(artifact)]
                commands = {"bare python": _bare(), OURS: [*program(), *words]}
                if (cosign := peers.find("cosign3")) is not None:
                    commands["cosign 3.1.2"] = [str(cosign), *words]
                if (python := peers.cache() / "sigstore-python" / "bin" / "sigstore").exists():
                    config_file = work / f"trust-{log}.json"
                    config_file.write_text(_trust_config(Path(trust), Path(stack.info[config])))
                    start = [str(python), "--trust-config", str(config_file), "verify", "identity", "--offline"]
                    identity = ["--cert-identity", _EMAIL, "--cert-oidc-issuer", stack.info["oidc"]]
                    commands["sigstore-python"] = [*start, *identity, "--bundle", str(bundle), str(artifact)]
                reference = "cosign 3.1.2" if "cosign 3.1.2" in commands else "bare python"
                usages = in_turn(commands, environment(directory))
                title = f"verify-blob, offline, keyless, Rekor {log}, whole process"
                table(title, usages, reference, target=_VERIFY_TARGET)


def _trust_config(trusted_root: Path, signing_config: Path) -> str:
    return json.dumps(
        {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": json.loads(trusted_root.read_text()),
            "signingConfig": json.loads(signing_config.read_text()),
        }
    )


def sign_blob_keyless() -> None:
    """Keyless `sign-blob` against our stack, whole process."""
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        artifact = work / "artifact"
        artifact.write_bytes(b"hello\n")
        with our_stack(work / "stack", "--ports", "auto") as stack:
            for log, config in (("v1", "signing_config_rekor_v1"), ("v2 and TSA", "signing_config")):
                words = ["sign-blob", "--yes", "--signing-config", stack.info[config]]
                words += ["--trusted-root", stack.info["trusted_root"], "--identity-token", stack.token(_EMAIL)]
                words += ["--bundle", str(work / "bundle"), str(artifact)]
                commands = {"bare python": _bare(), OURS: [*program(), *words]}
                if (cosign := peers.find("cosign3")) is not None:
                    commands["cosign 3.1.2"] = [str(cosign), *words]
                usages = in_turn(commands, environment(directory))
                title = f"sign-blob, keyless, Rekor {log}, whole process"
                table(title, usages, "bare python", target="500 ms")
