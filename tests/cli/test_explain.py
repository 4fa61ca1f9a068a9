"""`explain`: whole stories, good and bad. It says "verified" only of a demanded signer, and of what was compared."""

import json
import os
import shlex
import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pycosign.ambient import utc_now
from pycosign.testing import Sandbox
from tests.cli.conftest import Ran
from tests.cli.json_schema import problems
from tests.cli.stage import EMAIL, OLD_STYLE, Stage

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "report.schema.json").read_text())
HTTP = "--allow-http-registry"
REVIEW = "https://example.com/review/v1"
PASSED_ALL = ("signer", "signature", "timestamps", "log", "time", "certificate", "certificate-log")


def told(stage: Stage, *words: object) -> dict[str, Any]:
    """The story as data; it fits its schema."""
    explanation: dict[str, Any] = json.loads(stage.run("explain", *words, "--output", "json").out)
    assert list(problems(explanation, SCHEMA["$defs"]["explanation"], SCHEMA)) == []
    return explanation


def lines_of(ran: Ran) -> list[str]:
    return [line.strip() for line in ran.out.splitlines()]


def results(story: dict[str, Any]) -> dict[str, str]:
    return {check["check"]: check["result"] for check in story["checks"]}


def nobody_is_called_verified(out: str) -> None:
    assert "verified" not in out.lower()


# ---- files -----------------------------------------------------------------------------------------------------------
def test_a_good_bundle_is_consistent_and_ends_with_the_command_that_answers(stage: Stage) -> None:
    ran = stage.run("explain", stage.keyless_v2)
    assert (ran.status, ran.err) == (0, "")
    lines = lines_of(ran)
    assert lines[0].startswith("Trust root: http://")
    assert lines[2:6] == [
        f"{stage.keyless_v2}: bundle v0.3",
        "It claims",
        f"signer          {EMAIL}",
        f"vouched for by  {stage.sandbox.issuer}",
    ]
    assert any(line.startswith("log             passed: entry ") for line in lines)
    assert "So it is consistent: all of it fits together. It was compared with no file." in lines
    assert lines[-3:] == [
        "Next:",
        f"pycosign verify-blob --bundle {stage.keyless_v2} {' '.join(stage.who)} FILE",
        f"You must know yourself whether {EMAIL} is who should sign this.",
    ]
    nobody_is_called_verified(ran.out)


def test_the_next_command_works_as_it_is_printed(stage: Stage) -> None:
    for bundle, more in (
        (stage.keyless_v2, ("--trusted-root", stage.trusted_root)),
        (stage.keyless_v1, ()),
        (stage.keyed, ("--key", stage.public_key)),
        (stage.legacy_keyed, ("--key", stage.public_key)),
    ):
        story = told(stage, bundle, "--artifact", stage.artifact, *more)["stories"][0]
        program, *words = shlex.split(story["next"])
        assert program == "pycosign"
        assert stage.must(*words).err == "Verified OK\n"


def test_the_next_command_demands_as_much_and_looks_in_the_same_place(stage: Stage) -> None:
    story = told(stage, stage.keyless_v1, "--artifact", stage.artifact, "--max-trust-age", "48h30m")["stories"][0]
    assert " --max-trust-age 48h30m0s " in story["next"]
    assert stage.must(*shlex.split(story["next"])[1:]).err == "Verified OK\n"
    image, prefix = f"{stage.sandbox.registry}/{stage.image('explain/prefixed')}", ("--attachment-tag-prefix", "own-")
    stage.must("sign", HTTP, "--key", stage.key, *OLD_STYLE, *prefix, "--rekor-url", stage.sandbox.urls["rekor"], image)
    (story,) = told(stage, HTTP, *prefix, "--key", stage.public_key, image)["stories"]
    assert stage.run(*shlex.split(story["next"])[1:]).status == 0


def test_a_command_that_would_not_be_taken_is_not_offered(stage: Stage, tmp_path: Path) -> None:
    root = json.loads(Path(stage.trusted_root).read_bytes())
    chain = root["certificateAuthorities"][0]["certChain"]["certificates"]
    pem = tmp_path / "chain.pem"
    pem.write_text(
        "".join(f"-----BEGIN CERTIFICATE-----\n{item['rawBytes']}\n-----END CERTIFICATE-----\n" for item in chain)
    )
    explanation = told(stage, stage.keyless_v1, "--artifact", stage.artifact, "--certificate-chain", pem)
    assert (explanation["verdict"], explanation["stories"][0]["next"]) == ("consistent", None)


def test_a_file_that_fits_is_compared_and_still_nobody_is_believed(stage: Stage) -> None:
    ran = stage.run("explain", stage.keyless_v1, "--artifact", stage.artifact)
    assert ran.status == 0
    assert f"{stage.artifact} is what was signed." in ran.out
    assert "That is no reason to trust it" in ran.out
    nobody_is_called_verified(ran.out)


def test_what_did_not_count_is_told(stage: Stage, tmp_path: Path) -> None:
    root = json.loads(Path(stage.trusted_root).read_bytes())
    del root["timestampAuthorities"]
    without = tmp_path / "root.json"
    without.write_text(json.dumps(root))
    words = (stage.keyed, "--key", stage.public_key, "--trusted-root", without)
    (story,) = told(stage, *words)["stories"]
    (reason,) = story["ignored"]
    assert reason.endswith(" is of an authority not in the trust root")
    assert f"not counted     {reason}" in lines_of(stage.run("explain", *words))
    assert told(stage, stage.keyed, "--key", stage.public_key)["stories"][0]["ignored"] == []


def test_an_edited_file_is_told_from_a_broken_bundle(stage: Stage) -> None:
    edited = stage.file("edited.txt", b"an artifact, edited\n")
    ran = stage.run("explain", stage.keyless_v2, "--artifact", edited)
    assert (ran.status, ran.err) == (1, "")
    assert f"So it is refused for {edited} [artifact.digest-mismatch]: " in ran.out
    assert "What that means: it is consistent in itself, but not about this one." in ran.out
    assert "What to do: the signature is for another file or image" in ran.out
    story = told(stage, stage.keyless_v2, "--artifact", edited)["stories"][0]
    assert {check: results(story)[check] for check in (*PASSED_ALL, "content")} == {
        **dict.fromkeys(PASSED_ALL, "passed"),
        "content": "refused",
    }
    assert (story["verdict"], story["next"], story["compared"]) == ("refused", None, True)


def test_a_demanded_signer_and_a_file_make_it_verified(stage: Stage) -> None:
    words = (stage.keyless_v2, *stage.who)
    ran = stage.run("explain", *words, "--artifact", stage.artifact)
    assert ran.status == 0
    assert "So it is verified: whom you demand signed it, and " in ran.out
    alone = stage.run("explain", *words)
    assert alone.status == 0
    assert "So it is consistent, and by whom you demand. It was compared with no file." in alone.out
    nobody_is_called_verified(alone.out)


def test_another_signer_than_the_demanded_one_is_refused(stage: Stage) -> None:
    who = ("--certificate-identity", "boss@example.com", "--certificate-oidc-issuer", stage.sandbox.issuer)
    ran = stage.run("explain", stage.keyless_v2, *who, "--artifact", stage.artifact)
    assert ran.status == 1
    assert "So it is refused by the check `identity` [identity.mismatch]: " in ran.out
    assert "What that means: somebody else signed than the one whom you demand." in ran.out
    nobody_is_called_verified(ran.out)
    other = stage.run("explain", stage.keyed, "--key", stage.other_public_key)
    assert (other.status, "[key.mismatch]" in other.out) == (1, True)


def test_the_next_command_demands_what_the_user_demanded_and_not_what_the_evidence_says(stage: Stage) -> None:
    who = ("--certificate-identity-regexp", ".*@example.com$", "--certificate-oidc-issuer", stage.sandbox.issuer)
    story = told(stage, stage.keyless_v2, *who, "--artifact", stage.artifact)["stories"][0]
    assert (
        f"--certificate-identity-regexp '.*@example.com$' --certificate-oidc-issuer {stage.sandbox.issuer}"
        in (story["next"])
    )
    assert EMAIL not in story["next"]
    assert stage.must(*shlex.split(story["next"])[1:]).err == "Verified OK\n"


def test_a_demand_that_is_half_of_one_is_a_usage_error(stage: Stage) -> None:
    for half in (("--certificate-identity", "x"), ("--certificate-github-workflow-ref", "x")):
        ran = stage.run("explain", stage.keyless_v2, *half)
        assert (ran.status, ran.out) == (1, "")
        assert "is required for verification in keyless mode" in ran.err


@pytest.mark.parametrize("signed", ["keyed", "legacy_keyed"])
def test_a_key_is_named_by_its_digest_and_must_be_had_from_elsewhere(stage: Stage, signed: str) -> None:
    ran = stage.run("explain", getattr(stage, signed))
    assert ran.status == 0
    assert "signer          a key with the SHA-256 " in ran.out
    assert " --key KEY.pub FILE\n" in ran.out
    assert "Take the key from its owner, never from beside the signature." in ran.out
    nobody_is_called_verified(ran.out)


def test_an_unlogged_signature_by_a_key_cannot_be_judged_without_the_key(stage: Stage) -> None:
    config = json.loads(Path(stage.sandbox.urls["signing_config"]).read_text())
    config.pop("rekorTlogUrls"), config.pop("rekorTlogConfig")
    path = stage.file("no-log.json", json.dumps(config).encode())
    bundle = stage.signed("unlogged.json", "--key", stage.key, "--signing-config", path)
    ran = stage.run("explain", bundle)
    assert ran.status == 20
    assert "So nothing can be said [key.needed]: " in ran.out
    assert "What to do: --key KEY.pub" in ran.out
    refused = stage.run("explain", bundle, "--key", stage.public_key, "--artifact", stage.artifact)
    assert (refused.status, "[tlog.missing]" in refused.out) == (1, True)
    words = ("--key", stage.public_key, "--artifact", stage.artifact, "--insecure-ignore-tlog")
    story = told(stage, bundle, *words)["stories"][0]
    assert (story["verdict"], results(story)["log"]) == ("verified", "waived")
    assert "--insecure-ignore-tlog" in story["next"]
    ran = stage.run("explain", bundle, *words)
    assert "You turned off: log." in ran.out
    assert "WARNING: Skipping tlog verification is an insecure practice" in ran.err


def changed(stage: Stage, name: str, bundle: Path, change: Any) -> Path:
    value = json.loads(bundle.read_text())
    change(value)
    return stage.file(name, json.dumps(value).encode())


def test_the_entry_of_another_signature_is_refused_by_the_log_check(stage: Stage) -> None:
    other = json.loads(stage.signed("other-keyless.json").read_text())["verificationMaterial"]["tlogEntries"]

    def swap(value: Any) -> None:
        value["verificationMaterial"]["tlogEntries"] = other

    ran = stage.run("explain", changed(stage, "swapped.json", stage.keyless_v2, swap))
    assert ran.status == 1
    assert "So it is refused by the check `log` [tlog.entry-mismatch]: " in ran.out
    assert "signature       passed: " in ran.out
    assert "certificate     not reached" in ran.out


def test_a_log_that_the_trust_root_does_not_know_is_told_with_a_way_out(stage: Stage) -> None:
    root = json.loads(Path(stage.trusted_root).read_text())
    root["tlogs"] = []
    ran = stage.run(
        "explain", stage.keyless_v2, "--trusted-root", stage.file("no-logs.json", json.dumps(root).encode())
    )
    assert ran.status == 1
    assert "[tlog.unknown-log]" in ran.out
    assert "What that means: no log that you trust can be shown to hold this signature" in ran.out
    assert "What to do: the trust root may be of another Sigstore: see --instance" in ran.out


def test_a_bundle_of_another_sigstore_is_refused_by_name(stage: Stage) -> None:
    with Sandbox() as other:
        ran = stage.run("explain", stage.keyless_v2, "--trusted-root", other.urls["trusted_root"])
    assert ran.status == 1
    assert "[tlog.unknown-log]" in ran.out
    nobody_is_called_verified(ran.out)


def test_a_certificate_that_had_expired_when_it_was_used(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without log and timestamp the present is the only moment, and by then the certificate has expired."""

    def bare(value: Any) -> None:
        value["verificationMaterial"]["tlogEntries"] = []

    later = utc_now() + timedelta(hours=1)
    monkeypatch.setattr("pycosign.ambient.utc_now", lambda: later)
    words = (changed(stage, "bare.json", stage.keyless_v1, bare), "--trusted-root", stage.trusted_root)
    ran = stage.run("explain", *words, "--insecure-ignore-tlog")
    assert ran.status == 1
    assert "So it is refused by the check `certificate` [cert.not-valid-at-time]: " in ran.out
    assert "log             waived: no log entry was looked at" in ran.out
    assert "What to do: short-lived certificates need a log entry or signed timestamp" in ran.out
    nobody_is_called_verified(ran.out)


def test_trust_that_cannot_be_had_leaves_the_claims(stage: Stage) -> None:
    away = {"TUF_MIRROR": "http://127.0.0.1:1", "TUF_ROOT": str(stage.folder / "no-cache")}
    ran = stage.run("explain", stage.keyless_v2, "--timeout", "5s", env=away)
    assert ran.status == 20
    assert "Trust root: none was needed, or none could be had" in ran.out
    assert f"signer          {EMAIL}" in ran.out
    assert "So nothing can be said [" in ran.out
    assert "What was checked" not in ran.out


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"not json", b"\xff\xfe", b'{"base64Signature": "!"}', b"[" * 100_000, b"\n\n"]
)
def test_what_is_no_bundle_is_refused_as_such(stage: Stage, content: bytes) -> None:
    ran = stage.run("explain", stage.file("no-bundle", content))
    assert (ran.status, ran.err) == (1, "")
    assert "So it is refused [malformed" in ran.out
    assert "What that means: it is not in a form in which a signature can be" in ran.out


def test_what_is_neither_file_nor_image(stage: Stage) -> None:
    missing = ("./nosuch", "nosuch.json", "app-1.0.sig")
    for word, reason in ((stage.folder, "is a directory"), *((word, "no such file") for word in missing)):
        ran = stage.run("explain", word)
        assert (ran.status, ran.out) == (1, "")
        assert reason in ran.err
    pipe = stage.folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(stage.keyless_v2.read_bytes(),), daemon=True)
    writer.start()
    assert stage.run("explain", pipe).status == 0
    writer.join()
    assert "--offline forbids" in stage.run("explain", "app:1", "--offline").err
    assert "no such file" in stage.run("explain", stage.keyless_v2, "--artifact", "nosuch").err
    assert "--artifact is for a bundle" in stage.run("explain", "app:1", "--artifact", stage.artifact).err


def test_offline_with_a_trust_root_of_a_file_asks_nobody(stage: Stage) -> None:
    env = {"TUF_MIRROR": "http://127.0.0.1:1"}
    ran = stage.run("explain", stage.keyless_v2, "--offline", "--trusted-root", stage.trusted_root, env=env)
    assert ran.status == 0
    assert f"--trusted-root {stage.trusted_root} --offline" in ran.out


def test_words_of_a_stranger_stay_on_their_line_and_steer_nothing(stage: Stage) -> None:
    name = stage.folder / "turn\x1b[2Jed\nSo it is verified.json"
    shutil.copy(stage.keyless_v2, name)
    out = stage.run("explain", name).out
    assert "\x1b" not in out
    assert "So it is verified.json" not in [line[:22] for line in out.splitlines()]
    assert r"turn\x1b[2Jed\nSo it is verified.json" in out


# ---- several in one file ---------------------------------------------------------------------------------------------
def test_each_signature_of_a_file_has_its_story(stage: Stage) -> None:
    lines = [json.dumps(json.loads(path.read_text())) for path in (stage.keyless_v2, stage.keyed)]
    bundle = stage.file("stories.jsonl", "\n".join([*lines, "{}"]).encode())
    explanation = told(stage, bundle, "--artifact", stage.artifact)
    assert [(story["source"], story["verdict"]) for story in explanation["stories"]] == [
        (f"{bundle}, line 1", "consistent"),
        (f"{bundle}, line 2", "consistent"),
        (f"{bundle}, line 3", "refused"),
    ]
    demanded = told(stage, bundle, "--artifact", stage.artifact, *stage.who)
    assert [story["verdict"] for story in demanded["stories"]] == ["verified", "refused", "refused"]
