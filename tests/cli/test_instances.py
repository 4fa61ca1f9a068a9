"""Named instances: added, chosen, shown, used to sign and verify; and that none of it leads anybody elsewhere."""

import concurrent.futures
import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tests.cli.stage import Stage, assert_one_error

NOBODY = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}  # the public services are not asked
OLD = ("--new-bundle-format=false", "--use-signing-config=false", "--yes", "--tlog-upload=false")


class Desk:
    """The stage without its TUF_* variables: nothing says which Sigstore is meant but instances."""

    def __init__(self, stage: Stage, home: Path) -> None:
        self.stage, self.home = stage, home
        self.env = {"TUF_ROOT": "", "TUF_MIRROR": "", "TUF_ROOT_JSON": "", "HOME": str(home), **NOBODY}
        self.folder = home / ".sigstore" / "pycosign"
        self.tuf_root = stage.env["TUF_ROOT_JSON"]
        self.mirror = stage.env["TUF_MIRROR"]

    def run(self, *words: object, **env: str) -> Ran:
        return self.stage.run(*words, env={**self.env, **env})

    def must(self, *words: object, **env: str) -> Ran:
        ran = self.run(*words, **env)
        assert ran.status == 0, ran.err
        return ran

    def files(self, name: str = "corp", config: str = "signing_config") -> None:
        urls = self.stage.sandbox.urls
        self.must("instance", "add", name, "--trusted-root", urls["trusted_root"], "--signing-config", urls[config])

    def verify(self, *words: object, **env: str) -> Ran:
        """Verify a bundle that is good under the stage's trust root."""
        return self.verify_bundle(self.stage.keyless_v2, *words, **env)

    def verify_bundle(self, bundle: Path, *words: object, **env: str) -> Ran:
        return self.run("verify-blob", "--bundle", bundle, *self.stage.who, *words, self.stage.artifact, **env)


@pytest.fixture
def desk(stage: Stage, tmp_path: Path) -> Desk:
    return Desk(stage, tmp_path)


def test_nothing_is_there_at_first(desk: Desk) -> None:
    listed = json.loads(desk.must("instance", "list", "--output", "json").out)
    assert (listed["in_use"], [row["name"] for row in listed["instances"]]) == (None, ["public", "staging"])
    shown = json.loads(desk.must("instance", "show", "--output", "json").out)
    assert shown["trust"]["source"] == "built in"
    assert not desk.folder.exists()


def test_an_instance_of_files_signs_and_verifies(desk: Desk, tmp_path: Path) -> None:
    desk.files()
    assert (desk.folder / "instances.json").stat().st_mode & 0o777 == 0o600
    assert desk.folder.stat().st_mode & 0o777 == 0o700
    bundle = tmp_path / "b.json"
    desk.must("sign-blob", "--instance", "corp", "--bundle", bundle, desk.stage.artifact)
    assert desk.verify_bundle(bundle, "--instance", "corp").status == 0
    assert desk.verify_bundle(bundle, PYCOSIGN_INSTANCE="corp").status == 0
    assert desk.verify_bundle(bundle, "--offline").status == 1  # the public Sigstore does not know it
    desk.must("instance", "use", "corp")
    assert desk.verify_bundle(bundle).status == 0
    assert "* corp " in desk.must("instance", "list").out
    assert desk.verify_bundle(bundle, "--instance", "public", "--offline").status == 1


def test_an_image_is_signed_and_verified_with_an_instance(desk: Desk) -> None:
    desk.files()
    image = f"{desk.stage.sandbox.registry}/{desk.stage.image('instance-app')}"
    desk.must("sign", "--yes", "--instance", "corp", image)
    desk.must("verify", "--instance", "corp", *desk.stage.who, image)


def test_attestations_and_batches_take_an_instance(desk: Desk, tmp_path: Path) -> None:
    desk.files()
    pairs = tmp_path / "pairs"
    pairs.write_text(json.dumps({"artifact": str(desk.stage.artifact), "bundle": str(desk.stage.keyless_v2)}) + "\n")
    desk.must("verify-blob", "--instance", "corp", "--batch", pairs, *desk.stage.who)
    assert "--instance" in desk.must("verify-blob-attestation", "--help").out


def test_an_instance_of_a_running_stack(desk: Desk, tmp_path: Path) -> None:
    desk.must("instance", "add", "local", "--stack", desk.stage.sandbox.data_dir)
    assert desk.verify("--instance", "local").status == 0
    nothing = desk.run("instance", "add", "other", "--stack", tmp_path)
    assert (nothing.status, "no stack is running" in nothing.err) == (1, True)


def test_an_instance_of_one_file_with_both_documents(desk: Desk, tmp_path: Path) -> None:
    both = json.loads((Path(desk.stage.sandbox.data_dir) / "stack.json").read_text())["client_trust_config"]
    desk.must("instance", "add", "lab", "--trust-config", both, "--oidc-client-id", "sigstore")
    bundle = tmp_path / "b.json"
    desk.must("sign-blob", "--instance", "lab", "--bundle", bundle, desk.stage.artifact)
    assert desk.verify_bundle(bundle, "--instance", "lab").status == 0
    shown = json.loads(desk.must("instance", "show", "lab", "--output", "json").out)
    assert shown["signing"]["transparency_logs"][0]["url"] == desk.stage.sandbox.urls["rekor_v2"]
    assert shown["oidc"] == {"issuer": None, "client_id": "sigstore"}


def test_an_instance_of_a_repository_has_a_root_and_cache_of_its_own(desk: Desk) -> None:
    checksum = hashlib.sha256(Path(desk.tuf_root).read_bytes()).hexdigest()
    add = ("instance", "add", "corp", "--mirror", desk.mirror, "--root", desk.tuf_root)
    wrong = desk.run(*add, "--root-checksum", "0" * 64)
    assert (wrong.status, "tuf.root-checksum" in wrong.err) == (1, True)
    desk.must(*add, "--root-checksum", checksum)
    assert (desk.folder / "instances" / "corp" / "root.json").read_bytes() == Path(desk.tuf_root).read_bytes()
    assert desk.verify("--instance", "corp", "--offline").status == 0
    shown = desk.must("instance", "show", "corp").out
    assert f"trust from {desk.mirror}, just refreshed" in shown
    assert not (desk.home / ".sigstore" / "root").exists()
    negative = desk.verify("--instance", "corp", "--max-trust-age", "-1h")  # nothing is as new as that
    assert (negative.status, "--max-trust-age" in negative.err) == (1, True), negative.err
    too_old = desk.verify("--instance", "corp", "--offline", "--max-trust-age", "1ns")
    assert (too_old.status, "tuf.too-old" in too_old.err) == (20, True)
    # the pinned root is what the cache is checked under, at every use
    (desk.folder / "instances" / "corp" / "root.json").write_bytes(
        (Path(__file__).parents[2] / "src/pycosign/instances/data/staging/root.json").read_bytes()
    )
    refused = desk.verify("--instance", "corp", "--offline")
    assert (refused.status, "tuf.metadata-invalid" in refused.err) == (1, True)
    desk.must("instance", "remove", "corp")
    assert list((desk.folder / "instances").iterdir()) == []


def test_a_repository_may_be_a_directory(desk: Desk, tmp_path: Path) -> None:
    mirror = f"file://{desk.stage.sandbox.data_dir}/tuf"
    desk.must("instance", "add", "corp", "--mirror", mirror, "--root", desk.tuf_root)
    assert desk.verify("--instance", "corp").status == 0
    cache = {"TUF_ROOT": str(tmp_path / "tuf")}
    desk.must("initialize", "--mirror", mirror, "--root", desk.tuf_root, **cache)
    assert desk.verify(**cache).status == 0
    for wrong, status in ((f"file://{tmp_path}/nothing", 20), ("file://relative/path", 1), (f"file://{tmp_path}", 20)):
        assert desk.run("instance", "add", "other", "--mirror", wrong, "--root", desk.tuf_root).status == status


def test_a_repository_that_cannot_be_trusted_is_not_remembered(desk: Desk) -> None:
    staging = Path(__file__).parents[2] / "src/pycosign/instances/data/staging/root.json"
    for words, status in (
        (("--mirror", desk.mirror), 1),
        (("--mirror", desk.mirror, "--root", staging), 20),  # expired, and nothing newer follows from it
        (("--mirror", "http://127.0.0.1:9", "--root", desk.tuf_root), 20),
        (("--mirror", desk.mirror, "--root", "http://127.0.0.1:9/root.json"), 1),
    ):
        assert desk.run("instance", "add", "corp", *words).status == status
    assert not (desk.folder / "instances.json").exists()
    assert not any(desk.folder.glob("instances/*"))


def test_an_instance_without_signing_config_only_verifies(desk: Desk, tmp_path: Path) -> None:
    desk.must("instance", "add", "corp", "--trusted-root", desk.stage.trusted_root)
    assert desk.verify("--instance", "corp").status == 0
    refused = desk.run("sign-blob", "--instance", "corp", "--bundle", tmp_path / "b", desk.stage.artifact)
    assert refused.status == 1
    assert "has no signing_config.v0.2.json" in refused.err
    assert "signs with nothing" in desk.must("instance", "show", "corp").out


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("--trusted-root", "x"), {}),
        ((), {"TUF_MIRROR": "http://x"}),
        ((), {"TUF_ROOT": "/x"}),
        ((), {"TUF_ROOT_JSON": "/x"}),
        ((), {"SIGSTORE_ROOT_FILE": "/x"}),
        ((), {"SIGSTORE_REKOR_PUBLIC_KEY": "/x"}),
    ],
)
def test_two_answers_to_whom_to_trust_are_refused(desk: Desk, words: tuple[str, ...], env: dict[str, str]) -> None:
    desk.files()
    refused = desk.verify("--instance", "corp", *words, **env)
    assert refused.status == 1
    assert f"--instance corp and {[*words[:1], *env][0]} both say whom to trust" in refused.err


def test_two_answers_to_who_signs_are_refused(desk: Desk, tmp_path: Path) -> None:
    desk.files()
    sign = ("sign-blob", "--yes", "--instance", "corp", "--bundle", tmp_path / "b", desk.stage.artifact)
    config = desk.stage.sandbox.urls["signing_config"]
    assert "both say whom to trust" in desk.run(*sign, "--signing-config", config).err
    assert "takes the services from flags" in desk.run(*sign, "--use-signing-config=false").err
    assert "cannot specify service URLs" in desk.run(*sign, "--rekor-url", "http://x").err
    assert not (tmp_path / "b").exists()


def test_what_is_said_wins_over_the_instance_in_use(desk: Desk, tmp_path: Path) -> None:
    desk.must("instance", "use", "staging")
    assert desk.verify("--offline").status == 1
    assert desk.verify("--trusted-root", desk.stage.trusted_root).status == 0
    names = ("TUF_ROOT", "TUF_MIRROR", "TUF_ROOT_JSON")
    variables = {name: desk.stage.env[name] for name in names}
    assert desk.verify(**variables).status == 0
    assert "TUF_ROOT is set, and wins" in desk.must("instance", "use", "staging", **variables).err
    desk.files()
    desk.must("instance", "use", "corp")
    config = desk.stage.sandbox.urls["signing_config_rekor_v1"]
    bundle = tmp_path / "b.json"
    desk.must("sign-blob", "--signing-config", config, "--bundle", bundle, desk.stage.artifact)
    assert desk.verify_bundle(bundle).status == 0


def test_single_keys_take_the_place_of_parts_of_the_instance_in_use(desk: Desk) -> None:
    desk.files()
    desk.must("instance", "use", "corp")
    key = desk.stage.sandbox.urls["ctlog_key"]
    assert desk.verify(SIGSTORE_CT_LOG_PUBLIC_KEY_FILE=key).status == 0
    other = desk.verify(SIGSTORE_CT_LOG_PUBLIC_KEY_FILE=str(desk.stage.public_key))
    assert (other.status, "sct.invalid" in other.err) == (1, True)


def test_a_private_instance_in_use_never_becomes_the_public_one(desk: Desk, tmp_path: Path) -> None:
    """No flag that asks for the old ways sends anything to the public services."""
    desk.files()
    desk.must("instance", "use", "corp")
    keyed = ("sign-blob", "--new-bundle-format=false", "--use-signing-config=false", "--yes", "--key", desk.stage.key)
    refused = desk.run(*keyed, desk.stage.artifact)
    assert (refused.status, "the public Sigstore would be asked" in refused.err) == (1, True)
    keyless = desk.run(*keyed[:4], "--rekor-url", "http://x", desk.stage.artifact)
    assert "without --fulcio-url" in keyless.err
    assert desk.run(*OLD, "--key", desk.stage.key, desk.stage.artifact).status != 0
    (tmp_path / "instances.json").write_text("")
    broken = desk.run("sign-blob", "--bundle", tmp_path / "b", desk.stage.artifact, PYCOSIGN_HOME=str(tmp_path))
    assert (broken.status, (tmp_path / "b").exists()) == (1, False)


def test_an_old_signature_is_searched_for_in_the_log_of_the_instance(desk: Desk, tmp_path: Path) -> None:
    rekor = desk.stage.sandbox.urls["rekor"]
    sign = ("sign-blob", "--new-bundle-format=false", "--use-signing-config=false", "--yes", "--rekor-url", rekor)
    signature = tmp_path / "sig"
    signature.write_text(desk.must(*sign, "--key", desk.stage.key, desk.stage.artifact).out)
    verify = ("verify-blob", "--key", desk.stage.public_key, "--signature", signature, desk.stage.artifact)
    desk.files("v1", "signing_config_rekor_v1")
    desk.must(*verify, "--instance", "v1")
    desk.files("v2")
    refused = desk.run(*verify, "--instance", "v2")  # it has no log that can be searched: nobody is asked
    assert (refused.status, "tlog.missing" in refused.err) == (1, True)
    desk.must(*verify, "--instance", "v2", "--rekor-url", rekor)


def test_bundles_are_made_with_the_log_of_the_instance(desk: Desk, tmp_path: Path) -> None:
    parts = ("--artifact", desk.stage.artifact, "--bundle", desk.stage.legacy_keyed, "--key", desk.stage.public_key)
    create = ("bundle", "create", *parts)
    desk.files("v1", "signing_config_rekor_v1")
    desk.files("v2")
    desk.must(*create, PYCOSIGN_INSTANCE="v1")
    desk.must("instance", "use", "v1")
    desk.must(*create)
    refused = desk.run(*create, PYCOSIGN_INSTANCE="v2")
    assert (refused.status, "has no log that can be asked" in refused.err) == (1, True)
    desk.must(*create, "--rekor-url", desk.stage.sandbox.urls["rekor"], PYCOSIGN_INSTANCE="v2")


def test_the_documented_file_is_one_that_is_read(desk: Desk) -> None:
    page = (Path(__file__).parents[2] / "docs" / "instances.md").read_text()
    block = page.partition("```json\n")[2].partition("```")[0]
    desk.folder.mkdir(parents=True)
    (desk.folder / "instances.json").write_text(block)
    assert "* corp " in desk.must("instance", "list").out
    (desk.folder / "instances.json").write_text(block.replace('"in_use"', '"inuse"'))
    refused = desk.verify()
    assert (refused.status, "unknown member 'inuse'" in refused.err) == (1, True)


def test_a_key_without_a_log_needs_no_instance(desk: Desk, tmp_path: Path) -> None:
    desk.folder.mkdir(parents=True)
    (desk.folder / "instances.json").write_text("junk")
    bundle = ("verify-blob", "--bundle", desk.stage.keyed, "--key", desk.stage.public_key, desk.stage.artifact)
    desk.must(*bundle, "--insecure-ignore-tlog")
    assert desk.run(*bundle).status == 1


def test_names_are_checked(desk: Desk) -> None:
    root = desk.stage.trusted_root
    for name in ("public", "staging", "", "A", "a/b", "..", "-x", ".x", "a" * 65, "a\n"):
        assert desk.run("instance", "add", "--trusted-root", root, "--", name).status == 1
    desk.files()
    assert "an instance corp already" in desk.run("instance", "add", "corp", "--trusted-root", root).err
    for words in (("use", "nosuch"), ("remove", "nosuch"), ("remove", "public"), ("show", "nosuch"), ("use",)):
        assert desk.run("instance", *words).status == 1
    assert desk.verify("--instance", "nosuch").status == 1
    assert "instance list" in desk.verify("--instance", "nosuch").err


def test_only_documents_that_can_be_read_are_added(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "junk").write_text("{}")
    root = desk.stage.trusted_root
    for words in (
        (),
        ("--trusted-root", root, "--trust-config", root),
        ("--signing-config", root),
        ("--root", root, "--trusted-root", root),
        ("--trusted-root", tmp_path / "nosuch"),
        ("--trusted-root", tmp_path / "junk"),
        ("--trusted-root", root, "--signing-config", root),
        ("--trust-config", root),
    ):
        assert desk.run("instance", "add", "corp", *words).status == 1
    assert not desk.folder.exists()


def test_removing_the_instance_in_use_says_what_is_meant_now(desk: Desk) -> None:
    desk.files()
    desk.must("instance", "use", "corp")
    assert "WARNING: corp was in use" in desk.must("instance", "remove", "corp").err
    assert "*" not in desk.must("instance", "list").out
    desk.must("instance", "use", "public")
    assert "* public" in desk.must("instance", "list").out
    desk.must("instance", "use", "--none")
    assert "*" not in desk.must("instance", "list").out


def test_a_home_that_cannot_be_written_still_serves(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    env = {"PYCOSIGN_HOME": str(tmp_path / "file" / "home")}
    desk.must("instance", "list", **env)
    failed = desk.run("instance", "add", "corp", "--trusted-root", desk.stage.trusted_root, **env)
    assert (failed.status, "cannot write to" in failed.err) == (20, True)


def test_many_processes_add_at_once_and_none_is_lost(desk: Desk) -> None:
    names = [f"n{number}" for number in range(6)]
    env = {**desk.env, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    add = ("instance", "add", "--trusted-root", desk.stage.trusted_root)
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        ended = list(pool.map(lambda name: desk.stage.process(*add, name, env=env), names))
    assert [ran.status for ran in ended] == [0] * len(names), ended
    listed = json.loads(desk.must("instance", "list", "--output", "json").out)
    assert {row["name"] for row in listed["instances"]} == {"public", "staging", *names}


def test_a_file_that_is_gone_is_named(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "root.json"
    root.write_bytes(Path(desk.stage.trusted_root).read_bytes())
    desk.must("instance", "add", "corp", "--trusted-root", root)
    root.unlink()
    failed = desk.verify("--instance", "corp")
    assert (failed.status, f"{root}: no such file" in failed.err) == (1, True)


def test_a_path_that_is_not_utf8_cannot_be_remembered(desk: Desk, tmp_path: Path) -> None:
    path = f"{tmp_path}/root{os.fsdecode(bytes((0xFF,)))}.json"
    shutil.copy(desk.stage.trusted_root, path)
    ran = desk.run("instance", "add", "odd", "--trusted-root", path)
    assert_one_error(ran, 1, naming="not UTF-8", hint=False)
    assert "odd" not in desk.must("instance", "list").out
