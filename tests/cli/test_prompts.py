"""Questions to a person: passwords on a terminal, from a variable, from a pipe; yes or no."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

pty = pytest.importorskip("pty", reason="terminals of this system are not like that")


def on_a_terminal(folder: Path, typed: bytes, *words: str) -> tuple[int, str, str]:
    """Run with a terminal as standard input: (status, standard error, what the terminal showed)."""
    controller, terminal = pty.openpty()
    env = {key: value for key, value in os.environ.items() if not key.startswith("COSIGN_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "pycosign", *words],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=env,
    )
    assert process.stderr is not None
    said = b""
    answers = iter(typed.splitlines(keepends=True))
    while not said.endswith(b"again: ") and process.poll() is None:
        piece = process.stderr.read1(4096)  # type: ignore[attr-defined]
        said += piece
        if piece.endswith(b": "):
            os.write(controller, next(answers))
    rest = process.communicate(timeout=30)[1]
    os.set_blocking(controller, False)
    try:
        shown = os.read(controller, 4096)
    except OSError:
        shown = b""
    os.close(controller)
    os.close(terminal)
    return process.returncode, (said + rest).decode(), shown.decode()


def test_a_new_password_is_asked_twice_and_not_shown(cli: Cli, tmp_path: Path) -> None:
    status, said, shown = on_a_terminal(tmp_path, b"secret\nsecret\n", "generate-key-pair")
    assert status == 0, said
    assert said == (
        "Enter password for private key: \nEnter password for private key again: \n"
        "Private key written to cosign.key\nPublic key written to cosign.pub\n"
    )
    assert "secret" not in shown
    assert cli("public-key", "--key", "cosign.key", env={"COSIGN_PASSWORD": "secret"}).status == 0


def test_two_passwords_that_differ_make_no_key(tmp_path: Path) -> None:
    status, said, _ = on_a_terminal(tmp_path, b"secret\nsecrex\n", "generate-key-pair")
    assert status == 1
    assert "passwords do not match" in said
    assert list(tmp_path.iterdir()) == []


def test_a_pipes_newline_belongs_to_the_password(cli: Cli) -> None:
    assert cli("generate-key-pair", stdin=b"secret\n").status == 0
    words = ("public-key", "--key", "cosign.key")
    assert cli(*words, stdin=b"secret\n").status == 0
    refused = cli(*words, stdin=b"secret")
    assert refused.status == 1
    assert refused.err.splitlines()[-1].startswith("hint: the password comes from COSIGN_PASSWORD")
    assert cli(*words, env={"COSIGN_PASSWORD": "secret\n"}).status == 0


def test_an_empty_variable_is_an_empty_password(cli: Cli) -> None:
    assert cli("generate-key-pair", env={"COSIGN_PASSWORD": ""}, stdin=b"never read").status == 0
    assert cli("public-key", "--key", "cosign.key", stdin=b"").status == 0


@pytest.mark.parametrize("stdin", [subprocess.DEVNULL, None])
def test_without_any_input_the_password_is_missing(cli: Cli, tmp_path: Path, stdin: int | None) -> None:
    cli("generate-key-pair", env={"COSIGN_PASSWORD": "x"})
    command = f'"{sys.executable}" -m pycosign public-key --key cosign.key' + (" <&-" if stdin is None else "")
    env = {key: value for key, value in os.environ.items() if not key.startswith("COSIGN_")}
    ended = subprocess.run(command, shell=True, stdin=stdin, capture_output=True, cwd=tmp_path, env=env, check=False)
    assert ended.returncode == 1
    assert b"inappropriate ioctl for device" in ended.stderr
    assert b"hint: set COSIGN_PASSWORD" in ended.stderr


@pytest.mark.parametrize(
    ("answer", "status"), [(b"y\n", 0), (b"Y\r\n", 0), (b"n\n", 1), (b"\n", 1), (b"", 1), (b"yes\n", 1)]
)
def test_a_key_is_overwritten_only_after_a_yes(cli: Cli, tmp_path: Path, answer: bytes, status: int) -> None:
    env = {"COSIGN_PASSWORD": "x"}
    cli("generate-key-pair", env=env)
    before = (tmp_path / "cosign.key").read_bytes()
    ran = cli("generate-key-pair", env=env, stdin=answer)
    assert ran.status == status
    assert ran.err.startswith("WARNING: File cosign.key already exists. Overwrite?\nAre you sure you would like to")
    assert ((tmp_path / "cosign.key").read_bytes() == before) == bool(status)


def test_import_may_skip_the_question(cli: Cli, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    plain = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "plain.pem").write_bytes(plain)
    words = ("import-key-pair", "--key", "plain.pem")
    env = {"COSIGN_PASSWORD": "x"}
    assert cli(*words, env=env).err.startswith("Private key written to import-cosign.key\n")
    assert cli(*words, env=env).status == 1
    assert cli(*words, "-y", env=env).status == 0
    assert cli(*words, env={**env, "COSIGN_YES": "true"}).status == 0
