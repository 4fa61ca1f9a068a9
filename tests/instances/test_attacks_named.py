"""Named instances against what would lead a user silently from a Sigstore of their own to the public one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import pycosign
from pycosign.errors import SigningError, UnavailableError, UsageError
from pycosign.instances.named import check_name, read_registered, resolve_instance
from tests.cli.conftest import run_cli


def dangling(home: Path) -> None:
    (home / "instances.json").symlink_to(home / "gone.json")


def circle(home: Path) -> None:
    (home / "instances.json").symlink_to(home / "instances.json")


def folder(home: Path) -> None:
    (home / "instances.json").mkdir()


SIGN = ("sign-blob", "--yes", "--identity-token", "none", "--bundle", os.devnull)
HIDDEN = [dangling, circle, folder]


@pytest.mark.parametrize("hide", HIDDEN, ids=lambda hide: hide.__name__)
def test_a_list_that_cannot_be_read_is_not_a_list_of_none(tmp_path: Path, hide: Callable[[Path], None]) -> None:
    hide(tmp_path)
    with pytest.raises(UnavailableError):
        read_registered({"PYCOSIGN_HOME": str(tmp_path)})


@pytest.mark.parametrize("hide", HIDDEN, ids=lambda hide: hide.__name__)
def test_no_command_takes_the_public_instance_in_place_of_one_that_it_cannot_read(
    tmp_path: Path, hide: Callable[[Path], None]
) -> None:
    hide(tmp_path)
    bundle, artifact = tmp_path / "bundle.json", tmp_path / "file"
    bundle.write_bytes(b"{}")
    artifact.write_bytes(b"")
    who = ("--certificate-identity", "a@example.com", "--certificate-oidc-issuer", "https://issuer.example.com")
    env = {"PYCOSIGN_HOME": str(tmp_path), "HOME": str(tmp_path)}
    ran = run_cli(*SIGN, str(artifact), env=env)
    assert "instances.json" in ran.err
    ran = run_cli("explain", "--offline", *who, str(bundle), env=env)
    assert "public" not in ran.out


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_home_that_is_closed_is_not_an_empty_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o000)
    try:
        with pytest.raises(UnavailableError):
            read_registered({"PYCOSIGN_HOME": str(home)})
        ran = run_cli(*SIGN, __file__, env={"PYCOSIGN_HOME": str(home)})
        assert "instances.json" in ran.err
    finally:
        home.chmod(0o700)


def test_a_name_that_is_empty_is_not_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--instance "$UNSET"`, and the same in a program."""
    monkeypatch.setenv("PYCOSIGN_HOME", str(tmp_path))
    for make in (pycosign.Trust.named, pycosign.Instance.named):
        with pytest.raises(UsageError):
            make("", offline=True)
    for words in (SIGN, ("explain", "--offline")):
        ran = run_cli(*words, "--instance", "", __file__, env={"PYCOSIGN_HOME": str(tmp_path)})
        assert (ran.status, "--instance is given without a name" in ran.err) == (1, True), ran.err


@pytest.mark.parametrize(
    "name", ["..", ".", "a/b", "../x", "/etc", "-x", "A", "a\n", "a\0", "ä", "", "public", "a" * 65]
)
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)
    if name not in ("public", ""):
        with pytest.raises(SigningError):
            resolve_instance(name, {"PYCOSIGN_HOME": str(tmp_path)})


@pytest.mark.parametrize("variable", ["TUF_ROOT", "TUF_MIRROR", "TUF_ROOT_JSON"])
def test_a_variable_that_wins_over_the_instance_in_use_does_not_do_so_silently(tmp_path: Path, variable: str) -> None:
    (tmp_path / "instances.json").write_text(
        '{"format": 1, "in_use": "corp", "instances": {"corp": {"kind": "files", "trusted_root": "/nowhere"}}}'
    )
    env = {"PYCOSIGN_HOME": str(tmp_path), variable: str(tmp_path / "tuf")}
    ran = run_cli("explain", "--offline", __file__, env=env)
    assert f"WARNING: {variable} is set, and wins over the instance corp" in ran.err
    del env[variable]
    assert "wins" not in run_cli("explain", "--offline", __file__, env=env).err
