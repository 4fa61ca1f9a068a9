"""`python -m tests.mutation.differential [--mutants N]`: the corpus before pycosign, Cosign 3 and sigstore-python.

Every entry that is a Sigstore bundle, and N mutants of it (always the same), is judged by all three; prints the cases
in which they differ. docs/differential.md explains those of the last run. Needs both programs; see tests/interop.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pycosign.errors import SigningError
from tests.corpus.load import Entry, corpus
from tests.interop.environment import Home
from tests.mutation.engine import Examiner, sample_of
from tests.mutation.judges import ask_cosign, ask_sigstore_python


class Case(NamedTuple):
    """One question: a document of an entry, and what the change was ("" for the original)."""

    entry: Entry
    change: str
    path: Path


def cases(directory: Path, mutants: int) -> Iterator[Case]:
    """The originals and a sample of mutants, each written to a file."""
    for entry in corpus().values():
        if entry.form != "bundle":
            continue
        documents = {"": entry.document()}
        examiner = Examiner(entry)
        for family, number in sample_of(examiner.families, mutants, random.Random(entry.name)):
            text = family.make(number)
            if text is not None and text.isprintable():
                documents[f"{family.path} [{family.kind} {number}]"] = text.encode()
        for change, document in documents.items():
            path = directory / f"{len(list(directory.iterdir()))}.sigstore.json"
            path.write_bytes(document)
            yield Case(entry, change, path)


def ours(case: Case) -> str:
    """ "" if accepted, else why not."""
    try:
        case.entry.verify(case.path.read_bytes())
    except SigningError as refusal:
        return refusal.code
    return ""


def for_cosign(case: Case) -> list[str]:
    """The words of Cosign's command."""
    words = ["verify-blob", "--bundle", str(case.path)]
    options = case.entry.options()
    if options.key is not None:
        words += ["--key", options.key]
    else:
        words += ["--certificate-identity", options.identity, "--certificate-oidc-issuer", options.issuer]
    if options.trust is not None:
        words += ["--trusted-root", options.trust]
    if "tlog" in options.waive:
        words += ["--insecure-ignore-tlog"]
    if "sct" in options.waive:
        words += ["--insecure-ignore-sct", "--use-signed-timestamps"]
    return [*words, options.artifact]


def for_python(case: Case) -> dict[str, Any] | None:
    """The question to sigstore-python; None where it has no such verification (keys, waivers)."""
    options = case.entry.options()
    asked = options.key is None and not options.waive and options.trust is not None
    return {**options._asdict(), "bundle": str(case.path)} if asked else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.differential")
    parser.add_argument("--mutants", type=int, default=3, metavar="N", help="mutants of each entry (3)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "bundles").mkdir()
        all_cases = list(cases(folder / "bundles", arguments.mutants))
        cosigns = ask_cosign(Home(folder / "home"), [for_cosign(case) for case in all_cases])
        pythons = ask_sigstore_python([for_python(case) for case in all_cases])
        differ = 0
        print("| entry | change | pycosign | Cosign 3.1.2 | sigstore-python 4.5.1 |\n| --- | --- | --- | --- | --- |")
        for case, cosign, python in zip(all_cases, cosigns, pythons, strict=True):
            answers = [ours(case), cosign and cosign.splitlines()[-1], python]
            if len({not answer for answer in answers if answer is not None}) > 1:
                differ += 1
                words = ["-" if answer is None else answer or "accepted" for answer in answers]
                row = " | ".join(word.replace("|", "/")[:160] for word in words)
                print(f"| {case.entry.name} | {case.change or 'none'} | {row} |", flush=True)
    print(f"\n{len(all_cases)} cases, {differ} disagreements")
    return 0


if __name__ == "__main__":
    sys.exit(main())
