"""`make bench`: what pycosign costs, as ratios to the peers that are installed, in one run. Figures, not tests.

Sections can be named: `python -m bench verify warm import batch memory stack log certificates sign`.
"""

import os
import sys
import time
from collections.abc import Callable

from tests.interop import peers

from bench import batch, certificates, command_line, large_files, log_appends, stack_start, warm
from bench import peers as verifiers
from bench.process import build

_REKOR_TILES = "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix@v2.3.0"
SECTIONS: dict[str, Callable[[], None]] = {
    "verify": command_line.verify_blob,
    "warm": warm.run,
    "import": command_line.import_time,
    "sign": command_line.sign_blob_keyless,
    "batch": batch.run,
    "memory": large_files.run,
    "stack": stack_start.run,
    "log": log_appends.run,
    "certificates": certificates.run,
}


def main(names: list[str]) -> int:
    """Run the named sections, or all."""
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(SECTIONS)}")
        return 2
    began = time.monotonic()
    load = f", load {os.getloadavg()[0]:.1f} from others" if hasattr(os, "getloadavg") else ""
    print(f"{os.cpu_count()} processors{load}; Python {sys.version.split()[0]}; {build()} build")
    for name, (is_there, how) in _peers().items():
        print(f"peer {name}: {'found' if is_there else f'NOT FOUND, so there is no ratio to it below; {how}'}")
    for name in names or SECTIONS:
        SECTIONS[name]()
    print(f"\n{time.monotonic() - began:.0f} s in all")
    return 0


def _peers() -> dict[str, tuple[bool, str]]:
    """Whose figures can be printed beside ours, and how to get the others."""
    tiles = f"go install {_REKOR_TILES}, as {peers.cache() / 'bin' / 'rekor-tiles'}"
    return {
        "cosign 3.1.2": (peers.find("cosign3") is not None, "`make interop` builds it with Go"),
        "sigstore-python": (
            (peers.cache() / "sigstore-python" / "bin" / "sigstore").exists(),
            "`make interop` installs it",
        ),
        "sigstore-go": (verifiers.sigstore_go() is not None, "`make bench-peers` builds it with Go"),
        "@sigstore/verify (sigstore-js)": (
            verifiers.sigstore_js() is not None,
            "`make bench-peers` installs it with npm; it needs Node 20",
        ),
        "rekor-tiles": (peers.find("rekor-tiles") is not None, tiles),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
