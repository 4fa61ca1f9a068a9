"""`explain --policy-file`: whoever counts, of how many; "verified" exactly where the verifying command says so."""

import hashlib
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from pycosign.crypto.signers import generate_signer
from pycosign.flows.attest_blob import attest_statement
from pycosign.flows.sign_blob import sign_blob
from pycosign.flows.signing import KeySigning, SigningContext
from pycosign.sign.services import SigningServices
from pycosign.wire.intoto import STATEMENT_V1
from tests.cli.conftest import Ran
from tests.cli.stage import EMAIL, OLD_STYLE, FaultyRegistry, Stage
from tests.cli.test_explain import HTTP, REVIEW, lines_of, nobody_is_called_verified, told
from tests.cli.test_explain_images import attest
from tests.cli.test_policy import BOB, KEY, lines, person, policy, revoking
from tests.cli.test_policy import by_bob as by_bob


@pytest.fixture
def two(stage: Stage) -> Path:
    """Two of three."""
    return policy(stage, "explained.yaml", KEY, person(stage, EMAIL), person(stage, BOB), threshold=2)


@pytest.fixture
def both(stage: Stage, by_bob: Path) -> Path:
    """Signatures by the key and by Bob."""
    return lines(stage, "both.jsonl", stage.keyed, by_bob)


def explain(stage: Stage, bundle: object, policy_file: Path, *words: object) -> Ran:
    return stage.run("explain", bundle, "--policy-file", policy_file, "--trusted-root", stage.trusted_root, *words)


def data(stage: Stage, bundle: object, policy_file: Path, *words: object) -> dict[str, Any]:
    return told(stage, bundle, "--policy-file", policy_file, "--trusted-root", stage.trusted_root, *words)


def next_of(explanation: dict[str, Any]) -> list[str]:
    program, *words = shlex.split(explanation["next"])
    assert program == "pycosign"
    return words


# ---- files -----------------------------------------------------------------------------------------------------------
def test_enough_signers_of_a_file(stage: Stage, both: Path, two: Path) -> None:
    ran = explain(stage, both, two, "--artifact", stage.artifact)
    assert (ran.status, ran.err) == (0, "")
    lines = lines_of(ran)
    at = lines.index(f"Policy {two}: 2 distinct signer(s) of 2 demanded")
    assert lines[at + 1].startswith("key sha256:")
    assert lines[at + 1].endswith(" as the release key")
    assert lines[at + 2 : at + 5] == [
        f"{BOB} ({stage.sandbox.issuer})",
        f"So it is verified: {stage.artifact} has the signers that the policy demands.",
        "The same for scripts, by its exit status:",
    ]
    assert f"So it is verified: whom the policy names signed it, and {stage.artifact} is what was signed." in lines
    explanation = data(stage, both, two, "--artifact", stage.artifact)
    assert (explanation["verdict"], explanation["code"]) == ("verified", None)
    assert [signer["rules"] for signer in explanation["policy"]["signers"]] == [["the release key"], []]
    assert [(story["verdict"], story["next"]) for story in explanation["stories"]] == [("verified", None)] * 2
    assert stage.must(*next_of(explanation)).err == "Verified OK\n"


def test_too_few_signers_verify_nothing(stage: Stage, two: Path) -> None:
    twice = lines(stage, "twice.jsonl", stage.keyless_v1, stage.keyless_v2)
    for bundle in (stage.keyed, twice):
        ran = explain(stage, bundle, two, "--artifact", stage.artifact)
        assert ran.status == 1
        assert "1 distinct signer(s) of 2 demanded\n" in ran.out
        assert "So it is consistent, and by whom the policy names. " in ran.out
        assert "So it is refused [signers.threshold]: 1 distinct signer(s) of 2 demanded: " in ran.out
        nobody_is_called_verified(ran.out)
        explanation = data(stage, bundle, two, "--artifact", stage.artifact)
        assert (explanation["verdict"], explanation["code"]) == ("refused", "signers.threshold")
        assert {story["verdict"] for story in explanation["stories"]} == {"consistent"}
        assert explanation["next"] is None


def test_without_a_file_it_is_at_most_consistent(stage: Stage, both: Path, two: Path) -> None:
    ran = explain(stage, both, two)
    assert ran.status == 0
    assert (
        "So it is consistent: that is enough for a file that each of them signed. It was compared with none." in ran.out
    )
    nobody_is_called_verified(ran.out)
    explanation = data(stage, both, two)
    assert explanation["verdict"] == "consistent"
    assert {story["verdict"] for story in explanation["stories"]} == {"consistent"}
    command = next_of(explanation)
    assert command[-1] == "FILE"
    assert command[command.index("--policy-file") + 1] == str(two)
    assert stage.must(*command[:-1], stage.artifact).err == "Verified OK\n"
    assert explain(stage, stage.keyed, two).status == 1


def test_signers_of_different_files_do_not_add_up(stage: Stage, by_bob: Path, two: Path) -> None:
    foreign = stage.signed("foreign-keyed.json", "--key", stage.key, artifact=stage.file("another", b"another\n"))
    mixed = lines(stage, "mixed.jsonl", foreign, by_bob)
    assert data(stage, mixed, two)["verdict"] == "consistent"
    for artifact in (stage.artifact, stage.folder / "another"):
        explanation = data(stage, mixed, two, "--artifact", artifact)
        assert (explanation["verdict"], len(explanation["policy"]["signers"])) == ("refused", 1)
        assert "verified" not in {story["verdict"] for story in explanation["stories"]}


def test_a_stranger_is_refused_and_so_is_an_edited_file(stage: Stage, by_bob: Path, both: Path, two: Path) -> None:
    one = policy(stage, "one.yaml", KEY, person(stage, EMAIL))
    ran = explain(stage, by_bob, one, "--artifact", stage.artifact)
    assert ran.status == 1
    assert "What that means: somebody else signed than those whom the policy names." in ran.out
    assert f"Policy {one}: 0 distinct signer(s) of 1 demanded" in ran.out
    edited = stage.file("edited.txt", b"an artifact, edited\n")
    ran = explain(stage, both, two, "--artifact", edited)
    assert (ran.status, ran.out.count("[artifact.digest-mismatch]")) == (1, 4)
    nobody_is_called_verified(ran.out)


def test_it_says_verified_where_the_verifying_command_does(stage: Stage, by_bob: Path, both: Path) -> None:
    """Over bundles of every form and policies of many kinds: the same exit status, and the same signers."""
    broken = lines(stage, "broken.jsonl", stage.keyed, stage.file("no-bundle.json", b"{}"), by_bob)
    review = stage.file("explained-review.json", statement(stage)[0])
    bundles = (stage.keyless_v1, stage.keyless_v2, stage.keyed, stage.legacy_keyed, by_bob, both, broken, review)
    members: tuple[dict[str, Any], ...] = (
        {},
        {"threshold": 2},
        {"threshold": 3},
        {"timestamp_authorities": 1},
        {"logs": 2},
        {"predicate_type": REVIEW},
        {"annotations": {"a": "b"}},
        {"waivers": ["tlog"]},
    )
    signers = (KEY, person(stage, EMAIL), person(stage, BOB))
    seen = set()
    for i, more in enumerate(members):
        file = policy(stage, f"same-{i}.yaml", *signers, **more)
        for bundle in bundles:
            words = ("--policy-file", file, "--trusted-root", stage.trusted_root, "--output", "json")
            ran = stage.run("verify-blob", "--bundle", bundle, *words, stage.artifact)
            verified, explanation = json.loads(ran.out), data(stage, bundle, file, "--artifact", stage.artifact)
            answer = (verified["verdict"], verified["policy"])
            assert (explanation["verdict"], explanation["policy"]) == answer, (more, bundle)
            assert explain(stage, bundle, file, "--artifact", stage.artifact).status == ran.status
            seen.add(verified["verdict"])
    assert seen == {"verified", "refused"}


def test_a_revoked_signer_does_not_count(stage: Stage, both: Path) -> None:
    source = revoking(stage, "explained-bob", identities=[{"identity": BOB}])
    signers = (KEY, person(stage, EMAIL), person(stage, BOB))
    file = policy(stage, "revoking.yaml", *signers, threshold=2, revocations=[source])
    explanation = data(stage, both, file, "--artifact", stage.artifact)
    assert (explanation["verdict"], explanation["stories"][1]["code"]) == ("refused", "revoked.identity")
    assert len(explanation["policy"]["signers"]) == 1
    source = revoking(stage, "explained-old", expires=-1)
    file = policy(stage, "expired.yaml", KEY, revocations=[source])
    ran = explain(stage, stage.keyed, file, "--artifact", stage.artifact)
    assert (ran.status, "So nothing can be said [revocation.expired]: " in ran.out) == (20, True)
    source = {**source, "bundle": both.name}
    ran = explain(stage, stage.keyed, policy(stage, "foreign-list.yaml", KEY, revocations=[source]))
    assert (ran.status, ran.out, "revocation" in ran.err) == (1, "", True)


def test_trust_that_cannot_be_had_leaves_the_claims(stage: Stage, both: Path, two: Path) -> None:
    away = {"TUF_MIRROR": "http://127.0.0.1:1", "TUF_ROOT": str(stage.folder / "no-cache")}
    words = (both, "--policy-file", two, "--timeout", "5s", "--artifact", stage.artifact)
    ran = stage.run("explain", *words, env=away)
    assert ran.status == 20
    assert f"signer          {BOB}" in ran.out
    assert "So nothing can be said [signers.unavailable]: 0 distinct signer(s) of 2 demanded" in ran.out
    nobody_is_called_verified(ran.out)


def test_what_the_policy_turns_off_is_named(stage: Stage) -> None:
    waived = policy(stage, "waived.yaml", KEY, waivers=["tlog"])
    ran = explain(stage, stage.keyed, waived, "--artifact", stage.artifact)
    assert (ran.status, "The policy turned off: log." in ran.out) == (0, True)
    assert "WARNING: The policy file turns checks off: tlog." in ran.err


def test_the_policy_may_come_from_the_environment(stage: Stage, both: Path, two: Path) -> None:
    words = ("explain", both, "--trusted-root", stage.trusted_root, "--artifact", stage.artifact)
    assert f"Policy {two}: 2 distinct" in stage.must(*words, env={"PYCOSIGN_POLICY_FILE": str(two)}).out


@pytest.mark.parametrize(
    "words",
    [
        ("--key", "cosign.pub"),
        ("--certificate-identity", "x"),
        ("--certificate-oidc-issuer-regexp", "x"),
        ("--certificate-github-workflow-ref", "x"),
        ("--insecure-ignore-tlog",),
        ("--insecure-ignore-sct=true",),
        ("--private-infrastructure",),
        ("--signature-digest-algorithm", "sha512"),
        ("--ca-roots", "x"),
        ("--certificate-chain", "x"),
    ],
)
def test_flags_that_the_policy_leaves_no_room_for_are_refused(stage: Stage, two: Path, words: tuple[str, ...]) -> None:
    ran = explain(stage, stage.keyed, two, *words)
    assert (ran.status, ran.out) == (1, "")
    assert words[0].partition("=")[0].removeprefix("--ca-") in ran.err or "unsupported" in ran.err
    plain = stage.run("verify-blob", "--bundle", stage.keyed, "--policy-file", two, *words, stage.artifact)
    assert (plain.status, plain.err.splitlines()[-1]) == (1, ran.err.splitlines()[-1])


def test_a_policy_that_is_wrong_tells_nothing(stage: Stage) -> None:
    ran = explain(stage, stage.keyed, stage.file("wrong.yaml", b"schema: 1\n"))
    assert (ran.status, ran.out) == (1, "")
    assert "policy.signers is missing" in ran.err
    assert "no such file" in explain(stage, stage.keyed, stage.folder / "nosuch.yaml").err


# ---- by digest, and about files --------------------------------------------------------------------------------------
def statement(stage: Stage) -> tuple[bytes, str]:
    """An attestation about the file, and the public key that made it."""
    signer = generate_signer("ecdsa-p256")
    named = hashlib.sha256(stage.artifact.read_bytes()).hexdigest()
    content = {"_type": STATEMENT_V1, "subject": [{"name": "x", "digest": {"sha256": named}}]}
    raw = json.dumps({**content, "predicateType": REVIEW, "predicate": {}}).encode()
    context = SigningContext(KeySigning(signer), SigningServices(), stage.sandbox.clock)
    return attest_statement(raw, context=context), signer.public_key.pem().decode()


def test_an_attestation_counts_where_the_policy_names_its_type(stage: Stage) -> None:
    content, key = statement(stage)
    bundle = stage.file("typed-review.json", content)
    digest = "sha256:" + hashlib.sha256(stage.artifact.read_bytes()).hexdigest()
    typed = policy(stage, "typed.yaml", {"key": key}, predicate_type=REVIEW, waivers=["tlog"])
    for artifact in (str(stage.artifact), digest):
        explanation = data(stage, bundle, typed, "--artifact", artifact)
        assert (explanation["verdict"], next_of(explanation)[0]) == ("verified", "verify-blob-attestation")
        assert stage.must(*next_of(explanation)).err.endswith("Verified OK\n")
    untyped = policy(stage, "untyped.yaml", {"key": key}, waivers=["tlog"])
    for words in ((), ("--artifact", stage.artifact)):
        explanation = data(stage, bundle, untyped, *words)
        assert (explanation["verdict"], explanation["stories"][0]["code"]) == ("refused", "predicate-type.mismatch")
    ran = explain(stage, bundle, untyped, "--artifact", stage.artifact)
    assert "signature       passed" in ran.out
    nobody_is_called_verified(ran.out)


def test_the_digest_of_a_file_that_was_signed_itself_is_not_enough(stage: Stage) -> None:
    signer, other = generate_signer("ed25519"), generate_signer("ecdsa-p256")
    context = SigningContext(KeySigning(signer), SigningServices(), stage.sandbox.clock)
    with stage.artifact.open("rb") as stream:
        bundle = stage.file("pure.json", sign_blob(stream, context=context, legacy=True).bundle)
    keys = [{"key": key.public_key.pem().decode()} for key in (other, signer)]
    digest = "sha512:" + hashlib.sha512(stage.artifact.read_bytes()).hexdigest()
    for signers in (keys, keys[1:]):
        file = policy(stage, "pure.yaml", *signers, waivers=["tlog"])
        assert data(stage, bundle, file, "--artifact", stage.artifact)["verdict"] == "verified"
        for words in ((), ("--artifact", digest)):
            explanation = data(stage, bundle, file, *words)
            assert (explanation["verdict"], explanation["code"]) == ("unavailable", "artifact.needed")
            assert next_of(explanation)[-1] == "FILE"


# ---- images ----------------------------------------------------------------------------------------------------------
def sign(stage: Stage, image: str, who: str) -> None:
    stage.must("sign", "--yes", HTTP, image, env={"SIGSTORE_ID_TOKEN": stage.sandbox.token(who)})


def same_as_verify(stage: Stage, image: str, file: Path) -> dict[str, Any]:
    """The answer, which is that of `verify`."""
    explanation = data(stage, image, file, HTTP)
    words = ("--policy-file", file, "--trusted-root", stage.trusted_root, HTTP, "--report", "json", image)
    ran = stage.run("verify", *words)
    report = json.loads(ran.out)
    assert (explanation["verdict"], explanation["policy"]) == (report["verdict"], report["policy"])
    status = {"verified": 0, "refused": 1, "unavailable": 20}[report["verdict"]]
    assert (explain(stage, image, file, HTTP).status, ran.status == 0) == (status, status == 0)
    return explanation


def test_the_signers_of_an_image_are_counted(stage: Stage, two: Path) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('explain/policy', b'by policy')}"
    bare = explain(stage, image, two, HTTP)
    assert bare.status == 1
    assert "0 distinct signer(s) of 2 demanded" in bare.out
    sign(stage, image, EMAIL)
    sign(stage, image, EMAIL)
    explanation = same_as_verify(stage, image, two)
    assert (explanation["verdict"], explanation["next"]) == ("refused", None)
    assert {story["verdict"] for story in explanation["stories"]} == {"consistent"}
    nobody_is_called_verified(explain(stage, image, two, HTTP).out)
    stage.must("sign", "--key", stage.key, *OLD_STYLE, "--rekor-url", stage.sandbox.urls["rekor"], HTTP, image)
    explanation = same_as_verify(stage, image, two)
    assert [story["verdict"] for story in explanation["stories"]] == ["verified"] * 3
    command = next_of(explanation)
    assert (command[0], command[-1]) == ("verify", image)
    assert stage.run(*command).status == 0
    assert (
        f"So it is verified: {image} has the signers that the policy demands." in explain(stage, image, two, HTTP).out
    )


def test_an_attestation_beside_an_image_counts_only_where_the_policy_names_its_type(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('explain/policy-review', b'policy review')}"
    attest(stage, image)
    untyped = policy(stage, "image-untyped.yaml", person(stage, EMAIL))
    explanation = data(stage, image, untyped, HTTP)
    assert (explanation["verdict"], explanation["stories"][0]["verdict"]) == ("refused", "consistent")
    ran = explain(stage, image, untyped, HTTP)
    assert (ran.status, "It does not count: it is not of the kind that the policy demands." in ran.out) == (1, True)
    nobody_is_called_verified(ran.out)
    typed = policy(stage, "image-typed.yaml", person(stage, EMAIL), predicate_type=REVIEW)
    assert same_as_verify(stage, image, typed)["verdict"] == "verified"
    sign(stage, image, BOB)
    by_two = policy(stage, "image-two.yaml", person(stage, EMAIL), person(stage, BOB), threshold=2)
    assert same_as_verify(stage, image, by_two)["verdict"] == "refused"
    one = policy(stage, "image-bob.yaml", person(stage, EMAIL), person(stage, BOB))
    stories = same_as_verify(stage, image, one)["stories"]
    assert sorted(story["verdict"] for story in stories) == ["consistent", "verified"]


def test_a_place_that_could_not_be_asked_may_hold_the_missing_signers(stage: Stage, two: Path) -> None:
    name = stage.image("explain/policy-denied", b"policy denied")
    sign(stage, f"{stage.sandbox.registry}/{name}", EMAIL)
    registry = FaultyRegistry(stage.sandbox.registry)
    try:
        registry.at("/referrers/", 403)
        explanation = data(stage, f"{registry.host}/{name}", two, HTTP)
        ran = explain(stage, f"{registry.host}/{name}", two, HTTP)
    finally:
        registry.close()
    assert (ran.status, explanation["verdict"], explanation["code"]) == (20, "unavailable", "signers.unavailable")
    nobody_is_called_verified(ran.out)
