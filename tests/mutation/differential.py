"""`python -m tests.mutation.differential [--mutants N]`: the corpus before pycosign, Cosign 3 and sigstore-python.

Every entry that is a Sigstore bundle, and N mutants of it (always the same), is judged by all three. A disagreement
that `explained_corpus` has no row for fails the run, and so does a mutant that pycosign accepts without a reason.
Prints the table of docs/differential.md. Needs both programs; see tests/interop.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pycosign.errors import SigningError
from tests.corpus.load import Entry, corpus
from tests.interop.environment import Home
from tests.mutation.corpus_cause import CorpusDisagreement
from tests.mutation.document import MEMBER_FORMS
from tests.mutation.engine import Examiner, Finding, sample_of
from tests.mutation.explained import COSIGN, PYTHON
from tests.mutation.explained_corpus import explanation_of
from tests.mutation.judges import ask_cosign, ask_sigstore_python
from tests.mutation.report import Answers, asked, differing, print_report


class Case(NamedTuple):
    """One question: a document of an entry, and what the change was ("" for the original)."""

    entry: Entry
    change: str
    path: Path


def cases(directory: Path, mutants: int) -> Iterator[tuple[Case, list[Finding]]]:
    """The originals and a sample of mutants, each written to a file, and what must not be of our own answer."""
    for entry in corpus().values():
        if entry.form != "bundle":
            continue
        folder = directory / entry.name
        folder.mkdir()
        yield _case(folder / "0.sigstore.json", entry, "", entry.document()), []
        examiner = Examiner(entry)
        for position, (family, number) in enumerate(
            sample_of(examiner.families, mutants, random.Random(entry.name)), 1
        ):
            text = family.make(number)
            if text is not None and text.isprintable():
                examiner.outcome.findings.clear()
                examiner.examine(family, number)
                kind = MEMBER_FORMS[number] if family.kind == "member" else f"{family.kind} {number}"
                change = f"{family.path} [{kind}]"
                path = folder / f"{position}.sigstore.json"
                yield _case(path, entry, change, text.encode()), list(examiner.outcome.findings)


def _case(path: Path, entry: Entry, change: str, document: bytes) -> Case:
    path.write_bytes(document)
    return Case(entry, change, path)


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


def disagreements(all_cases: list[Case], ours: list[str], answers: Answers) -> list[CorpusDisagreement]:
    """Every case in which a peer says otherwise."""
    return [
        CorpusDisagreement(peer, case.entry.name, has_rekor_v2(case.entry), case.change, mine, other)
        for peer, case, mine, other in differing(all_cases, ours, answers)
    ]


@cache
def has_rekor_v2(entry: Entry) -> bool:
    """Whether a log entry of the bundle as published is one of Rekor v2."""
    logged = json.loads(entry.document())["verificationMaterial"].get("tlogEntries", [])
    kinds = [item.get("kindVersion", {}) for item in logged]
    return any(kind.get("kind") != "intoto" and kind.get("version") == "0.0.2" for kind in kinds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.differential")
    parser.add_argument("--mutants", type=int, default=80, metavar="N", help="mutants of each entry (80)")
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "bundles").mkdir()
        made = list(cases(folder / "bundles", arguments.mutants))
        all_cases = [case for case, _ in made]
        mine = [ours(case) for case in all_cases]
        answers: Answers = {
            COSIGN: ask_cosign(Home(folder / "home"), [for_cosign(case) for case in all_cases]),
            PYTHON: ask_sigstore_python([for_python(case) for case in all_cases]),
        }
    wrong = [str(finding) for _, findings in made for finding in findings]
    originals = [(case, code) for case, code in zip(all_cases, mine, strict=True) if not case.change]
    wrong += [f"{case.entry.name}: refused: {code}" for case, code in originals if code]
    failed = print_report(disagreements(all_cases, mine, answers), explanation_of, wrong)
    seconds = time.monotonic() - started
    print(f"{len(all_cases)} cases of {len(originals)} entries; asked: {asked(answers)}; {seconds:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main())
