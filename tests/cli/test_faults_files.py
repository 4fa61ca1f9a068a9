"""Files and keys that are missing, unreadable, wrong or broken: one line that names what is wrong, and status 1."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycosign import limits
from tests.cli.stage import Stage, assert_one_error

GARBAGE = {
    "empty": b"",
    "text": b"hello\n",
    "binary": bytes(range(256)),
    "der": b"\x30\x82\x01\x00\x02\x01",
    "open pem": b"-----BEGIN PUBLIC KEY-----\nMFkwEwYH\n",
    "pem of nothing": b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    "pem of zeros": b"-----BEGIN PUBLIC KEY-----\nAAAAAAAA\n-----END PUBLIC KEY-----\n",
    "json": b"{}",
    "json list": b"[]",
    "open json": b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", ',
    "deep": b"[" * 100_000,
    "nan": b'{"mediaType": NaN}',
    "utf-16": "\ufeff{}".encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "surrogate": b'{"mediaType": "\\ud800"}',
}
UNREADABLE = "/proc/self/mem"  # reading its beginning fails, for root too
FLAGS = ("key", "bundle", "trusted-root", "signing-config", "certificate", "signature", "rfc3161-timestamp")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    yield tmp_path
    left = {path.name for path in set(tmp_path.iterdir()) - before}
    assert left <= {"broken", "huge", "folder"}, "a failing command left files behind"


def with_flag(stage: Stage, flag: str, path: object) -> tuple[object, ...]:
    """A command that would work, but for the file that one flag names."""
    verify_key = ("verify-blob", "--key", stage.public_key)
    if flag == "key":
        return ("verify-blob", "--key", path, "--bundle", stage.keyed, stage.artifact)
    if flag == "sign key":
        return ("sign-blob", "--key", path, "--bundle", "out.json", stage.artifact)
    if flag == "bundle":
        return (*verify_key, "--bundle", path, stage.artifact)
    if flag == "trusted-root":
        return (*verify_key, "--bundle", stage.keyed, "--trusted-root", path, stage.artifact)
    if flag == "signing-config":
        return ("sign-blob", "--key", stage.key, "--signing-config", path, "--bundle", "out.json", stage.artifact)
    if flag == "certificate":
        return ("verify-blob", "--certificate", path, "--signature", "MEUC", *stage.who, stage.artifact)
    if flag == "signature":
        return (*verify_key, "--signature", path, "--insecure-ignore-tlog", stage.artifact)
    assert flag == "rfc3161-timestamp"
    return (*verify_key, "--signature", "MEUC", "--rfc3161-timestamp", path, stage.artifact)


def named(flag: str) -> tuple[str, ...]:
    """What an error about this file may call it."""
    return {
        "key": ("public key broken",),
        "sign key": ("private key broken",),
        "bundle": ("bundle",),
        "trusted-root": ("trusted root", "broken"),
        "signing-config": ("signing config", "broken"),
        "certificate": ("certificate",),
        "signature": ("signature",),
        "rfc3161-timestamp": ("timestamp",),
    }[flag]


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("flag", [*FLAGS, "sign key"])
def test_garbage_is_named_and_refused(stage: Stage, here: Path, flag: str, kind: str) -> None:
    (here / "broken").write_bytes(GARBAGE[kind])
    ran = stage.run(*with_flag(stage, flag, "broken"))
    assert_one_error(ran, 1, naming="")
    line = next(line for line in ran.err.splitlines() if line.startswith("Error: "))
    assert any(name in line for name in named(flag)), line
    assert not (here / "out.json").exists()


@pytest.mark.parametrize("flag", [flag for flag in (*FLAGS, "sign key") if flag != "signature"])
def test_a_file_that_is_not_there_is_a_usage_error(stage: Stage, here: Path, flag: str) -> None:
    ran = stage.run(*with_flag(stage, flag, "nosuch"))
    assert_one_error(ran, 1, naming="nosuch", hint=False)
    assert "code: " not in ran.err


@pytest.mark.parametrize("flag", [*FLAGS, "sign key"])
def test_a_directory_in_place_of_a_file_is_named(stage: Stage, here: Path, flag: str) -> None:
    (here / "folder").mkdir()
    ran = stage.run(*with_flag(stage, flag, "folder"))
    assert_one_error(ran, 1, naming="folder", hint=False)


@pytest.mark.skipif(not os.path.exists(UNREADABLE), reason=f"there is no {UNREADABLE}")
@pytest.mark.parametrize("flag", [*FLAGS, "sign key"])
def test_a_file_that_is_there_and_cannot_be_read_is_unavailable(stage: Stage, here: Path, flag: str) -> None:
    assert_one_error(stage.run(*with_flag(stage, flag, UNREADABLE)), 20, naming=UNREADABLE)


@pytest.mark.parametrize("flag", [*FLAGS, "sign key"])
def test_a_file_beyond_the_limit_is_refused_by_name(stage: Stage, here: Path, flag: str) -> None:
    with open(here / "huge", "wb") as file:
        file.truncate(limits.BUNDLE_BYTES + 1)  # sparse
    ran = stage.run(*with_flag(stage, flag, "huge"))
    assert ran.status in (1, 20)
    assert_one_error(ran, ran.status, naming="")
    assert "huge" in ran.err or any(name.partition(" broken")[0] in ran.err for name in named(flag)), ran.err


def test_a_wrong_password_is_said_to_be_one(stage: Stage, here: Path) -> None:
    words = ("sign-blob", "--key", stage.key, "--bundle", "out.json", stage.artifact)
    ran = stage.run(*words, env={"COSIGN_PASSWORD": "not-this-one"})
    assert_one_error(ran, 1, naming="password", code="key.wrong-password")
    assert "not-this-one" not in ran.err
    assert not (here / "out.json").exists()
    ran = stage.run("public-key", "--key", stage.key, env={"COSIGN_PASSWORD": ""})
    assert_one_error(ran, 1, naming="", code="key.wrong-password")


def test_a_private_key_is_no_public_key_and_a_public_one_does_not_sign(stage: Stage, here: Path) -> None:
    ran = stage.run(*with_flag(stage, "key", stage.key))
    assert_one_error(ran, 1, naming="ENCRYPTED SIGSTORE PRIVATE KEY", code="malformed")
    ran = stage.run(*with_flag(stage, "sign key", stage.public_key))
    assert_one_error(ran, 1, naming=str(stage.public_key), code="malformed")


def test_a_plain_private_key_has_to_be_imported_first(stage: Stage, here: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    (here / "broken").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ran = stage.run(*with_flag(stage, "sign key", "broken"))
    assert_one_error(ran, 1, naming="broken")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_bundle_that_is_cut_off_is_malformed(stage: Stage, here: Path, share: float) -> None:
    whole = stage.keyless_v1.read_bytes()
    (here / "broken").write_bytes(whole[: int(len(whole) * share)])
    ran = stage.run("verify-blob", "--bundle", "broken", *stage.who, stage.artifact)
    assert_one_error(ran, 1, naming="bundle", code="malformed")


@pytest.mark.parametrize("member", ["mediaType", "verificationMaterial", "messageSignature"])
def test_a_member_that_is_there_twice_is_malformed(stage: Stage, here: Path, member: str) -> None:
    whole = json.loads(stage.keyless_v1.read_bytes())
    again = f'{{"{member}": {json.dumps(whole[member])}, '
    (here / "broken").write_text(again + json.dumps(whole)[1:])
    ran = stage.run("verify-blob", "--bundle", "broken", *stage.who, stage.artifact)
    assert_one_error(ran, 1, naming=member, code="malformed")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("messageSignature", "signature"), "!!"),
        (("messageSignature", "signature"), None),
        (("messageSignature", "messageDigest", "digest"), "QQ"),
        (("messageSignature", "messageDigest", "algorithm"), "MD5"),
        (("verificationMaterial", "certificate", "rawBytes"), "AAAA"),
        (("verificationMaterial", "tlogEntries", 0, "logIndex"), "-1"),
        (("verificationMaterial", "tlogEntries", 0, "logIndex"), 1.5),
        (("verificationMaterial", "tlogEntries", 0, "integratedTime"), "٥"),
        (("verificationMaterial", "tlogEntries", 0, "canonicalizedBody"), "e30="),
        (("verificationMaterial", "tlogEntries", 0, "inclusionProof", "rootHash"), "AA=="),
        (("verificationMaterial", "tlogEntries", 0, "inclusionProof", "checkpoint", "envelope"), "x"),
        (("verificationMaterial", "timestampVerificationData", "rfc3161Timestamps"), [{"signedTimestamp": "AAAA"}]),
    ],
)
def test_a_field_that_is_wrong_is_named(stage: Stage, here: Path, path: tuple[str | int, ...], value: object) -> None:
    whole = json.loads(stage.keyless_v1.read_bytes())
    at = whole
    for step in path[:-1]:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
    at[path[-1]] = value
    (here / "broken").write_text(json.dumps(whole))
    ran = stage.run("verify-blob", "--bundle", "broken", *stage.who, stage.artifact)
    assert_one_error(ran, 1, naming="")
    last = str(path[-1])
    said = ran.err.lower()
    wanted = {
        "rawBytes": "certificate",
        "canonicalizedBody": "body",
        "envelope": "checkpoint",
        "rfc3161Timestamps": "timestamp",
        "logIndex": "logindex",
    }.get(last, last.lower())
    assert wanted in said.replace(" ", "") or wanted in said, ran.err


@pytest.mark.skipif(not os.path.exists(UNREADABLE), reason=f"there is no {UNREADABLE}")
def test_an_artifact_that_cannot_be_read_is_unavailable(stage: Stage, here: Path) -> None:
    for words in (
        ("verify-blob", "--key", stage.public_key, "--bundle", stage.keyed),
        ("sign-blob", "--key", stage.key, "--bundle", "out.json"),
    ):
        assert_one_error(stage.run(*words, UNREADABLE), 20, naming=UNREADABLE, code="artifact.unreadable")


def test_an_artifact_that_is_not_there_is_a_usage_error(stage: Stage, here: Path) -> None:
    ran = stage.run("verify-blob", "--key", stage.public_key, "--bundle", stage.keyed, "nosuch")
    assert_one_error(ran, 1, naming="nosuch", hint=False)
    ran = stage.run("sign-blob", "--key", stage.key, "--bundle", "out.json", "nosuch")
    assert_one_error(ran, 1, naming="nosuch", hint=False)
    assert not (here / "out.json").exists()


@pytest.mark.parametrize("place", ["nosuch/out.json", "folder"])
def test_a_bundle_that_cannot_be_written_is_named(stage: Stage, here: Path, place: str) -> None:
    (here / "folder").mkdir()
    ran = stage.run("sign-blob", "--key", stage.key, "--bundle", place, stage.artifact)
    assert_one_error(ran, 1, naming=place, hint=False)
    assert list((here / "folder").iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_said(stage: Stage, here: Path) -> None:
    ran = stage.run("sign-blob", "--key", stage.key, "--bundle", "/dev/full", stage.artifact)
    assert_one_error(ran, 20, naming="/dev/full", code="unavailable.file")


def test_a_data_directory_that_is_a_file_is_a_usage_error(stage: Stage, here: Path) -> None:
    for words in (("stack", "up"), ("stack", "status"), ("stack", "env"), ("stack", "token", "--email", "a@b.c")):
        ran = stage.run(*words, "--data", stage.artifact)
        assert_one_error(ran, 1, naming=str(stage.artifact), hint=False)


def test_an_identity_token_that_is_none_is_refused_and_not_shown(stage: Stage, here: Path) -> None:
    for token in ("hidden-nonsense", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.hiddensignature"):
        words = ("sign-blob", "--identity-token", token, "--bundle", "out.json", stage.artifact)
        ran = stage.run(*words, env={"SIGSTORE_ID_TOKEN": ""})
        assert_one_error(ran, 1, naming="oken", hint=False)
        assert "hiddensignature" not in ran.err
    assert not (here / "out.json").exists()
