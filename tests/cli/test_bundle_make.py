"""`bundle create` and `bundle upgrade`: bundles that both tools verify, and none of what cannot be good."""

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pycosign.errors import MalformedError
from pycosign.wire.bundle import Bundle, parse_bundle
from tests.cli.conftest import Cli, Ran, run_cli
from tests.cli.stage import OLD_STYLE, Stage
from tests.cli.test_bundle_inspect import FILES
from tests.cli.test_peer import shown

V01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
V02 = "application/vnd.dev.sigstore.bundle+json;version=0.2"
OLDER = [path for path in FILES if V01.encode() in path.read_bytes() or V02.encode() in path.read_bytes()]


def rekor(stage: Stage) -> tuple[str, str]:
    return "--rekor-url", stage.sandbox.urls["rekor"]


def same(bundle: bytes) -> Bundle:
    """The bundle without what a log gives anew each time that it is asked."""
    read = parse_bundle(bundle)
    return read._replace(entries=tuple(entry._replace(promise=None, proof=None) for entry in read.entries))


# ---- create ---------------------------------------------------------------------------------------------------------
class Loose:
    """A signature and a certificate in files, and Cosign's own bundle of both."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.signature, self.certificate, self.bundle = (folder / name for name in ("sig", "cert", "old.json"))
        stage.must(
            *("sign-blob", *OLD_STYLE, *rekor(stage), "--fulcio-url", stage.sandbox.urls["fulcio"]),
            *("--output-signature", self.signature, "--output-certificate", self.certificate),
            *("--bundle", self.bundle, stage.artifact),
        )


@pytest.fixture
def loose(stage: Stage, tmp_path: Path) -> Loose:
    return Loose(stage, tmp_path)


def create(stage: Stage, *words: object) -> Ran:
    return stage.run("bundle", "create", *rekor(stage), "--artifact", stage.artifact, *words)


def test_of_a_signature_and_a_certificate(stage: Stage, loose: Loose, tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    ran = create(stage, "--signature", loose.signature, "--certificate", loose.certificate, "--out", made)
    assert (ran.status, ran.out) == (0, "")
    assert made.stat().st_mode & 0o777 == 0o600
    stage.must("verify-blob", "--bundle", made, *stage.who, stage.artifact)
    printed = create(stage, "--signature", loose.signature, "--certificate", loose.certificate)
    assert same(printed.out.encode()).content == same(made.read_bytes()).content


def test_of_cosigns_own_bundle(stage: Stage, loose: Loose, tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    assert create(stage, "--bundle", loose.bundle, "--out", made).status == 0
    stage.must("verify-blob", "--bundle", made, *stage.who, stage.artifact)
    assert create(stage, "--bundle", stage.legacy_keyed, "--key", stage.public_key, "--out", made).status == 0
    stage.must("verify-blob", "--bundle", made, "--key", stage.public_key, stage.artifact)


def test_of_a_signature_that_is_in_no_log(stage: Stage, tmp_path: Path) -> None:
    signature, made = tmp_path / "sig", tmp_path / "made.json"
    words = ("sign-blob", *OLD_STYLE, "--tlog-upload=false", "--key", stage.key, stage.artifact)
    signature.write_text(stage.must(*words).out)
    parts = ("--signature", signature, "--key", stage.public_key, "--out", made)
    missing = create(stage, *parts)
    assert (missing.status, "signature not found in transparency log" in missing.err) == (1, True)
    assert not made.exists()
    assert create(stage, *parts, "--ignore-tlog").status == 0
    stage.must("verify-blob", "--bundle", made, "--key", stage.public_key, "--insecure-ignore-tlog", stage.artifact)
    digest = create(stage, *parts, "--ignore-tlog", "--artifact", "nosuch")
    assert digest.status == 1


def test_what_cannot_be_good_is_not_written(stage: Stage, loose: Loose, tmp_path: Path) -> None:
    other, made = tmp_path / "other", tmp_path / "made.json"
    other.write_text("other")
    made.write_text("kept")
    old = ("--bundle", stage.legacy_keyed)
    signed = ("--signature", loose.signature)
    cases: list[tuple[tuple[object, ...], str]] = [
        ((*signed, "--certificate", loose.certificate, "--artifact", other), "signature.invalid"),
        ((*old, "--key", stage.other_public_key), "signature.invalid"),
        ((*signed, "--key", stage.public_key), "signature.invalid"),
        ((*signed, "--certificate", loose.certificate, "--key", stage.public_key), "key.mismatch"),
        (signed, "neither a certificate nor a key says who signed"),
        (old, "neither a certificate nor a key says who signed"),
        ((*old, "--key", stage.public_key, "--ignore-tlog"), "cannot ignore transparency log"),
    ]
    for words, part in cases:
        ran = create(stage, *words, "--out", made)
        assert (ran.status, part in ran.err) == (1, True), ran.err
        assert made.read_text() == "kept"


def test_a_key_inside_an_old_bundle_is_never_taken(stage: Stage, tmp_path: Path) -> None:
    """GHSA-fx35-mq7g-6g98: Cosign 3 puts the key where a certificate belongs."""
    old = json.loads(stage.legacy_keyed.read_text())
    path = tmp_path / "old.json"
    for key, words, part in (
        (stage.public_key, (), "a key that a bundle brings itself is not taken"),
        (stage.other_public_key, ("--key", stage.public_key), "legacy.cert-substitution"),
    ):
        path.write_text(json.dumps(old | {"cert": b64encode(key.read_bytes()).decode()}))
        ran = create(stage, "--bundle", path, *words)
        assert (ran.status, part in ran.err) == (1, True), ran.err
    path.write_text(json.dumps(old | {"cert": b64encode(stage.public_key.read_bytes()).decode()}))
    assert create(stage, "--bundle", path, "--key", stage.public_key).status == 0


CREATE_COMPLAINTS = [
    ("bundle", "create"),
    ("bundle", "create", "--artifact", "x"),
    ("bundle", "create", "--artifact", "x", "--bundle", "nosuch"),
    ("bundle", "create", "--artifact", "x", "--signature", "nosuch"),
    ("bundle", "create", "--artifact", "x", "--bundle", "b", "--signature", "s"),
    ("bundle", "create", "--artifact", "x", "--bundle", "b", "--certificate", "s"),
    ("bundle", "upgrade"),
    ("bundle", "upgrade", "nosuch"),
    ("bundle", "upgrade", "a", "b"),
]


@pytest.mark.peer
@pytest.mark.parametrize("words", CREATE_COMPLAINTS, ids=" ".join)
def test_cosign_complains_alike(cli: Cli, cosign3: Cli, words: tuple[str, ...]) -> None:
    assert shown(cli(*words)) == shown(cosign3(*words))


@pytest.mark.peer
def test_cosign_creates_the_same_and_verifies_ours(stage: Stage, loose: Loose, tmp_path: Path, cosign3: Cli) -> None:
    folder = tmp_path
    attest = ("attest-blob", *OLD_STYLE, "--key", stage.key, *rekor(stage), "--type", "custom", "--predicate")
    (folder / "predicate").write_text("{}")
    envelope = folder / "envelope"
    words = (
        *attest,
        folder / "predicate",
        "--output-signature",
        envelope,
        "--bundle",
        folder / "att",
        stage.artifact,
    )
    ran = cosign3(*map(str, words), env=stage.env)
    assert ran.status == 0, ran.err
    keyed = ("--key", stage.public_key)
    for number, parts in enumerate(
        (
            ("--signature", loose.signature, "--certificate", loose.certificate),
            ("--bundle", loose.bundle),
            ("--bundle", stage.legacy_keyed, *keyed),
            ("--bundle", folder / "att", "--attestation", envelope, *keyed),
        )
    ):
        ours, theirs = folder / f"ours{number}.json", folder / f"theirs{number}.json"
        common = ("bundle", "create", *rekor(stage), "--artifact", stage.artifact, *parts)
        stage.must(*common, "--out", ours)
        ran = cosign3(*map(str, (*common, "--out", theirs)), env=stage.env)
        if "--attestation" in parts and ran.status:  # Cosign 3 puts the key into `cert`, and then cannot read it
            assert "x509" in ran.err
        else:
            assert ran.status == 0, ran.err
            assert same(ours.read_bytes()) == same(theirs.read_bytes())
        who = keyed if "--key" in parts else stage.who
        verify = "verify-blob-attestation" if "--attestation" in parts else "verify-blob"
        kind = ("--type", "custom") if "--attestation" in parts else ()
        check = (verify, "--bundle", ours, *who, *kind, stage.artifact)
        for program in (stage.run, cosign3):
            verified = program(*map(str, check), env=stage.env)
            assert verified.status == 0, verified.err


# ---- upgrade --------------------------------------------------------------------------------------------------------
def older(stage: Stage, path: Path, change: Callable[[dict[str, Any]], None], *, version: str = V01) -> Path:
    """The stage's bundle with an entry of Rekor v1, as an older version would have it, and changed."""
    bundle = json.loads(stage.keyless_v1.read_text())
    material = bundle["verificationMaterial"]
    material["x509CertificateChain"] = {"certificates": [material.pop("certificate")]}
    bundle["mediaType"] = version
    change(material["tlogEntries"][0])
    path.write_text(json.dumps(bundle))
    return path


def without_proof(entry: dict[str, Any]) -> None:
    del entry["inclusionProof"]


def without_checkpoint(entry: dict[str, Any]) -> None:
    del entry["inclusionProof"]["checkpoint"]


def as_it_is(entry: dict[str, Any]) -> None:
    return None


@pytest.mark.parametrize("version", [V01, V02])
@pytest.mark.parametrize("change", [without_proof, without_checkpoint, as_it_is])
def test_what_a_later_version_needs_is_fetched(
    stage: Stage, tmp_path: Path, change: Callable[[dict[str, Any]], None], version: str
) -> None:
    old = older(stage, tmp_path / "old.json", change, version=version)
    new = tmp_path / "new.json"
    ran = stage.must("bundle", "upgrade", *rekor(stage), "--out", new, old)
    said = ran.err.splitlines()
    assert said[0] == f"Upgrading from v{version[-3:]} to v0.3..."
    assert said[1:3] == [
        "Truncating certificate chain to only the leaf certificate...",
        "  Certificate 0 Identity: signer@example.com",
    ]
    assert any(line.startswith("Fetching missing inclusion proof") for line in said) == (change is not as_it_is)
    assert said[-1] == f"Successfully upgraded bundle written to {new}"
    assert parse_bundle(new.read_bytes()).version == "0.3"
    stage.must("verify-blob", "--bundle", new, *stage.who, stage.artifact)


def test_a_log_that_says_something_else_changes_nothing(stage: Stage, tmp_path: Path) -> None:
    def another_time(entry: dict[str, Any]) -> None:
        without_proof(entry)
        entry["integratedTime"] = "1"

    def no_such_place(entry: dict[str, Any]) -> None:
        without_proof(entry)
        entry["logIndex"] = "99999999"

    new = tmp_path / "new.json"
    for change, code in ((another_time, "tlog.entry-mismatch"), (no_such_place, "service.rejected")):
        old = older(stage, tmp_path / "old.json", change)
        ran = stage.run("bundle", "upgrade", *rekor(stage), "--out", new, old)
        assert (ran.status, code in ran.err, new.exists()) == (1, True, False), ran.err
    old = older(stage, tmp_path / "old.json", without_proof)
    unreachable = stage.run("bundle", "upgrade", "--rekor-url", "http://127.0.0.1:9", "--out", new, old)
    assert (unreachable.status, new.exists()) == (20, False)


@pytest.mark.parametrize("url", ["nonsense", "", "ftp://x", "http://", "https://[::1"])
def test_a_log_that_is_no_address_is_a_usage_error(stage: Stage, loose: Loose, tmp_path: Path, url: str) -> None:
    """It was "unavailable: try again"."""
    parts = ("--artifact", stage.artifact, "--signature", loose.signature, "--certificate", loose.certificate)
    made = stage.run("bundle", "create", *parts, "--rekor-url", url)
    upgraded = stage.run("bundle", "upgrade", "--rekor-url", url, older(stage, tmp_path / "old.json", without_proof))
    for ran in (made, upgraded):
        assert (ran.status, ran.out) == (1, "")
        assert "Error: " in ran.err
        assert "--rekor-url" in ran.err.partition("Error: ")[2].partition("\n")[0]


def test_a_bundle_of_today_stays_as_it_is(stage: Stage, tmp_path: Path) -> None:
    ran = stage.must("bundle", "upgrade", stage.keyless_v2)
    assert (ran.out, ran.err) == (
        stage.keyless_v2.read_text() + "\n",
        "Bundle is already at v0.3, no upgrade needed.\n",
    )
    for text in ("{}", '{"verificationMaterial": {}}', '{"verificationMaterial": {"publicKey": {}}}', "junk"):
        (tmp_path / "bad").write_text(text)
        assert stage.run("bundle", "upgrade", tmp_path / "bad").status == 1


def is_complete(path: Path) -> bool:
    """Whether it can be read, and can be upgraded without asking a log."""
    try:
        bundle = parse_bundle(path.read_bytes(), allow_incomplete=True)
    except MalformedError:
        return False
    return all(entry.proof is not None and entry.proof.checkpoint for entry in bundle.entries)


COMPLETE = [path for path in OLDER if is_complete(path)]


def test_there_is_a_corpus() -> None:
    assert len(COMPLETE) > 5


@pytest.mark.peer
@pytest.mark.parametrize("path", COMPLETE, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_cosign_upgrades_alike(cosign3: Cli, path: Path) -> None:
    words = ("bundle", "upgrade", str(path))
    ours, theirs = run_cli(*words), cosign3(*words)
    assert (ours.status, ours.err) == (theirs.status, theirs.err)
    assert ours.status == 0
    assert parse_bundle(ours.out.encode()) == parse_bundle(theirs.out.encode())


@pytest.mark.parametrize("path", [path for path in OLDER if path not in COMPLETE], ids=lambda path: path.parent.name)
def test_what_is_no_bundle_or_lacks_a_proof_is_not_written(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = run_cli(
        "--timeout", "1ms", "bundle", "upgrade", "--rekor-url", "http://127.0.0.1:9", "--out", str(out), str(path)
    )
    assert (ran.status in (1, 20), out.exists()) == (True, False)
