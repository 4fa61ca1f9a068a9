"""slsa-verifier's test data, judged offline under the public instance's trust root.

    python -m tests.conformance.slsa_verifier DIR

DIR is a checkout of slsa-framework/slsa-verifier (252 MB, not committed). Every signature in its command's test data
is judged by who signed it: a workflow on GitHub, or npm's registry with its key. Whether the builder is one that SLSA
trusts is slsa-verifier's question, not asked here. `slsa_verifier.toml` says for each group of files what must come out
and why; anything else ends with status 1.
"""

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.keys import load_public_key
from pycosign.errors import MalformedError, SigningError
from pycosign.flows.blob_source import BlobSource, blob_from_path
from pycosign.flows.candidates import Candidate, judge_candidates, read_candidates
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR, embedded_file
from pycosign.verify.evidence import BARE_ENVELOPE, Evidence, evidence_from_legacy_attestation
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot, compile_trust
from pycosign.wire.trusted_root import parse_trusted_root
from tests.verify.vectors import DATA, NOW

TEST_DATA = "cli/slsa-verifier/testdata"
TABLE = Path(__file__).with_suffix(".toml")
# A provenance file is named as its artifact, and one of these.
ENDINGS = (".intoto.build.slsa", ".intoto.sigstore", ".intoto.jsonl", ".build.slsa", ".sigstore", ".json")
LAYER_TYPE = "application/vnd.dsse.envelope.v1+json"


class Judged(NamedTuple):
    """One signature: which group it belongs to, where it is, and what came of it."""

    group: str
    place: str
    outcome: str  # "verified", "verified with its artifact", or an error's code
    detail: str


@cache
def trust() -> TrustRoot:
    """The one that is built in."""
    document = embedded_file(PUBLIC_GOOD_MIRROR, "trusted_root.json")
    assert document is not None
    return compile_trust(parse_trusted_root(document))


@cache
def by_workflow() -> SignerIdentity:
    issuer = TextRule("https://token.actions.githubusercontent.com")
    return SignerIdentity(TextRule(regexp="^https://github.com/"), issuer)


@cache
def by_registry() -> SignerKey:
    return SignerKey(load_public_key((DATA / "corpus" / "sigstore-go" / "publish_key.pub").read_bytes()))


def judge_checkout(root: Path, table: dict[str, dict[str, Any]]) -> Iterator[Judged]:
    """Every signature of every group, in the order of the table."""
    for name, group in table.items():
        for path in sorted(path for pattern in group["files"] for path in root.glob(pattern)):
            place = str(path.relative_to(root))
            if group.get("form") == "layout":
                found = _from_layout(path.parent)
            else:
                found = _from_file(path)
            for where, outcome, detail in found:
                yield Judged(name, f"{place}: {where}" if where else place, outcome, detail)


def _from_file(path: Path) -> Iterator[tuple[str, str, str]]:
    """(place inside, outcome, detail) of each signature in a file."""
    try:
        candidates = read_candidates(path.read_bytes())
    except MalformedError as exc:
        yield "", exc.code, str(exc)
        return
    artifact = _artifact_of(path)
    for candidate in candidates:
        place = candidate.place if len(candidates) > 1 else ""
        yield place, *_judge(candidate, artifact, _key_beside(path))


def _artifact_of(path: Path) -> BlobSource | None:
    """The file beside the provenance, where the checkout has it."""
    for ending in ENDINGS:
        beside = path.with_name(path.name.removesuffix(ending))
        if path.name.endswith(ending) and beside.is_file():
            return blob_from_path(str(beside))
    return None


def _key_beside(path: Path) -> SignerKey | None:
    """The key that an issuer of summaries published."""
    return next((SignerKey(load_public_key(key.read_bytes())) for key in path.parent.glob("*.pem")), None)


def _judge(candidate: Candidate, artifact: BlobSource | None, key: SignerKey | None = None) -> tuple[str, str]:
    evidence = candidate.evidence
    if isinstance(evidence, MalformedError):
        return evidence.code, str(evidence)
    has_identity = evidence.chain_der or evidence.source == BARE_ENVELOPE
    signer = key or (by_workflow() if has_identity else by_registry())
    outcome: Verified | SigningError
    if artifact is None:
        demanded = _requirements(signer, Waiver.CLAIMS, *((Waiver.TLOG,) if key else ()))
        try:
            outcome = verify(evidence, None, trust=trust(), requirements=demanded, now=NOW)
        except SigningError as exc:
            outcome = exc
    else:
        (item,) = judge_candidates(artifact, [candidate], trust=trust(), requirements=_requirements(signer), now=NOW)
        outcome = item.outcome
    if isinstance(outcome, Verified):
        return "verified" if artifact is None else "verified with its artifact", outcome.identity or "npm's registry"
    if outcome.code == "tlog.missing" and evidence.source == BARE_ENVELOPE:
        further = _without_the_log(evidence)
        if further is None:
            return "tlog.missing, else good", str(outcome)
        return f"tlog.missing and {further.code}", str(further)
    return outcome.code, str(outcome)


def _without_the_log(evidence: Evidence) -> SigningError | None:
    """What else is wrong at the moment from which the certificate was valid: signature, its path, its SCT, identity."""
    certificate = parse_certificate(evidence.chain_der[0])
    moment: datetime = certificate.not_before + timedelta(seconds=1)
    demanded = _requirements(by_workflow(), Waiver.CLAIMS, Waiver.TLOG)
    try:
        verify(evidence, None, trust=trust(), requirements=demanded, now=moment)
    except SigningError as exc:
        return exc
    return None


def _requirements(signer: SignerIdentity | SignerKey, *waivers: Waiver) -> Requirements:
    return Requirements(signer, waivers=frozenset(waivers))


def _from_layout(folder: Path) -> Iterator[tuple[str, str, str]]:
    """The attestations that Cosign stored in an OCI layout, by the old convention: layers with annotations."""

    def blob(digest: str) -> bytes:
        return (folder / "blobs" / digest.replace(":", "/")).read_bytes()

    for listed in json.loads((folder / "index.json").read_bytes())["manifests"]:
        if listed.get("annotations", {}).get("kind") != "dev.cosignproject.cosign/atts":
            continue
        for layer in json.loads(blob(listed["digest"]))["layers"]:
            assert layer["mediaType"] == LAYER_TYPE
            try:
                evidence = evidence_from_legacy_attestation(blob(layer["digest"]), layer["annotations"])
            except MalformedError as exc:
                yield layer["digest"], exc.code, str(exc)
                continue
            yield "", *_judge(Candidate("layer", evidence), None)


def read_table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(TABLE.read_text())


def compare(judged: list[Judged], table: dict[str, dict[str, Any]]) -> list[str]:
    """What is not as the table says, as sentences."""
    wrong = []
    for name, group in table.items():
        found = dict(Counter(item.outcome for item in judged if item.group == name))
        if found != group["outcomes"]:
            wrong.append(f"{name}: {found}, but the table says {group['outcomes']}")
    return wrong


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not (Path(arguments[0]) / TEST_DATA).is_dir():
        print(f"usage: python -m tests.conformance.slsa_verifier DIR (with {TEST_DATA} in it)", file=sys.stderr)
        return 2
    table = read_table()
    judged = list(judge_checkout(Path(arguments[0]) / TEST_DATA, table))
    for name, group in table.items():
        items = [item for item in judged if item.group == name]
        good = sum(item.outcome.startswith("verified") for item in items)
        print(f"{name}: {good} of {len(items)} verified. {group['about']}")
        for outcome, count in sorted(Counter(item.outcome for item in items).items()):
            print(f"    {count:4} {outcome}")
        few = [item for item in items if not item.outcome.startswith("verified")]
        for item in few if len(few) <= 20 else ():
            print(f"         {item.place}: [{item.outcome}] {item.detail[:160]}")
    bundles = [item for item in judged if item.group == "bundles"]
    good = sum(item.outcome.startswith("verified") for item in bundles)
    print(f"Of {len(bundles)} Sigstore bundles {good} verify.")
    wrong = compare(judged, table)
    for sentence in wrong:
        print(f"NOT AS EXPECTED: {sentence}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
