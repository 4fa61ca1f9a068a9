"""Several ways to say whom to trust, at once: none of them is passed over, and the report names them all."""

import json
import shutil
from pathlib import Path

import pytest

from pycosign.codec.b64 import encode_b64
from pycosign.codec.pem import format_pem
from pycosign.crypto.signers import generate_signer
from pycosign.wire.legacy import format_rfc3161
from tests.cli.conftest import Ran, run_cli
from tests.cli.stage import OLD_STYLE, Stage, assert_one_error
from tests.cli.test_detached_material import chain_of, pieces_of_trust
from tests.verify.factory import ARTIFACT, World

FILES = ("ca-roots", "ca-intermediates", "certificate-chain", "timestamp-certificate-chain")


@pytest.mark.parametrize("flag", FILES)
@pytest.mark.parametrize("in_environment", [False, True])
def test_a_trust_root_and_files_of_trust_exclude_each_other(stage: Stage, flag: str, in_environment: bool) -> None:
    """Which of them counts would be a guess: an image that only the trust root's authority knows must not pass for one
    that the named files know."""
    words = ["verify", *stage.who, f"--{flag}", stage.public_key, "registry.example/app:1"]
    env = {"COSIGN_TRUSTED_ROOT": stage.trusted_root} if in_environment else {}
    ran = stage.run(*words, *([] if env else ["--trusted-root", stage.trusted_root]), env=env)
    assert_one_error(ran, 1, naming=f"--{flag}")
    assert "both say whom to trust" in ran.err


def test_a_chain_beside_a_key_says_nothing_about_trust(stage: Stage, tmp_path: Path) -> None:
    signature = tmp_path / "signature"
    rekor = ("--rekor-url", stage.sandbox.urls["rekor"])
    stage.must("sign-blob", "--key", stage.key, *OLD_STYLE, *rekor, "--output-signature", signature, stage.artifact)
    chain = chain_of(stage.trusted_root, tmp_path)
    stage.must(
        "verify-blob", "--key", stage.public_key, "--trusted-root", stage.trusted_root, "--certificate-chain", chain,
        "--signature", signature, *rekor, stage.artifact,
    )  # fmt: skip


def test_what_completes_the_given_files_is_named_with_its_age_and_its_warnings(stage: Stage, tmp_path: Path) -> None:
    home = {"TUF_ROOT": str(tmp_path / "root"), "TUF_MIRROR": stage.sandbox.urls["tuf"]}
    shutil.copytree(Path(stage.env["TUF_ROOT"]), home["TUF_ROOT"])
    date = next(Path(home["TUF_ROOT"]).glob("*-*.json"))
    date.write_text(json.dumps({"lastTimestamp": "2020-01-01T00:00:00Z"}))
    name = "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE"
    env = {**home, name: pieces_of_trust(stage.trusted_root, tmp_path)[name]}
    ran = stage.run(
        "verify-blob",
        "--offline",
        "--bundle",
        stage.keyless_v1,
        *stage.who,
        "--output",
        "json",
        stage.artifact,
        env=env,
    )
    assert ran.status == 0, ran.err
    trust = json.loads(ran.out)["trust"]
    mirror = stage.sandbox.urls["tuf"]
    assert trust["source"] == f"the files and keys that were given one by one, and {mirror} for the rest"
    assert trust["age_seconds"] > 0


# ---- a timestamp that is given is looked at ------------------------------------------------------------------------
@pytest.fixture
def stamped(tmp_path: Path) -> World:
    """A signature in files with a timestamp of its own and one of another signature."""
    world, signer = World(), generate_signer("ecdsa-p256")
    signature = signer.sign(ARTIFACT)
    for name, content in (
        ("key.pub", signer.public_key.pem()),
        ("artifact", ARTIFACT),
        ("signature", encode_b64(signature).encode()),
        ("good", format_rfc3161(world.stamp(signature))),
        ("wrong", format_rfc3161(world.stamp(b"another signature"))),
        ("tsa.pem", format_pem("CERTIFICATE", world.tsa.der) + format_pem("CERTIFICATE", world.tsa_root.der)),
    ):
        (tmp_path / name).write_bytes(content)
    return world


def verify_stamped(folder: Path, stamp: str, *words: str, env: dict[str, str] | None = None) -> Ran:
    return run_cli(
        "verify-blob", "--offline", "--key", f"{folder}/key.pub", "--insecure-ignore-tlog", "--signature",
        f"{folder}/signature", "--rfc3161-timestamp", f"{folder}/{stamp}", *words, f"{folder}/artifact",
        env={"HOME": str(folder), **(env or {})},
    )  # fmt: skip


@pytest.mark.parametrize("in_environment", [False, True])
def test_a_timestamp_beside_a_key_is_checked_without_the_log_too(
    stamped: World, tmp_path: Path, in_environment: bool
) -> None:
    chain = str(tmp_path / "tsa.pem")
    words = () if in_environment else ("--timestamp-certificate-chain", chain)
    env = {"SIGSTORE_TSA_CERTIFICATE_FILE": chain} if in_environment else {}
    assert verify_stamped(tmp_path, "good", *words, env=env).status == 0
    refused = verify_stamped(tmp_path, "wrong", *words, env=env)
    assert_one_error(refused, 1, naming="timestamp")


def test_a_timestamp_that_nobody_vouches_for_is_not_passed_over(stamped: World, tmp_path: Path) -> None:
    """Cosign demands an authority for it, too."""
    ran = verify_stamped(tmp_path, "good")
    assert_one_error(ran, 1, naming="timestamp")


# ---- flags that demand nothing -------------------------------------------------------------------------------------
def test_a_trust_root_without_a_name_is_not_the_public_one(stage: Stage) -> None:
    ran = stage.run("verify-blob", "--bundle", stage.keyless_v2, *stage.who, "--trusted-root=", stage.artifact)
    assert_one_error(ran, 1, naming="--trusted-root is given without a file")
    unset = {"COSIGN_TRUSTED_ROOT": ""}
    assert stage.run("verify-blob", "--bundle", stage.keyless_v2, *stage.who, stage.artifact, env=unset).status == 0


@pytest.mark.parametrize("name", ["repository", "ref"])
def test_a_demand_that_is_empty_or_says_nothing_of_a_key_is_said_to_be_none(stage: Stage, name: str) -> None:
    flag = f"--certificate-github-workflow-{name}"
    who = ("--bundle", stage.keyless_v2, *stage.who)
    empty = stage.must("verify-blob", *who, f"{flag}=", stage.artifact)
    assert f"WARNING: {flag} is given empty and demands nothing" in empty.err
    words = ("verify-blob", "--key", stage.public_key, "--bundle", stage.keyed)
    idle = stage.must(*words, flag, "of-nobody", stage.artifact)
    assert f"WARNING: {flag} demands nothing of a signature by --key" in idle.err
    assert "demands nothing" not in stage.must(*words, stage.artifact).err


def test_an_annotation_has_one_demanded_value(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('flags/annotated', b'annotated')}"
    stage.must("sign", "--yes", "--key", stage.key, "-a", "env=staging", image)
    words = ("verify", "--key", stage.public_key, image)
    stage.must(*words, "-a", "env=staging", "-a", "env=staging")
    for order in (("prod", "staging"), ("staging", "prod")):
        ran = stage.run(*words, *(word for value in order for word in ("-a", f"env={value}")))
        assert_one_error(ran, 1, naming="two values of the annotation 'env'")
    idle = stage.must(*words, "-a", "env=prod", "--check-claims=false")
    assert "WARNING: --annotations demands nothing with --check-claims=false" in idle.err
