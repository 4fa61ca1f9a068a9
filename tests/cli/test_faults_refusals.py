"""Each way of being wrong ends `verify-blob` with status 1 and its own code, where a script can read it."""

import base64
import copy
import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pycosign.ambient import utc_now
from pycosign.clients.tsa import request_timestamp
from pycosign.codec.pem import format_pem
from pycosign.net.http import HttpClient
from pycosign.testing import Sandbox
from tests.cli.conftest import Ran, find_peer
from tests.cli.stage import OLD_STYLE, PASSWORD, Stage, assert_one_error

Json = Any


def load(path: Path | str) -> Json:
    return json.loads(Path(path).read_bytes())


def flipped(text: str, at: int = -3) -> str:
    """Base64 with a bit changed in a byte near the end."""
    raw = bytearray(base64.b64decode(text))
    raw[at] ^= 1
    return base64.b64encode(raw).decode()


def entry_of(bundle: Json) -> Json:
    return bundle["verificationMaterial"]["tlogEntries"][0]


@pytest.fixture
def verify(stage: Stage, tmp_path: Path) -> Callable[..., Ran]:
    """Run `verify-blob` with a bundle given as JSON; keyless unless words say otherwise."""

    def run(bundle: Json, *words: object, artifact: object = None) -> Ran:
        path = tmp_path / "bundle.json"
        path.write_text(json.dumps(bundle))
        return stage.run("verify-blob", "--bundle", path, *(words or stage.who), artifact or stage.artifact)

    return run


@pytest.fixture
def trusting(stage: Stage, tmp_path: Path) -> Callable[[Callable[[Json], None]], tuple[object, ...]]:
    """Words for keyless verification under a changed copy of the trust root."""

    def words(change: Callable[[Json], None]) -> tuple[object, ...]:
        root = load(stage.trusted_root)
        change(root)
        path = tmp_path / "trusted_root.json"
        path.write_text(json.dumps(root))
        return (*stage.who, "--trusted-root", path)

    return words


Verify = Callable[..., Ran]
Trusting = Callable[[Callable[[Json], None]], tuple[object, ...]]


def test_what_is_edited_here_is_accepted_unedited(stage: Stage, verify: Verify, trusting: Trusting) -> None:
    for path in (stage.keyless_v1, stage.keyless_v2):
        assert verify(load(path)).status == 0
        assert verify(load(path), *trusting(lambda root: None)).status == 0
    assert verify(load(stage.keyed), "--key", stage.public_key).status == 0
    assert verify(load(stage.legacy_keyed), "--key", stage.public_key).status == 0


def test_an_edited_artifact(stage: Stage, verify: Verify) -> None:
    edited = stage.file("edited.txt", b"an artifact!\n")
    for path in (stage.keyless_v1, stage.keyless_v2):
        assert_one_error(verify(load(path), artifact=edited), 1, naming="", code="artifact.digest-mismatch")
    ran = verify(load(stage.keyed), "--key", stage.public_key, artifact=edited)
    assert_one_error(ran, 1, naming="", code="artifact.digest-mismatch")


def test_an_edited_signature(stage: Stage, verify: Verify) -> None:
    bundle = load(stage.keyless_v1)
    bundle["messageSignature"]["signature"] = flipped(bundle["messageSignature"]["signature"])
    assert_one_error(verify(bundle), 1, naming="signature", code="signature.invalid")


def test_a_wrong_key(stage: Stage, verify: Verify) -> None:
    ran = verify(load(stage.keyed), "--key", stage.other_public_key)
    assert_one_error(ran, 1, naming="key", code="key.mismatch")


def test_a_key_for_a_signature_with_a_certificate(stage: Stage, verify: Verify) -> None:
    assert_one_error(verify(load(stage.keyless_v1), "--key", stage.public_key), 1, naming="", code="key.mismatch")


def test_an_identity_for_a_signature_with_a_key(stage: Stage, verify: Verify) -> None:
    assert_one_error(verify(load(stage.keyed)), 1, naming="", code="key.mismatch")


def test_a_wrong_identity(stage: Stage, verify: Verify) -> None:
    who = ("--certificate-identity", "other@example.com", *stage.who[2:])
    ran = verify(load(stage.keyless_v1), *who)
    assert_one_error(ran, 1, naming="signer@example.com", code="identity.mismatch")
    regexp = ("--certificate-identity-regexp", "^other@", *stage.who[2:])
    assert_one_error(verify(load(stage.keyless_v1), *regexp), 1, naming="^other@", code="identity.mismatch")


def test_a_wrong_issuer(stage: Stage, verify: Verify) -> None:
    who = (*stage.who[:2], "--certificate-oidc-issuer", "https://issuer.example.com")
    assert_one_error(verify(load(stage.keyless_v1), *who), 1, naming=stage.sandbox.issuer, code="issuer.mismatch")


def test_a_missing_log_entry(stage: Stage, verify: Verify) -> None:
    for path in (stage.keyless_v1, stage.keyless_v2):
        bundle = load(path)
        bundle["verificationMaterial"]["tlogEntries"] = []
        assert_one_error(verify(bundle), 1, naming="", code="tlog.missing")


def test_an_entry_of_a_log_that_is_not_trusted(stage: Stage, verify: Verify, trusting: Trusting) -> None:
    for path in (stage.keyless_v1, stage.keyless_v2):
        log_id = entry_of(load(path))["logId"]["keyId"]

        def forget(root: Json, log_id: str = log_id) -> None:
            root["tlogs"] = [log for log in root["tlogs"] if log["logId"]["keyId"] != log_id]

        assert_one_error(verify(load(path), *trusting(forget)), 1, naming="log", code="tlog.unknown-log")


def test_an_entry_of_another_signature(stage: Stage, verify: Verify) -> None:
    config = ("--signing-config", stage.sandbox.urls["signing_config_rekor_v1"])
    other = load(stage.signed("again-v1.json", *config))
    bundle = load(stage.keyless_v1)
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    assert_one_error(verify(bundle), 1, naming="entry", code="tlog.entry-mismatch")


def test_a_certificate_of_another_signature(stage: Stage, verify: Verify) -> None:
    config = ("--signing-config", stage.sandbox.urls["signing_config_rekor_v1"])
    other = load(stage.signed("again-v1.json", *config))
    bundle = load(stage.keyless_v1)
    bundle["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"]
    assert_one_error(verify(bundle), 1, naming="signature", code="signature.invalid")


def test_an_edited_log_index_promise_and_proof(stage: Stage, verify: Verify) -> None:
    bundle = load(stage.keyless_v1)
    entry_of(bundle)["integratedTime"] = str(int(entry_of(bundle)["integratedTime"]) + 1)
    assert_one_error(verify(bundle), 1, naming="", code="tlog.promise-invalid")
    stage.must("sign-blob", "--key", stage.key, "--bundle", stage.folder / "more.json", stage.artifact)
    bundle = load(stage.folder / "more.json")
    hashes = entry_of(bundle)["inclusionProof"]["hashes"]
    hashes[0] = flipped(hashes[0])
    ran = verify(bundle, "--key", stage.public_key)
    assert_one_error(ran, 1, naming="", code="tlog.root-mismatch")


def test_a_checkpoint_with_another_signature(stage: Stage, verify: Verify) -> None:
    for path in (stage.keyless_v1, stage.keyless_v2):
        bundle = load(path)
        checkpoint = entry_of(bundle)["inclusionProof"]["checkpoint"]
        text, _, signature = checkpoint["envelope"].rstrip("\n").rpartition(" ")
        checkpoint["envelope"] = f"{text} {flipped(signature, -8)}\n"
        assert_one_error(verify(bundle), 1, naming="checkpoint", code="checkpoint.invalid")


def test_a_checkpoint_of_another_tree(stage: Stage, verify: Verify) -> None:
    one, two = load(stage.keyless_v1), load(stage.keyless_v2)
    checkpoint = entry_of(two)["inclusionProof"]["checkpoint"]
    entry_of(one)["inclusionProof"]["checkpoint"] = checkpoint
    assert_one_error(verify(one), 1, naming="checkpoint", code="checkpoint.invalid")


def test_a_certificate_log_that_has_another_key(stage: Stage, verify: Verify, trusting: Trusting) -> None:
    other = base64.b64encode(_spki(stage.other_public_key)).decode()

    def change(root: Json) -> None:
        for log in root["ctlogs"]:
            log["publicKey"]["rawBytes"] = other

    def forget(root: Json) -> None:
        root["ctlogs"] = []

    assert_one_error(verify(load(stage.keyless_v1), *trusting(forget)), 1, naming="", code="sct.invalid")
    ran = verify(load(stage.keyless_v1), *trusting(change))
    assert ran.status == 1
    assert "code: sct.invalid" in ran.err or "code: malformed" in ran.err  # the log's id is not its key's


def _spki(path: Path) -> bytes:
    return base64.b64decode("".join(path.read_text().splitlines()[1:-1]))


def test_an_authority_that_is_not_trusted(stage: Stage, verify: Verify, trusting: Trusting) -> None:
    def forget(root: Json) -> None:
        root["certificateAuthorities"] = []

    assert_one_error(verify(load(stage.keyless_v1), *trusting(forget)), 1, naming="certificate", code="cert.untrusted")


# ---- time ------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A Sigstore whose clock stands half an hour ago: its certificates have expired."""
    with Sandbox(now=utc_now() - timedelta(minutes=30)) as sandbox:
        yield Stage(sandbox, tmp_path_factory.mktemp("past"))


def in_the_past(past: Stage, bundle: Json, *words: object) -> Ran:
    path = past.folder / "edited.json"
    path.write_text(json.dumps(bundle))
    return past.run("verify-blob", "--bundle", path, *past.who, *words, past.artifact)


def test_an_expired_certificate_needs_a_proved_moment(past: Stage) -> None:
    for path in (past.keyless_v1, past.keyless_v2):
        assert in_the_past(past, load(path)).status == 0
    bundle = load(past.keyless_v2)
    bundle["verificationMaterial"]["timestampVerificationData"] = {}
    assert_one_error(in_the_past(past, bundle), 1, naming="", code="timestamp.missing")
    ran = in_the_past(past, bundle, "--insecure-ignore-tlog")
    assert_one_error(ran, 1, naming="valid", code="cert.not-valid-at-time")


def test_a_timestamp_outside_the_certificates_validity(past: Stage) -> None:
    bundle = load(past.keyless_v2)
    signature = base64.b64decode(bundle["messageSignature"]["signature"])
    past.sandbox.advance(timedelta(minutes=20))
    try:
        with HttpClient() as http:
            late = request_timestamp(http, f"{past.sandbox.urls['tsa']}/api/v1/timestamp", signature)
    finally:
        past.sandbox.advance(-timedelta(minutes=20))
    stamps = bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    both = copy.deepcopy(bundle)
    stamps[0]["signedTimestamp"] = base64.b64encode(late).decode()
    assert_one_error(in_the_past(past, bundle), 1, naming="", code="timestamp.outside-validity")
    both["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] += stamps
    assert_one_error(in_the_past(past, both), 1, naming="", code="timestamp.outside-validity")


def test_a_timestamp_of_another_signature(stage: Stage, verify: Verify) -> None:
    bundle = load(stage.keyless_v2)
    other = load(stage.signed("again-v2.json"))["verificationMaterial"]["timestampVerificationData"]
    bundle["verificationMaterial"]["timestampVerificationData"] = other
    assert_one_error(verify(bundle), 1, naming="timestamp", code="timestamp.invalid")


# ---- GHSA-fx35-mq7g-6g98 ---------------------------------------------------------------------------------------------
def with_cert(bundle: Json, content: bytes) -> Json:
    return {**bundle, "cert": base64.b64encode(content).decode()}


def test_another_key_or_certificate_in_a_legacy_bundle_never_replaces_the_callers_key(
    stage: Stage, verify: Verify
) -> None:
    bundle = load(stage.legacy_keyed)
    certificate = base64.b64decode(load(stage.keyless_v1)["verificationMaterial"]["certificate"]["rawBytes"])
    pem = format_pem("CERTIFICATE", certificate)
    for content in (stage.other_public_key.read_bytes(), pem, certificate):
        ran = verify(with_cert(bundle, content), "--key", stage.public_key)
        assert_one_error(ran, 1, naming="", code="legacy.cert-substitution")
    assert verify(with_cert(bundle, stage.public_key.read_bytes()), "--key", stage.public_key).status == 0


def test_an_attackers_bundle_with_their_own_key_inside_is_refused(stage: Stage, verify: Verify) -> None:
    words = ("--key", stage.folder / "other.key", *OLD_STYLE, "--rekor-url", stage.env["REKOR_URL"])
    theirs = load(stage.signed("theirs.json", *words))
    ran = verify(with_cert(theirs, stage.other_public_key.read_bytes()), "--key", stage.public_key)
    assert_one_error(ran, 1, naming="", code="legacy.cert-substitution")


@pytest.mark.peer
def test_what_cosign_3_writes_with_a_key_in_the_old_format_verifies(stage: Stage, tmp_path: Path) -> None:
    cosign = find_peer("cosign3")
    if cosign is None:
        pytest.skip("cosign 3.1.2 is not built (`make interop` does)")
    path = tmp_path / "theirs.json"
    words = ["sign-blob", "--key", str(stage.key), *OLD_STYLE, "--rekor-url", stage.env["REKOR_URL"]]
    env = {"HOME": str(tmp_path), "COSIGN_PASSWORD": PASSWORD, "PATH": stage.env["PATH"]}
    env |= {name: stage.env[name] for name in ("TUF_ROOT", "TUF_MIRROR", "TUF_ROOT_JSON")}
    command = [cosign, *words, "--bundle", str(path), str(stage.artifact)]
    ended = subprocess.run(command, env=env, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    bundle = load(path)
    assert base64.b64decode(bundle["cert"]) == stage.public_key.read_bytes()
    assert stage.run("verify-blob", "--key", stage.public_key, "--bundle", path, stage.artifact).status == 0
    ran = stage.run("verify-blob", "--key", stage.other_public_key, "--bundle", path, stage.artifact)
    assert_one_error(ran, 1, naming="", code="legacy.cert-substitution")


@pytest.mark.parametrize(
    ("pattern", "reason"), [("(", "missing ): ("), ("\udcff", "not UTF-8"), ("a**", "bad repetition")]
)
def test_a_pattern_that_is_none_is_a_usage_error(stage: Stage, pattern: str, reason: str) -> None:
    pytest.importorskip("re2")
    words = ("--bundle", stage.keyless_v2, "--certificate-identity-regexp", pattern, *stage.who[2:], stage.artifact)
    ran = stage.run("verify-blob", *words)
    assert (ran.status, "b'" in ran.err) == (1, False)
    assert ran.err.startswith("Error: not an RE2 regular expression: ")
    assert reason in ran.err
