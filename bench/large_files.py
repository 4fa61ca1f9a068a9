"""Memory to sign and to verify a large sparse file, whole processes (target: under 60 MB, at hashlib's speed).

Keyless on our own stack, in the bundle format (Rekor v2 and a timestamp, read by the trusted root) and in Cosign 2's
(Rekor v1); and with a key without a log. Opening Cosign's encrypted key file takes 64 MiB by itself: its format
prescribes scrypt with N = 65536 and r = 8. That is freed before the file is read, and it is the peak of those rows.
"""

import hashlib
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.interop.environment import Stack, our_stack

from bench.process import environment, program, run_once

SIZE_GB = 4
LARGEST_GB = 10  # verified only
TARGET_MB = 60
_EMAIL = "bench@example.com"
_NO_SERVICES = '{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}'
_SCRYPT = f"  (target: {TARGET_MB} MB + 67 MB for the key file's scrypt)"


def run() -> None:
    """Sign and verify `SIZE_GB` of zeros."""
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        with (work / "large").open("wb") as file:
            file.truncate(SIZE_GB << 30)
        print(f"\n{SIZE_GB} GB sparse file, whole process (target: under {TARGET_MB} MB)")
        _hashlib_rate(work / "large")  # the first reader pays for filling the page cache: up to 18 s
        floor = _hashlib_rate(work / "large")
        print(f"  {'hashlib alone':44} {'':8} {floor:6.0f} MiB/s", flush=True)
        variables = environment(directory, COSIGN_PASSWORD="bench")
        with our_stack(work / "stack", "--ports", "auto") as stack:
            rows = _keyless(stack, work) | _with_key(work, variables)
            for name, words in rows.items():
                _row(name, [*program(), *words, str(work / "large")], variables, floor)
            largest = work / "largest"
            with largest.open("wb") as file:
                file.truncate(LARGEST_GB << 30)
            sign, verify = list(_keyless(stack, work).values())[:2]
            run_once([*program(), *sign, str(largest)], variables)
            command = [*program(), *verify, str(largest)]
            peak_mb = _row(f"verify-blob of {LARGEST_GB} GB", command, variables, floor, size_gb=LARGEST_GB)
            print(f"  memory: {'PASS' if peak_mb < TARGET_MB else 'over target'}")


def _row(name: str, command: list[str], variables: Mapping[str, str], floor: float, *, size_gb: int = SIZE_GB) -> float:
    """Print the line of one command, and return its peak memory in MB."""
    usage = run_once(command, variables)
    rate = size_gb * 1024 / usage.wall
    note = _SCRYPT if name == "sign-blob, key" else ""
    print(
        f"  {name:44} {usage.wall:6.2f} s {rate:6.0f} MiB/s {rate / floor:5.2f}x hashlib {usage.peak_mb:6.1f} MB{note}",
        flush=True,
    )
    return usage.peak_mb


def _keyless(stack: Stack, work: Path) -> dict[str, list[str]]:
    info = stack.info
    who = ["--certificate-identity", _EMAIL, "--certificate-oidc-issuer", info["oidc"]]
    trust = ["--trusted-root", info["trusted_root"]]
    rows = {}
    for name, config, style in (
        ("bundle, Rekor v2 + TSA", "signing_config", []),
        ("legacy format, Rekor v1", "signing_config_rekor_v1", ["--new-bundle-format=false"]),
    ):
        bundle = ["--bundle", str(work / f"keyless-{config}")]
        sign = ["sign-blob", "--yes", *style, "--signing-config", info[config], "--identity-token", stack.token(_EMAIL)]
        rows[f"sign-blob, keyless, {name}"] = [*sign, *trust, *bundle]
        rows[f"verify-blob, keyless, {name}"] = ["verify-blob", *trust, *who, *bundle]
    return rows


def _with_key(work: Path, variables: Mapping[str, str]) -> dict[str, list[str]]:
    config, key = work / "no-services.json", str(work / "key")
    config.write_text(_NO_SERVICES)
    run_once([*program(), "generate-key-pair", "--output-key-prefix", key], variables)
    bundle = ["--bundle", str(work / "with-key")]
    return {
        "sign-blob, key": ["sign-blob", "--yes", "--key", f"{key}.key", "--signing-config", str(config), *bundle],
        "verify-blob, key": ["verify-blob", "--key", f"{key}.pub", "--insecure-ignore-tlog", *bundle],
    }


def _hashlib_rate(path: Path) -> float:
    """MiB/s of SHA-256 over the file, here and now."""
    began = time.perf_counter()
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return SIZE_GB * 1024 / (time.perf_counter() - began)
