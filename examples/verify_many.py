"""Verify every file of a directory that has a bundle beside it, on several threads with one trust root.

    python verify_many.py DIRECTORY IDENTITY ISSUER

prints a line for each, and ends with status 0 only if each is verified: 1 if one is refused, 20 if one could not be
decided.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pycosign

SUFFIX = ".sigstore.json"


def main(directory: str, identity: str, issuer: str) -> int:
    verifier = pycosign.Verifier(
        signer=pycosign.Identity(identity, issuer=issuer),
        trust=pycosign.Trust.from_environment(),
    )

    def judge(bundle: Path) -> pycosign.JudgedFile:
        artifact = bundle.with_name(bundle.name.removesuffix(SUFFIX))
        return next(verifier.judge_files([(artifact, bundle)]))

    verdicts = set()
    with ThreadPoolExecutor() as pool:  # hashing and checking signatures leave the interpreter's lock alone
        for judged in pool.map(judge, sorted(Path(directory).glob(f"*{SUFFIX}"))):
            verdicts.add(judged.verdict)
            code = judged.outcome.code if isinstance(judged.outcome, pycosign.SigningError) else ""
            print(judged.verdict.value, judged.artifact, code)
    if not verdicts:
        print(f"no bundles in {directory}", file=sys.stderr)
        return 20
    if pycosign.Verdict.REFUSED in verdicts:
        return 1
    return 20 if pycosign.Verdict.UNAVAILABLE in verdicts else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
