"""`verify-blob` and keyless `sign-blob` as whole processes, beside the peers that are installed."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.interop import peers
from tests.interop.environment import our_stack

from bench import peers as verifiers
from bench.process import OURS, Usage, environment, in_turn, plain_install, program, table

_EMAIL = "bench@example.com"
_TARGETS = (("cosign 3.1.2", 1.5, "at most"), ("sigstore-python", 8.0, "at least"))


def _bare(python: Path) -> list[str]:
    return [str(python), "-I", "-c", "pass"]


def verify_blob() -> None:
    """One v0.3 bundle made keyless on our stack (Rekor v1 and v2), verified offline with a trusted root file."""
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        artifact = work / "artifact"
        artifact.write_bytes(b"hello\n")
        installed = plain_install(work / "venv")
        with our_stack(work / "stack", "--ports", "auto") as stack:
            for log, config in (("v1", "signing_config_rekor_v1"), ("v2", "signing_config")):
                bundle = work / f"{log}.json"
                trust = stack.info["trusted_root"]
                sign = [*program(), "sign-blob", "--yes", "--signing-config", stack.info[config]]
                sign += ["--trusted-root", trust, "--identity-token", stack.token(_EMAIL), "--bundle", str(bundle)]
                in_turn({"sign": [*sign, str(artifact)]}, environment(directory), rounds=1)
                who = ["--certificate-identity", _EMAIL, "--certificate-oidc-issuer", stack.info["oidc"]]
                words = ["verify-blob", "--bundle", str(bundle), "--trusted-root", trust, *who, str(artifact)]
                commands = {"bare python": _bare(installed.with_name("python")), OURS: [str(installed), *words]}
                if (cosign := peers.find("cosign3")) is not None:
                    commands["cosign 3.1.2"] = [str(cosign), *words]
                if (js := verifiers.sigstore_js()) is not None:
                    commands["@sigstore/verify"] = [*js, str(bundle), trust, str(artifact), _EMAIL, stack.info["oidc"]]
                if (python := peers.cache() / "sigstore-python" / "bin" / "sigstore").exists():
                    config_file = work / f"trust-{log}.json"
                    config_file.write_text(_trust_config(Path(trust), Path(stack.info[config])))
                    start = [str(python), "--trust-config", str(config_file), "verify", "identity", "--offline"]
                    identity = ["--cert-identity", _EMAIL, "--cert-oidc-issuer", stack.info["oidc"]]
                    commands["sigstore-python"] = [*start, *identity, "--bundle", str(bundle), str(artifact)]
                usages = in_turn(commands, environment(directory), rounds=15)
                names = {"v1": "v0.3 with Rekor v1", "v2": "Rekor v2 and TSA"}
                table(f"verify-blob, offline, keyless, {names[log]}, whole process", usages, "bare python", target="")
                _ratios(usages)


def _ratios(usages: Mapping[str, Usage]) -> None:
    """Our command against each peer's, and whether that is as we want it."""
    ours = usages[OURS]
    for name, limit, bound in _TARGETS:
        if name not in usages:
            continue
        ratio = ours.wall / usages[name].wall if bound == "at most" else usages[name].wall / ours.wall
        is_met = ratio <= limit if bound == "at most" else ratio >= limit
        what = f"{ratio:.2f}x {name}" if bound == "at most" else f"{ratio:.1f} times as fast as {name}"
        print(f"  pycosign: {what} (target: {bound} {limit:g}: {_verdict(is_met)})")
    if "@sigstore/verify" in usages:
        times = usages["@sigstore/verify"].wall / ours.wall
        print(f"  pycosign: {times:.1f} times as fast as a script on @sigstore/verify")


def import_time() -> None:
    """`import pycosign` over bare Python, and with the parts that verify (target: under 60 ms over bare Python)."""
    with tempfile.TemporaryDirectory() as directory:
        python = str(plain_install(Path(directory) / "venv").with_name("python"))
        code = {"bare python": "pass", "import pycosign": "import pycosign"}
        code["... and what verifies a file"] = "import pycosign.flows.verify_blob, pycosign.instances.trust"
        usages = in_turn({name: [python, "-I", "-c", text] for name, text in code.items()}, environment(directory))
        table("import pycosign", usages, "bare python", target="")
        over = (usages["import pycosign"].wall - usages["bare python"].wall) * 1000
        print(f"  import pycosign takes {over:.1f} ms more than Python alone (target: under 60: {_verdict(over < 60)})")


def _verdict(is_met: bool) -> str:
    return "PASS" if is_met else "over target"


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
                commands = {"bare python": _bare(Path(sys.executable)), OURS: [*program(), *words]}
                if (cosign := peers.find("cosign3")) is not None:
                    commands["cosign 3.1.2"] = [str(cosign), *words]
                usages = in_turn(commands, environment(directory))
                title = f"sign-blob, keyless, Rekor {log}, whole process"
                table(title, usages, "bare python", target="500 ms")
