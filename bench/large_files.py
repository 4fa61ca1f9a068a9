"""Memory to sign and to verify a large sparse file with a key, without a log (target: under 60 MB)."""

import os
import tempfile
from pathlib import Path

from tests.interop.environment import pycosign

from bench.process import run_once

SIZE_GB = 4


def run() -> None:
    """Sign and verify `SIZE_GB` of zeros."""
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        environment = {"PATH": os.environ["PATH"], "HOME": directory, "COSIGN_PASSWORD": "bench"}
        artifact, bundle, config = work / "large", work / "bundle", work / "no-services.json"
        with artifact.open("wb") as file:
            file.truncate(SIZE_GB << 30)
        config.write_text('{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}')
        key = str(work / "key")
        run_once([*pycosign(), "generate-key-pair", "--output-key-prefix", key], environment)
        sign = [*pycosign(), "sign-blob", "--yes", "--key", f"{key}.key", "--signing-config", str(config)]
        signed = run_once([*sign, "--bundle", str(bundle), str(artifact)], environment)
        verify = [*pycosign(), "verify-blob", "--key", f"{key}.pub", "--insecure-ignore-tlog", "--bundle", str(bundle)]
        verified = run_once([*verify, str(artifact)], environment)
    print(f"\n{SIZE_GB} GB sparse file, key, no log (target: 60 MB)")
    for name, usage in (("sign-blob", signed), ("verify-blob", verified)):
        rate = SIZE_GB * 1024 / usage.wall
        print(f"  {name:28} {usage.wall:6.2f} s  {rate:6.0f} MiB/s  {usage.peak_mb:6.1f} MB peak")
