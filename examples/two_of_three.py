"""Verify a release that two of three maintainers must have signed, each with a key of their own.

python two_of_three.py KEYS_DIRECTORY FILE BUNDLE...
"""

import sys
from pathlib import Path

import pycosign


def main(keys: str, file: str, *bundles: str) -> int:
    maintainers = [pycosign.Key.load(path) for path in sorted(Path(keys).glob("*.pub"))]
    try:
        proved = pycosign.verify_signers(
            file,
            bundles=bundles,
            policy=pycosign.Policy(maintainers, threshold=2),  # one who signs twice is one
            trust=pycosign.Trust.from_environment(),
        )
    except pycosign.SigningError as problem:
        print(f"{problem} ({problem.code})", file=sys.stderr)
        return 20 if isinstance(problem, pycosign.UnavailableError) else 1
    for verified in proved:
        when = ", ".join(str(time.at) for time in verified.times) or "at no proved moment"
        print(f"signed {when} with\n{verified.key.pem().decode()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
