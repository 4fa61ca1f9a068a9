"""`make bench`: what pycosign costs, as ratios to the peers that are installed, in one run. Figures, not tests.

Sections can be named: `python -m bench verify memory stack log certificates sign`.
"""

import sys
from collections.abc import Callable

from bench import certificates, command_line, large_files, log_appends, stack_start

SECTIONS: dict[str, Callable[[], None]] = {
    "verify": command_line.verify_blob,
    "sign": command_line.sign_blob_keyless,
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
    for name in names or SECTIONS:
        SECTIONS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
