"""`python -m tests.mutation.generated_differential [--cases N]`: N generated bundles before pycosign and its peers.

Every kind of bundle as it should be, and every change of `changes` on kinds drawn from those it is for (always the
same). What each is worth is known, so pycosign is held to it: a good one that it refuses or a wrong one that it accepts
fails the run, and so does a disagreement with a peer that `explained` has no row for. Prints the table of
docs/differential.md.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from pycosign.errors import SigningError
from pycosign.flows.blob_source import blob_from_bytes
from pycosign.flows.candidates import conclude, judge_candidates, read_candidates
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.trust import TrustRoot, compile_trust
from pycosign.wire.trusted_root import Authority, format_trusted_root, parse_trusted_root
from tests.interop.environment import Home
from tests.mutation.changes import CHANGES, Change
from tests.mutation.explained import COSIGN, PYTHON, Disagreement, explanation_of
from tests.mutation.generated import Recipe, Truth, recipes, signer, trusted_root
from tests.mutation.judges import ask_cosign, ask_sigstore_python
from tests.mutation.report import Answers, asked, differing, print_report
from tests.verify.factory import ARTIFACT, IDENTITY, ISSUER, NOW


class Case(NamedTuple):
    """One bundle."""

    recipe: Recipe
    change: Change
    path: Path

    def __str__(self) -> str:
        return f"{self.change.name} [{self.recipe}]"


def cases(folder: Path, count: int) -> Iterator[Case]:
    """Every kind as it is, and the changes in turn, each on another kind, until there are `count`."""
    kinds = recipes()
    queues: list[tuple[Change, list[Recipe]]] = []
    for change in CHANGES:
        fitting = [recipe for recipe in kinds if change.applies(recipe)]
        drawn = Random(change.name).sample(fitting, len(fitting))
        # every second one with the keys that all peers verify
        usual = [recipe for recipe in drawn if recipe.algorithm == "ecdsa-p256"]
        others = [recipe for recipe in drawn if recipe.algorithm != "ecdsa-p256"]
        mixed = [recipe for pair in zip(usual, others, strict=False) for recipe in pair]
        queues.append((change, mixed + others[len(usual) :] + usual[len(others) :]))
    for number, (change, recipe) in enumerate(_in_turn(queues, count)):
        path = folder / f"{number}.sigstore.json"
        path.write_text(change.make(recipe, Random(f"{change.name} {recipe}")))
        yield Case(recipe, change, path)


def _in_turn(queues: list[tuple[Change, list[Recipe]]], count: int) -> Iterator[tuple[Change, Recipe]]:
    made = 0
    for change, kinds in queues:
        if change.name == "none":
            for recipe in kinds[:count]:
                made += 1
                yield change, recipe
    queues = [(change, kinds) for change, kinds in queues if change.name != "none"]
    for turn in range(max(len(kinds) for _, kinds in queues)):
        for change, kinds in queues:
            if turn < len(kinds) and made < count:
                made += 1
                yield change, kinds[turn]


def _named(authority: Authority) -> Authority:
    return authority._replace(subject_organization="example", subject_common_name="authority")


class Court:
    """The files that the judges are given, and our own answer."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.trust_path, self.artifact = folder / "trusted_root.json", folder / "artifact"
        root = trusted_root()
        root = root._replace(  # sigstore-python demands that authorities have a subject
            certificate_authorities=tuple(map(_named, root.certificate_authorities)),
            timestamp_authorities=tuple(map(_named, root.timestamp_authorities)),
        )
        self.trust_path.write_bytes(format_trusted_root(root))
        self.artifact.write_bytes(ARTIFACT)
        self.trust: TrustRoot = compile_trust(parse_trusted_root(self.trust_path.read_bytes()))
        self.folder = folder

    def ours(self, case: Case) -> str:
        """ "" if accepted, else the code."""
        recipe = case.recipe
        waivers = frozenset() if recipe.has_log else frozenset((Waiver.TLOG,))
        demanded = Requirements(
            SignerIdentity(TextRule(IDENTITY), TextRule(ISSUER))
            if recipe.has_certificate
            else SignerKey(signer(recipe.algorithm).public_key),
            waivers,
        )
        try:
            candidates = read_candidates(case.path.read_bytes())
            source = blob_from_bytes(ARTIFACT, "artifact")
            conclude(judge_candidates(source, candidates, trust=self.trust, requirements=demanded, now=NOW))
        except SigningError as refusal:
            return refusal.code
        return ""

    def for_cosign(self, case: Case) -> list[str]:
        """The command line."""
        recipe = case.recipe
        words = ["verify-blob", "--bundle", str(case.path), "--trusted-root", str(self.trust_path)]
        if recipe.has_certificate:
            words += ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER]
        else:
            key = self.folder / f"{recipe.algorithm}.pub"
            if not key.exists():
                key.write_bytes(signer(recipe.algorithm).public_key.pem())
            words += ["--key", str(key)]
        if not recipe.has_log:
            words += ["--insecure-ignore-tlog"] + (["--use-signed-timestamps"] if recipe.stamps else [])
        return [*words, str(self.artifact)]

    def for_python(self, case: Case) -> dict[str, Any] | None:
        """It has no verification with a key alone, and none without a log."""
        if not case.recipe.has_certificate or not case.recipe.has_log:
            return None
        return {
            "artifact": str(self.artifact),
            "trust": str(self.trust_path),
            "identity": IDENTITY,
            "issuer": ISSUER,
            "bundle": str(case.path),
        }


def findings(all_cases: list[Case], ours: list[str]) -> list[str]:
    """Where pycosign is wrong: what was made tells the truth."""
    return [
        f"{case}: {answer or 'accepted'}"
        for case, answer in zip(all_cases, ours, strict=True)
        if (case.change.truth is Truth.GOOD and answer) or (case.change.truth is Truth.WRONG and not answer)
    ]


def disagreements(all_cases: list[Case], ours: list[str], answers: Answers) -> list[Disagreement]:
    """Every case in which a peer says otherwise."""
    return [
        Disagreement(peer, case.recipe, case.change.name, case.change.truth, mine, other)
        for peer, case, mine, other in differing(all_cases, ours, answers)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.generated_differential")
    parser.add_argument("--cases", type=int, default=10_000, metavar="N", help="bundles (10000)")
    count = parser.parse_args().cases
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "bundles").mkdir()
        court = Court(folder / "court")
        all_cases = list(cases(folder / "bundles", count))
        ours = [court.ours(case) for case in all_cases]
        home = Home(folder / "home")
        with ThreadPoolExecutor(2) as pool:
            cosigns = pool.submit(ask_cosign, home, [court.for_cosign(case) for case in all_cases])
            pythons = pool.submit(ask_sigstore_python, [court.for_python(case) for case in all_cases])
            answers: Answers = {COSIGN: cosigns.result(), PYTHON: pythons.result()}
    wrong = findings(all_cases, ours)
    failed = print_report(disagreements(all_cases, ours, answers), explanation_of, wrong)
    kinds = len({case.recipe for case in all_cases})
    print(f"{len(all_cases)} bundles of {kinds} kinds with {len(CHANGES) - 1} changes; asked: {asked(answers)}")
    print(f"pycosign accepts {ours.count('')}; {time.monotonic() - started:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main())
