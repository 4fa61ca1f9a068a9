"""Finding commands, order of complaints, error text, exit statuses, help, completion."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pycosign.cli.context import Context
from pycosign.cli.main import main
from tests.cli.conftest import Cli, run_cli


def errors_of(err: str) -> list[str]:
    return [line.removeprefix("Error: ") for line in err.splitlines() if line.startswith("Error: ")]


def test_nothing_and_help_print_the_commands(cli: Cli) -> None:
    for words in ((), ("--help",), ("help",), ("-h",)):
        ran = cli(*words)
        assert ran.status == 0
        assert "verify-blob" in ran.out
        assert "triangulate" not in ran.out  # deprecated
        assert "\npiv-tool " not in ran.out  # not supported yet


def test_a_flag_of_the_root_may_stand_before_the_command(cli: Cli) -> None:
    assert '"gitVersion"' in cli("--timeout", "5s", "-d", "version", "--json").out


def test_an_unknown_command_is_refused_with_what_it_may_have_been(cli: Cli) -> None:
    ran = cli("sgn", "--whatever")
    assert ran.status == 1
    assert ran.err == (
        'Error: unknown command "sgn" for "pycosign"\n\nDid you mean this?\n\tsign\n\n'
        "Run 'pycosign --help' for usage.\n"
        'error during command execution: unknown command "sgn" for "pycosign"\n\nDid you mean this?\n\tsign\n'
    )


@pytest.mark.parametrize(
    "words", [("attest", "x"), ("attach", "signature"), ("download", "sbom", "x"), ("--timeout", "1s", "copy")]
)
def test_a_command_that_is_not_there_yet_is_refused_by_name(cli: Cli, words: tuple[str, ...]) -> None:
    ran = cli(*words)
    assert ran.status == 1
    assert errors_of(ran.err)[0].endswith(" is not supported yet")


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (("sign", "--sk", "x"), "--sk"),
        (("verify", "--slot", "signature", "x"), "--slot"),
        (("tree", "--k8s-keychain", "x"), "--k8s-keychain"),
        (("tree", "--registry-referrers-mode", "oci-1-1", "x"), "--registry-referrers-mode=oci-1-1"),
    ],
)
def test_a_flag_that_is_not_there_yet_is_refused_by_name(cli: Cli, words: tuple[str, ...], flag: str) -> None:
    assert errors_of(cli(*words).err) == [f"{flag} is not supported yet"]


def test_a_flag_that_is_not_there_yet_is_refused_from_the_environment_too(cli: Cli) -> None:
    assert errors_of(cli("sign", "x", env={"COSIGN_SK": "true"}).err) == ["--sk is not supported yet"]


def test_a_group_with_an_unknown_word_prints_its_help(cli: Cli) -> None:
    ran = cli("download", "nosuch")
    assert ran.status == 0
    assert "Usage:\npycosign download [command]\n" in ran.out


def test_the_order_of_complaints(cli: Cli) -> None:
    assert errors_of(cli("sign", "--nosuch").err) == ["unknown flag: --nosuch"]
    assert errors_of(cli("sign", env={"COSIGN_YES": "maybe"}).err) == ["requires at least 1 arg(s), only received 0"]
    bad = cli("sign", "x", "--sk", env={"COSIGN_YES": "maybe"})
    assert errors_of(bad.err)[0].startswith('invalid value "maybe" of COSIGN_YES')
    both = cli("sign", "x", "--signing-config", "f", "--use-signing-config=true", "--sk")
    assert errors_of(both.err)[0].startswith("if any flags in the group [use-signing-config signing-config] are set")


def test_a_required_flag_may_come_from_the_environment(cli: Cli) -> None:
    assert errors_of(cli("stack", "env").err) == ['required flag(s) "data" not set']
    assert errors_of(cli("stack", "env", env={"PYCOSIGN_DATA": "nosuch"}).err) != ['required flag(s) "data" not set']


def test_extra_words_are_ignored_where_cosign_ignores_them(cli: Cli) -> None:
    assert cli("version", "extra").status == 0


def test_a_file_that_does_not_exist_is_a_usage_error(cli: Cli) -> None:
    ran = cli("public-key", "--key", "nosuch")
    assert ran.status == 1
    assert ran.err == (
        "Error: open nosuch: no such file or directory\n"
        "error during command execution: open nosuch: no such file or directory\n"
    )


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_unavailable(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "closed").touch(mode=0)
    assert cli("public-key", "--key", "closed").status == 20


def test_a_service_that_does_not_answer_is_unavailable_with_a_hint(cli: Cli) -> None:
    ran = cli("public-key", "--key", "http://127.0.0.1:1/x", env={"COSIGN_PASSWORD": ""})
    assert ran.status == 20
    assert ran.err.splitlines()[-1].startswith("hint: ")
    assert "Traceback" not in ran.err


def test_verbose_shows_where_it_failed(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    cli("public-key", "--key", "env://NOSUCH", "--verbose")
    assert "Traceback" in capsys.readouterr().err


def test_output_file_takes_standard_output(cli: Cli, tmp_path: Path) -> None:
    ran = cli("version", "--json", "--output-file", "out.json")
    assert ran.out == ""
    assert '"gitVersion"' in (tmp_path / "out.json").read_text()


def test_output_file_that_cannot_be_made_stops_the_command(cli: Cli) -> None:
    ran = cli("version", "--output-file", "nosuch/out")
    assert ran.status == 1
    assert errors_of(ran.err) == ["error creating output file nosuch/out: open nosuch/out: no such file or directory"]


def test_output_file_keeps_what_it_held_when_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(args: object, context: Context) -> None:
        context.put("half")
        raise KeyboardInterrupt

    import pycosign.cli.commands.version as version

    monkeypatch.setattr(version, "run", interrupted)
    kept, new = tmp_path / "kept", tmp_path / "new"
    kept.write_text("before")
    assert run_cli("version", "--output-file", str(kept)).status == 130
    assert run_cli("version", "--output-file", str(new)).status == 130
    assert kept.read_text() == "before"
    assert not new.exists()


def test_completion_offers_commands_flags_and_values(cli: Cli) -> None:
    assert cli("__complete", "stack", "st").out == "status\tTell whether every service of the stack answers\n:4\n"
    assert "version\tPrint the version\n" in cli("__complete", "ver").out
    assert cli("__completeNoDesc", "stack", "").out == "env\nstatus\ntoken\nup\n:4\n"
    assert "--json\tprint JSON instead of text\n" in cli("__complete", "version", "--").out
    assert cli("__complete", "verify", "--output=t").out == "text\n:4\n"
    assert cli("__complete", "verify", "-o", "").out == "json\ntext\n:4\n"
    assert cli("__complete", "sign-blob", "--key", "").out == ":0\n"  # files
    assert (
        cli("__complete", "sign-blob", "--fulcio").out
        == "--fulcio-auth-flow\thow to log in for an identity token; chosen by where it runs when empty\n:4\n"
    )
    assert cli("__complete", "completion", "z").out == "zsh\n:4\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_every_shell_gets_a_script(cli: Cli, shell: str) -> None:
    assert "pycosign __complete" in cli("completion", shell).out or "__complete" in cli("completion", shell).out
    assert errors_of(cli("completion", "foo").err) == ['invalid argument "foo" for "pycosign completion"']


def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(run_cli("completion", "bash").out)
    program = tmp_path / "pycosign"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pycosign "$@"\n')
    program.chmod(0o755)
    ask = 'source "$1"; COMP_WORDS=(pycosign stack st); COMP_CWORD=2; _pycosign_complete; echo "${COMPREPLY[@]}"'
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", ask, "bash", script], env={**os.environ, "PATH": path}, capture_output=True, check=True
    )
    assert ended.stdout.decode().split() == ["status"]


def test_help_is_laid_out_as_cosigns(cli: Cli) -> None:
    text = cli("import-key-pair", "--help").out
    assert "Usage:\npycosign import-key-pair [flags]\n" in text
    assert "    -o, --output-key-prefix='import-cosign':\n\tname of the files, before .key and .pub\n\n" in text
    assert text.endswith(
        "Global Flags:\n"
        "      --output-file string   write what would go to standard output into this file\n"
        "  -t, --timeout duration     give up after this long (default 3m0s)\n"
        "  -d, --verbose              show HTTP traffic, and a traceback when something fails\n"
    )
    assert "fulcio-url" not in cli("sign", "--help").out  # deprecated
    assert cli("help", "download", "signature").out == cli("download", "signature", "--help").out
    assert cli("help", "nosuch").err.startswith("Unknown help topic [`nosuch`]\n")


class Process:
    """The command line as a process of its own."""

    def __init__(self, *words: str, **options: object) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "pycosign", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,  # type: ignore[call-overload]
        )


def test_text_is_utf8_whatever_the_locale() -> None:
    env = {"PATH": os.environ["PATH"], "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    process = Process("public-key", "--key", "n\u00f6", env=env).popen
    _, err = process.communicate(timeout=30)
    assert "open n\u00f6: no such file".encode() in err or rb"\udcc3" in err


def test_a_reader_that_goes_away_ends_the_command_by_the_signal_as_it_ends_cosign() -> None:
    """1 would say that something was refused."""
    process = Process("version").popen
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=30) == -signal.SIGPIPE


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_ends_with_130_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    env = {key: value for key, value in os.environ.items() if key != "COSIGN_PASSWORD"}
    process = Process("generate-key-pair", cwd=tmp_path, env=env).popen  # waits for a password on its standard input
    deadline = time.monotonic() + 20
    while (
        not Path(f"/proc/{process.pid}/wchan").exists() or "pipe" not in Path(f"/proc/{process.pid}/wchan").read_text()
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_process_without_streams_does_not_crash(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m pycosign public-key --key nosuch <&- >&- 2>&-'
    assert subprocess.run(["sh", "-c", command], cwd=tmp_path, check=False).returncode == 1


def test_main_returns_a_status_and_never_ends_the_process() -> None:
    assert main(["nosuch"], Context({})) == 1
