"""`--policy-file`: several signers of one artifact, key windows, thresholds and revocation lists, as users run it."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.keys import load_public_key
from pycosign.crypto.signers import generate_signer
from pycosign.flows.attest_blob import attest_statement
from pycosign.flows.signing import KeySigning, SigningContext
from pycosign.flows.verify_blob import read_bundle_evidence
from pycosign.sign.services import SigningServices
from pycosign.wire.intoto import STATEMENT_V1
from tests.cli.json_schema import problems
from tests.cli.stage import EMAIL, Stage, assert_one_error

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "report.schema.json").read_text())
BOB = "bob@example.com"
REGISTRY = ("--allow-http-registry",)


@pytest.fixture(scope="module")
def by_bob(stage: Stage) -> Path:
    """A signature of another person."""
    path = stage.folder / "by-bob.json"
    stage.must("sign-blob", "--bundle", path, stage.artifact, env={"SIGSTORE_ID_TOKEN": stage.sandbox.token(BOB)})
    return path


def lines(stage: Stage, name: str, *bundles: Path) -> Path:
    """One file with several bundles."""
    return stage.file(name, b"\n".join(bundle.read_bytes() for bundle in bundles) + b"\n")


def person(stage: Stage, email: str, **members: Any) -> dict[str, Any]:
    return {"identity": email, "issuer": stage.sandbox.issuer, **members}


def policy(stage: Stage, name: str, *signers: dict[str, Any], **members: Any) -> Path:
    """JSON is YAML; paths in it are relative to the policy, which lies beside the keys."""
    return stage.file(name, json.dumps({"schema": 1, "signers": list(signers), **members}).encode())


def verify(stage: Stage, bundle: Path, policy_file: Path, *words: object) -> tuple[object, ...]:
    trusted_root = ("--trusted-root", stage.trusted_root)
    return ("verify-blob", "--bundle", bundle, "--policy-file", policy_file, *trusted_root, *words, stage.artifact)


KEY: dict[str, Any] = {"key": "cosign.pub", "name": "the release key"}


# ---- files ---------------------------------------------------------------------------------------------------------
def test_any_of_several_signers(stage: Stage, by_bob: Path) -> None:
    either = policy(stage, "either.yaml", KEY, person(stage, EMAIL))
    for bundle in (stage.keyed, stage.keyless_v1, stage.keyless_v2, stage.legacy_keyed):
        ran = stage.must(*verify(stage, bundle, either))
        assert (ran.out, ran.err) == ("", "Verified OK\n")
    assert_one_error(stage.run(*verify(stage, by_bob, either)), 1, naming=BOB, code="identity.mismatch")


def test_two_of_three_over_a_key_and_identities(stage: Stage, by_bob: Path) -> None:
    two = policy(stage, "two.yaml", KEY, person(stage, EMAIL), person(stage, BOB), threshold=2)
    for name, pair in {
        "a.jsonl": (stage.keyed, stage.keyless_v2),
        "b.jsonl": (stage.keyless_v1, by_bob),
        "c.jsonl": (by_bob, stage.keyed),
    }.items():
        assert stage.must(*verify(stage, lines(stage, name, *pair), two)).err == "Verified OK\n"
    twice = lines(stage, "twice.jsonl", stage.keyless_v1, stage.keyless_v2)  # one person, two signatures
    assert_one_error(
        stage.run(*verify(stage, twice, two)), 1, naming="1 distinct signer(s) of 2 demanded", code="signers.threshold"
    )
    assert_one_error(stage.run(*verify(stage, stage.keyed, two)), 1, naming="of 2 demanded", code="signers.threshold")


def test_a_report_shows_each_signer_that_counted_and_each_signature(stage: Stage, by_bob: Path) -> None:
    two = policy(stage, "two.yaml", KEY, person(stage, EMAIL), person(stage, BOB), threshold=2)
    bundle = lines(stage, "three.jsonl", stage.keyed, by_bob, stage.folder / "foreign.json")
    report = json.loads(stage.must(*verify(stage, bundle, two, "--report", "json")).out)
    assert list(problems(report, SCHEMA, SCHEMA)) == []
    assert report["policy"]["threshold"] == 2
    assert [item["rules"] for item in report["policy"]["signers"]] == [["the release key"], []]
    assert report["policy"]["signers"][1]["signer"] == f"{BOB} ({stage.sandbox.issuer})"
    assert [found["verdict"] for found in report["candidates"]] == ["verified", "verified", "refused"]
    assert report["candidates"][1]["source"] == f"{bundle}, line 2"
    text = stage.must(*verify(stage, bundle, two, "--report", "text")).out
    assert "policy: 2 distinct signer(s) of 2 demanded: key sha256:" in text
    row = json.loads(stage.must(*verify(stage, bundle, two, "--output", "json")).out)
    assert list(problems(row, SCHEMA["$defs"]["row"], SCHEMA)) == []
    assert (row["verdict"], len(row["policy"]["signers"])) == ("verified", 2)
    row = json.loads(stage.run(*verify(stage, stage.keyed, two, "--output", "json")).out)
    assert list(problems(row, SCHEMA["$defs"]["row"], SCHEMA)) == []
    assert (row["code"], len(row["policy"]["signers"])) == ("signers.threshold", 1)


@pytest.fixture(autouse=True)
def foreign_signature(stage: Stage) -> None:
    """Somebody's signature of another file."""
    path = stage.folder / "foreign.json"
    if not path.exists():
        stage.must("sign-blob", "--key", stage.key, "--bundle", path, stage.file("another", b"another\n"))


def test_a_batch_is_judged_by_the_policy_too(stage: Stage, by_bob: Path) -> None:
    two = policy(stage, "two.yaml", KEY, person(stage, EMAIL), person(stage, BOB), threshold=2)
    both = lines(stage, "a.jsonl", stage.keyed, by_bob)
    rows = [{"artifact": str(stage.artifact), "bundle": str(bundle)} for bundle in (both, by_bob, stage.folder / "x")]
    batch = stage.file("batch.jsonl", "\n".join(json.dumps(row) for row in rows).encode())
    words = ("--policy-file", two, "--trusted-root", stage.trusted_root, "--output", "json")
    ran = stage.run("verify-blob", "--batch", batch, *words)
    assert ran.status == 1
    answers = [json.loads(line) for line in ran.out.splitlines()]
    for answer in answers:
        assert list(problems(answer, SCHEMA["$defs"]["batchRow"], SCHEMA)) == []
    assert [answer["code"] for answer in answers] == [None, "signers.threshold", "bundle.unreadable"]
    assert len(answers[0]["policy"]["signers"]) == 2
    for answer in answers:
        assert answer["trust"]["source"] == stage.trusted_root
        assert tuple(answer)[2:6] == ("artifact", "bundle", "verdict", "code")


def test_a_key_counts_inside_its_window(stage: Stage) -> None:
    now = stage.sandbox.now
    early, late = format_rfc3339(now - timedelta(days=1)), format_rfc3339(now + timedelta(days=1))
    stage.must(*verify(stage, stage.keyed, policy(stage, "w.yaml", {**KEY, "valid_from": early, "valid_until": late})))
    for window in ({"valid_from": late}, {"valid_until": early}):
        ran = stage.run(*verify(stage, stage.keyed, policy(stage, "w.yaml", {**KEY, **window})))
        assert_one_error(ran, 1, naming="the demanded key counts", code="key.outside-window")


def test_logs_and_authorities_are_counted(stage: Stage) -> None:
    one = policy(stage, "t.yaml", KEY, logs=1, timestamp_authorities=1)
    stage.must(*verify(stage, stage.keyed, one))
    for members, code in (({"logs": 2}, "tlog.threshold"), ({"timestamp_authorities": 2}, "timestamp.threshold")):
        ran = stage.run(*verify(stage, stage.keyed, policy(stage, "t.yaml", KEY, **members)))
        assert_one_error(ran, 1, naming="of 2 demanded", code=code)
    plain = policy(stage, "t.yaml", KEY)
    for more in ((), ("--use-signed-timestamps",)):
        assert stage.run(*verify(stage, stage.legacy_keyed, plain, *more)).status == len(more)  # flags only add demands
    ran = stage.run(*verify(stage, stage.legacy_keyed, policy(stage, "t.yaml", KEY, timestamp_authorities=1)))
    assert_one_error(ran, 1, naming="a signed timestamp is demanded", code="timestamp.missing")


def test_claims_of_the_certificate_are_demanded(stage: Stage) -> None:
    named = policy(stage, "c.yaml", person(stage, EMAIL, claims={"issuer": stage.sandbox.issuer}))
    stage.must(*verify(stage, stage.keyless_v2, named))
    other = policy(stage, "c.yaml", person(stage, EMAIL, claims={"build_trigger": {"regexp": ""}}))
    ran = stage.run(*verify(stage, stage.keyless_v2, other))
    assert ran.status == 1
    assert "policy.signers[0].claims.build_trigger.regexp is empty" in ran.err
    other = policy(stage, "c.yaml", person(stage, EMAIL, claims={"build_trigger": {"regexp": "."}}))
    ran = stage.run(*verify(stage, stage.keyless_v2, other))
    assert_one_error(ran, 1, naming="no claim build_trigger", code="claim.mismatch")


def test_an_attestation_by_policy(stage: Stage) -> None:
    signer, uri = generate_signer("ecdsa-p256"), "https://example.com/review/v1"
    subject = [{"name": "x", "digest": {"sha256": hashlib.sha256(stage.artifact.read_bytes()).hexdigest()}}]
    statement = {"_type": STATEMENT_V1, "subject": subject, "predicateType": uri, "predicate": {}}
    context = SigningContext(KeySigning(signer), SigningServices(), stage.sandbox.clock)
    bundle = stage.file("attestation.json", attest_statement(json.dumps(statement).encode(), context=context))
    reviewer = {"key": signer.public_key.pem().decode()}
    words = ("verify-blob-attestation", "--bundle", bundle, "--policy-file")
    typed = policy(stage, "typed.yaml", reviewer, predicate_type=uri, waivers=["tlog"])
    untyped = policy(stage, "untyped.yaml", reviewer, waivers=["tlog"])
    stage.must(*words, typed, stage.artifact)
    stage.must("verify-blob", "--bundle", bundle, "--policy-file", typed, stage.artifact)
    ran = stage.run("verify-blob", "--bundle", bundle, "--policy-file", untyped, stage.artifact)
    assert_one_error(ran, 1, naming="the policy demands a signature", code="predicate-type.mismatch")
    ran = stage.run("verify-blob", "--bundle", stage.keyed, "--policy-file", typed, stage.artifact)
    assert_one_error(ran, 1, naming="holds a bare signature", code="predicate-type.mismatch")
    stage.must(*words, untyped, "--type", uri, stage.artifact)
    stage.must(*words, typed, "--digest", subject[0]["digest"]["sha256"], "--digestAlg", "sha256")  # type: ignore[index]
    ran = stage.run(*words, typed, "--type", "spdx", stage.artifact)
    assert_one_error(ran, 1, naming="the policy demands the predicate type", hint=False)
    assert_one_error(stage.run(*words, untyped, stage.artifact), 1, naming=uri, code="predicate-type.mismatch")
    assert_one_error(
        stage.run(*words, typed, stage.file("another", b"another\n")), 1, naming="none", code="artifact.digest-mismatch"
    )


# ---- what a policy says wrong --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "naming"),
    [
        (("--key", "cosign.pub"), "--key cannot be used together with --policy-file"),
        (("--certificate-identity", "x"), "--certificate-identity cannot be used"),
        (("--certificate-oidc-issuer-regexp", "x"), "--certificate-oidc-issuer-regexp cannot be used"),
        (("--insecure-ignore-tlog",), "--insecure-ignore-tlog cannot be used"),
        (("--insecure-ignore-sct=true",), "--insecure-ignore-sct cannot be used"),
        (("--private-infrastructure",), "--private-infrastructure cannot be used"),
        (("--signature", "x"), "signature"),
    ],
)
def test_flags_that_say_who_signs_or_turn_a_check_off_are_refused(
    stage: Stage, words: tuple[str, ...], naming: str
) -> None:
    ran = stage.run(*verify(stage, stage.keyed, policy(stage, "p.yaml", KEY), *words))
    assert ran.status == 1
    assert naming in ran.err


def test_a_variable_of_the_environment_does_not_weaken_a_policy(stage: Stage) -> None:
    ran = stage.run(*verify(stage, stage.keyed, policy(stage, "p.yaml", KEY)), env={"COSIGN_INSECURE_IGNORE_TLOG": "1"})
    assert ran.status == 1
    assert "cannot be used together with --policy-file" in ran.err


def test_the_environment_can_name_the_policy(stage: Stage) -> None:
    words = ("verify-blob", "--bundle", stage.keyed, "--trusted-root", stage.trusted_root, stage.artifact)
    stage.must(*words, env={"PYCOSIGN_POLICY_FILE": str(policy(stage, "p.yaml", KEY))})


@pytest.mark.parametrize(
    ("content", "naming"),
    [
        (b"schema: 1\n", "policy.signers is missing"),
        (b"schema: 1\nsigners: [{key: cosign.pub, kee: x}]\n", "policy.signers[0] has an unknown member 'kee'"),
        (b"schema: 1\nsigners: [{key: nowhere.pub}]\n", "nowhere.pub: no such file"),
        (b"schema: 1\nsigners: [{key: artifact.txt}]\n", "not a public key"),
        (b"schema: 1\nsigners: [{key: 'http://127.0.0.1:1/key.pub'}]\n", "the network may not be used"),
        (
            b"schema: 1\nsigners: [{key: cosign.pub}, {key: ./cosign.pub}]\n",
            "yaml: policy: the policy names one key twice",
        ),
        (
            b"schema: 1\nsigners: [{key: cosign.pub}]\nthreshold: 2\n",
            "yaml: policy: the policy's threshold of 2 can never be met",
        ),
    ],
)
def test_a_policy_with_something_wrong_verifies_nothing(stage: Stage, content: bytes, naming: str) -> None:
    for form in ((), ("--output", "json"), ("--report", "json")):
        ran = stage.run(*verify(stage, stage.keyed, stage.file("wrong.yaml", content), *form))
        assert (ran.status, ran.out) == (1, "")
        assert naming in ran.err
        assert "Verified" not in ran.err


def test_a_key_may_stand_in_the_policy_itself_or_in_a_variable(stage: Stage) -> None:
    inline = policy(stage, "inline.yaml", {"key": stage.public_key.read_text()})
    stage.must(*verify(stage, stage.keyed, inline))
    variable = policy(stage, "variable.yaml", {"key": "env://RELEASE_KEY"})
    stage.must(*verify(stage, stage.keyed, variable), env={"RELEASE_KEY": stage.public_key.read_text()})


def test_waivers_are_named_in_the_policy_and_shown(stage: Stage) -> None:
    waived = policy(stage, "waived.yaml", KEY, waivers=["tlog"])
    words = ("verify-blob", "--bundle", stage.keyed, "--policy-file", waived, "--report", "json", stage.artifact)
    ran = stage.must(*words)
    assert "WARNING: The policy file turns checks off: tlog." in ran.err
    report = json.loads(ran.out)
    assert report["candidates"][0]["waivers"] == ["tlog"]
    assert report["trust"] is None  # a key without a log needs none


# ---- revocation ----------------------------------------------------------------------------------------------------
def revoking(
    stage: Stage, name: str, *, expires: int = 1, signer: Path | None = None, **members: Any
) -> dict[str, Any]:
    """A signed list; returns what the policy says of it."""
    now = stage.sandbox.now
    document = {
        "schema": 1,
        "issued": format_rfc3339(now - timedelta(days=2)),
        "expires": format_rfc3339(now + timedelta(days=expires)),
        **members,
    }
    path = stage.file(f"{name}.revoked.json", json.dumps(document).encode())
    stage.must("sign-blob", "--key", signer or stage.folder / "other.key", "--bundle", f"{path}.sigstore.json", path)
    return {"file": path.name, "bundle": f"{path.name}.sigstore.json", "signers": [{"key": "other.pub"}]}


def leaf(bundle: Path) -> Any:
    return parse_certificate(read_bundle_evidence(bundle.read_bytes()).chain_der[0])


def test_each_kind_of_revocation_refuses(stage: Stage, by_bob: Path) -> None:
    digest = hashlib.sha512(stage.artifact.read_bytes()).hexdigest()
    key = hashlib.sha256(load_public_key(stage.public_key.read_bytes()).spki_der).hexdigest()
    either = (KEY, person(stage, EMAIL), person(stage, BOB))
    cases: dict[str, tuple[Path, Path, dict[str, Any]]] = {
        "artifact": (stage.keyed, stage.folder / "none", {"artifacts": [f"sha512:{digest}"]}),
        "key": (stage.keyed, by_bob, {"keys": [{"digest": f"sha256:{key}", "reason": "lost"}]}),
        "identity": (by_bob, stage.keyed, {"identities": [{"identity": BOB, "issuer": stage.sandbox.issuer}]}),
        "certificate": (by_bob, stage.keyless_v2, {"certificates": [{"serial": f"{leaf(by_bob).serial:x}"}]}),
    }
    for kind, (refused, good, members) in cases.items():
        source = revoking(stage, kind, **members)
        file = policy(stage, f"{kind}.yaml", *either, revocations=[source])
        ran = stage.run(*verify(stage, refused, file))
        assert_one_error(ran, 1, naming=f"by the revocation list {source['file']}", code=f"revoked.{kind}")
        if good.exists():
            stage.must(*verify(stage, good, file))


def test_a_revoked_signer_does_not_count_towards_the_threshold(stage: Stage, by_bob: Path) -> None:
    source = revoking(stage, "bob", identities=[{"identity": BOB}])
    signers = (KEY, person(stage, EMAIL), person(stage, BOB))
    two = policy(stage, "two-bob.yaml", *signers, threshold=2, revocations=[source])
    with_bob = lines(stage, "bob.jsonl", stage.keyed, by_bob)
    ran = stage.run(*verify(stage, with_bob, two))
    assert ran.status == 1
    assert "code: signers.threshold (revoked.identity)" in ran.err
    stage.must(*verify(stage, lines(stage, "others.jsonl", stage.keyed, by_bob, stage.keyless_v1), two))


def test_an_expired_list_is_unavailable(stage: Stage) -> None:
    file = policy(stage, "old.yaml", KEY, revocations=[revoking(stage, "old", expires=-1)])
    assert_one_error(stage.run(*verify(stage, stage.keyed, file)), 20, naming="expired", code="revocation.expired")


def test_a_list_that_is_not_signed_by_whom_the_policy_names_verifies_nothing(stage: Stage, by_bob: Path) -> None:
    good = revoking(stage, "list")
    foreign = revoking(stage, "foreign", signer=stage.key)
    swapped = {**good, "bundle": foreign["bundle"]}
    edited = {**good, "file": "edited.json"}
    stage.file("edited.json", (stage.folder / good["file"]).read_bytes().replace(b'"schema"', b' "schema"'))
    cosigned = {**good, "bundle": by_bob.name}
    garbage = {**good, "bundle": "cosign.pub"}
    elsewhere = {**good, "file": "nowhere.json"}
    stage.must(*verify(stage, stage.keyed, policy(stage, "list.yaml", KEY, revocations=[good])))
    for source in (foreign, swapped, edited, cosigned, garbage, elsewhere):
        for form in ((), ("--report", "json")):
            file = policy(stage, "list.yaml", KEY, revocations=[good, source])
            ran = stage.run(*verify(stage, stage.keyed, file, *form))
            assert (ran.status, ran.out) == (1, ""), source
            assert "Verified" not in ran.err
            assert "revo" in ran.err or "no such file" in ran.err


def test_a_list_that_is_signed_but_malformed_verifies_nothing(stage: Stage) -> None:
    file = policy(stage, "bad.yaml", KEY, revocations=[revoking(stage, "bad", artefacts=[])])
    ran = stage.run(*verify(stage, stage.keyed, file))
    assert ran.status == 1
    assert "has an unknown member 'artefacts'" in ran.err


# ---- images --------------------------------------------------------------------------------------------------------
def test_two_of_three_on_an_image(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('by-policy', b'by policy')}"
    two = policy(stage, "two.yaml", KEY, person(stage, EMAIL), person(stage, BOB), threshold=2)
    words = ("verify", "--policy-file", two, "--trusted-root", stage.trusted_root, *REGISTRY, image)
    unsigned = stage.run(*words)
    assert_one_error(unsigned, 10, naming="no signatures found", code="image.no-signatures")
    for token in (EMAIL, EMAIL):
        stage.must("sign", "--yes", *REGISTRY, image, env={"SIGSTORE_ID_TOKEN": stage.sandbox.token(token)})
    assert_one_error(stage.run(*words), 1, naming="1 distinct signer(s) of 2", code="signers.threshold")
    stage.must("sign", "--yes", "--key", stage.key, *REGISTRY, image)
    ran = stage.must(*words)
    assert len(json.loads(ran.out)) == 3
    assert "2 distinct signer(s) of 2 demanded" in ran.err
    report = json.loads(stage.must(*words[:-1], "--report", "json", image).out)
    assert list(problems(report, SCHEMA, SCHEMA)) == []
    assert (report["policy"]["threshold"], len(report["policy"]["signers"])) == (2, 2)


def test_a_revoked_image_is_refused(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('revoked-image', b'revoked')}"
    stage.must("sign", "--yes", "--key", stage.key, *REGISTRY, image)
    digest = stage.run("triangulate", *REGISTRY, image).out.strip().rpartition(":")[2]
    revoked = digest.removesuffix(".sig").replace("sha256-", "sha256:")
    words = ("verify", "--trusted-root", stage.trusted_root, *REGISTRY, "--policy-file")
    stage.must(*words, policy(stage, "image.yaml", KEY), image)
    source = revoking(stage, "image", artifacts=[revoked])
    ran = stage.run(*words, policy(stage, "image.yaml", KEY, revocations=[source]), image)
    assert ran.status == 1
    assert "revoked.artifact" in ran.err
