"""A policy of one signer says exactly what the flags say that demand that signer: the same verdict, the same code.

Over every refusal that the verifier knows, over the whole corpus as it is and changed, and over the commands.
"""

import json
import random
from pathlib import Path

import pytest

from pycosign.errors import SigningError
from pycosign.policy.decide import VerificationPolicy, decide
from pycosign.verify.artifact import Artifact, artifact_from_bytes
from pycosign.verify.evidence import Evidence
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.trust import TrustRoot
from pycosign.wire.dsse import Envelope
from tests.cli.conftest import run_cli
from tests.corpus.load import Entry, corpus
from tests.verify.factory import World
from tests.verify.refusals import CASES
from tests.verify.vectors import NOW

OTHER = artifact_from_bytes(b"of nobody")
NOBODY = SignerIdentity(TextRule("nobody@example.com"), TextRule("https://issuer.example.com"))
CHANGES = 8  # of each entry's document


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def policy_of(demand: Requirements) -> VerificationPolicy:
    """The same demand, as a policy says it."""
    return VerificationPolicy(
        (demand.signer,),
        waivers=demand.waivers,
        min_logs=demand.min_logs,
        min_timestamp_authorities=max(demand.min_timestamp_authorities, int(demand.use_signed_timestamps)),
        predicate_type=demand.predicate_type,
        annotations=demand.annotations,
        revocations=demand.revocations,
    )


def by_flags(
    evidence: Evidence, artifact: Artifact | None, demand: Requirements, trust: TrustRoot | None, now: object = NOW
) -> tuple[str, str]:
    try:
        verify(evidence, artifact, trust=trust, requirements=demand, now=now)  # type: ignore[arg-type]
    except SigningError as exc:
        return exc.code, str(exc.check)
    return "verified", ""


def by_policy(
    evidence: Evidence, artifact: Artifact | None, demand: Requirements, trust: TrustRoot | None, now: object = NOW
) -> tuple[str, str]:
    error = decide([evidence], artifact, policy_of(demand), trust, now).error  # type: ignore[arg-type]
    return ("verified", "") if error is None else (error.code, str(error.check))


@pytest.mark.parametrize("name", CASES)
def test_every_refusal_is_the_same(world: World, name: str) -> None:
    code, build = CASES[name]
    attempt = build(world)
    demand = attempt.requirements or world.requirements()
    trust = attempt.trust or world.trust()
    expected = by_flags(attempt.evidence, attempt.artifact, demand, trust, attempt.now)
    assert expected[0] == code
    assert by_policy(attempt.evidence, attempt.artifact, demand, trust, attempt.now) == expected


def demands_of(entry: Entry) -> list[Requirements]:
    """What accepts it, and what must not."""
    good = entry.requirements._replace(allow_any_predicate=False)
    verified = entry.verify(entry.document())
    if verified.statement is not None:
        good = good._replace(predicate_type=verified.statement.predicate_type)
    strangers = [good._replace(signer=NOBODY)]
    if not isinstance(good.signer, SignerKey):
        strangers.append(good._replace(signer=SignerKey(verified.key)))
    waived = good._replace(waivers=good.waivers ^ {Waiver.TLOG})
    return [good, *strangers, waived, good._replace(min_timestamp_authorities=1), good._replace(annotations={"a": "b"})]


def changed(document: bytes, seed: str) -> bytes:
    raw = bytearray(document)
    chooser = random.Random(seed)
    raw[chooser.randrange(len(raw))] ^= 1 << chooser.randrange(7)
    return bytes(raw)


@pytest.mark.parametrize("name", corpus())
def test_every_entry_of_the_corpus_is_judged_the_same(name: str) -> None:
    entry = corpus()[name]
    document = entry.document()
    demands = demands_of(entry)
    assert by_policy(entry.evidence(document), entry.artifact, demands[0], entry.trust) == ("verified", "")
    documents = [document, *(changed(document, f"{name} {number}") for number in range(CHANGES))]
    for number, presented in enumerate(documents):
        try:
            evidence = entry.evidence(presented)
        except SigningError:
            continue
        for demand in demands if number == 0 else demands[:1]:
            for artifact in (entry.artifact, OTHER._replace(is_image=entry.artifact.is_image)):
                expected = by_flags(evidence, artifact, demand, entry.trust)
                assert by_policy(evidence, artifact, demand, entry.trust) == expected, (number, demand)


# ---- the commands --------------------------------------------------------------------------------------------------
COMMANDS = [
    name
    for name, entry in corpus().items()
    if entry.form in ("bundle", "legacy-bundle", "pep740", "list")
    and entry.options().trust
    and Path(entry.options().artifact).is_absolute()
    and not {"timestamp", "sct"} & json.loads(entry.document()).keys()
]


def answer(*words: object) -> tuple[int, list[str]]:
    ran = run_cli(*map(str, words), env={"HOME": "/dev/null"})
    return ran.status, [line for line in ran.err.splitlines() if line.startswith("code: ")]


@pytest.mark.parametrize("name", COMMANDS[:: max(1, len(COMMANDS) // 40)])
def test_a_command_answers_the_same_by_policy_and_by_flags(name: str, tmp_path: Path) -> None:
    entry = corpus()[name]
    options = entry.options()
    document = entry.document()
    bundle, policy, other = tmp_path / "bundle.json", tmp_path / "policy.yaml", tmp_path / "other"
    other.write_bytes(b"of nobody")
    content = entry.evidence(document).content
    members: dict[str, object] = {"schema": 1, "waivers": list(options.waive)}
    command: tuple[object, ...] = ("verify-blob",)
    if isinstance(content, Envelope):
        predicate_type = json.loads(content.payload)["predicateType"]
        command = ("verify-blob-attestation", "--type", predicate_type)
        members["predicate_type"] = predicate_type
    shared = (*command, "--offline", "--bundle", bundle, "--trusted-root", options.trust)
    waivers = [f"--insecure-ignore-{waiver}" for waiver in options.waive]
    own = ("--key", options.key) if options.key else _identity(options.identity, options.issuer)
    for signer in (own, _identity("nobody@example.com", "https://issuer.example.com")):
        policy.write_text(json.dumps({**members, "signers": [_rule(signer)]}))
        for presented in (document, changed(document, name), b"{}"):
            bundle.write_bytes(presented)
            for artifact in (options.artifact, other):
                expected = answer(*shared, *waivers, *signer, artifact)
                assert answer(*shared, "--policy-file", policy, artifact) == expected, (signer, artifact)
    bundle.write_bytes(document)
    policy.write_text(json.dumps({**members, "signers": [_rule(own)]}))
    assert answer(*shared, "--policy-file", policy, options.artifact)[0] == 0


def _identity(identity: str, issuer: str) -> tuple[str, ...]:
    return ("--certificate-identity", identity, "--certificate-oidc-issuer", issuer)


def _rule(signer: tuple[str | None, ...]) -> dict[str, str | None]:
    return {"key": signer[1]} if len(signer) == 2 else {"identity": signer[1], "issuer": signer[3]}
