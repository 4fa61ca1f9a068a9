"""The same words to Cosign 3.1.2 and to us: the same complaints, the same layout of help, keys for each other."""

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Ran, find_peer
from tests.cli.test_tables import COSIGN

pytestmark = pytest.mark.peer

COMPLAINTS = [
    ("sgn",),
    ("nosuch",),
    ("--foo",),
    ("--foo", "version"),
    ("--=x",),
    ("--version",),
    ("-t", "5x", "version"),
    ("--timeout", "", "version"),
    ("version", "--json=maybe"),
    ("version", "-q"),
    ("version", "-key"),
    ("version", "--help", "--foo"),
    ("--y", "version"),
    ("sign",),
    ("sign", "-a=k=v"),
    ("sign", "-y", "-r"),
    ("sign", "--fulcio-url", "x", "--nosuch"),
    ("sign", "--fulcio-url", "x", "--fulcio-url", "y", "--tlog-upload=false"),
    ("sign", "--upload=false", "x"),
    ("sign", "--use-signing-config", "--signing-config", "x", "y"),
    ("sign-blob",),
    ("sign-blob", "x"),
    ("sign-blob", "x", "--bundle", "b", "--rekor-url", "http://x"),
    ("sign-blob", "x", "--new-bundle-format=false"),
    ("sign-blob", "x", "--bundle", "b", "--signing-algorithm", "md5"),
    ("verify",),
    ("verify", "-a"),
    ("verify", "-o"),
    ("verify", "--key"),
    ("verify", "x"),
    ("verify", "x", "--certificate-identity", "a"),
    ("verify", "x", "--certificate-identity", "a", "--certificate-identity-regexp", "b"),
    ("verify", "x", "--key", "k", "--certificate-identity", "a"),
    ("verify", "x", "--max-workers", "0"),
    ("verify", "x", "--max-workers=y"),
    ("verify", "x", "--max-workers=99999999999999999999"),
    ("verify", "x", "--annotations", 'a"x'),
    ("verify", "x", "--annotations", '"x"y'),
    ("verify", "x", "--annotations", "x"),
    ("verify", "x", "--signature-digest-algorithm", "sha1", "--key", "k"),
    ("verify", "x", "--ca-roots", "a", "--certificate-chain", "b"),
    ("verify-blob",),
    ("verify-blob", "a", "b"),
    ("verify-blob", "x"),
    ("verify-blob", "x", "--key", "k", "--certificate", "c"),
    ("verify-blob", "x", "--bundle", "b"),
    ("verify-blob-attestation",),
    ("verify-blob-attestation", "a", "b"),
    ("verify-blob-attestation", "x"),
    ("verify-blob-attestation", "x", "--type", "spdx"),
    ("verify-blob-attestation", "--digest", "ab", "--bundle", "b"),
    ("verify-blob-attestation", "--digestAlg", "sha256", "--bundle", "b"),
    ("verify-blob-attestation", "x", "--signature", "s"),
    ("verify-blob-attestation", "x", "--bundle", "b"),
    ("verify-blob-attestation", "x", "--bundle", "b", "--certificate-identity", "a"),
    ("verify-blob-attestation", "x", "--bundle", "b", "--key", "k", "--certificate-identity", "a"),
    ("verify-blob-attestation", "x", "--check-claims=x"),
    ("verify-blob-attestation", "x", "--signature-digest-algorithm", "sha1", "--key", "k"),
    ("verify-blob-attestation", "x", "--ca-roots", "a", "--certificate-chain", "b"),
    ("triangulate",),
    ("tree", "a", "b"),
    ("tree", "--registry-referrers-mode", "foo", "x"),
    ("download", "signature"),
    ("download", "signature", "a", "b"),
    ("completion",),
    ("completion", "foo"),
    ("public-key",),
    ("public-key", "--key", "nosuch"),
    ("public-key", "--key", "env://NOSUCH"),
    ("public-key", "--key", "foo://bar"),
    ("public-key", "--key", "."),
    ("import-key-pair",),
    ("import-key-pair", "--key", "nosuch"),
    ("generate-key-pair", "foo"),
    ("generate-key-pair", "foo://bar"),
    ("generate-key-pair", "--output-key-prefix", "nosuch/x"),
]
OUR_FLAGS = tuple(
    f"    --{name}="
    for name in ("allow-any-predicate", "batch", "instance", "max-trust-age", "output", "policy-file", "report")
)
ENV = {"COSIGN_PASSWORD": "pw"}


def shown(ran: Ran) -> tuple[int, str, list[str]]:
    """How it ended and what it said, less our hints, and with their name for ours."""
    said = ran.err
    for quote in "\"'`":
        said = said.replace(f"{quote}pycosign", f"{quote}cosign")
    return ran.status, ran.out, [line for line in said.splitlines() if not line.startswith("hint: ")]


@pytest.mark.parametrize("words", COMPLAINTS, ids=" ".join)
def test_cosign_complains_alike(cli: Cli, cosign3: Cli, words: tuple[str, ...]) -> None:
    assert shown(cli(*words, env=ENV)) == shown(cosign3(*words, env=ENV))


@pytest.mark.parametrize(
    "words",
    [("version", "extra"), ("-d", "version"), ("download", "nosuch"), ("help", "nosuch"), ("--help", "version")],
)
def test_cosign_ends_alike(cli: Cli, cosign3: Cli, words: tuple[str, ...]) -> None:
    ours, theirs = cli(*words), cosign3(*words)
    assert ours.status == theirs.status
    assert bool(ours.out) == bool(theirs.out)
    assert bool(ours.err) == bool(theirs.err)


@pytest.mark.parametrize("command", sorted(COSIGN.keys() - {"(root)"}))
def test_help_has_cosigns_flags_and_layout(cli: Cli, cosign3: Cli, command: str) -> None:
    def layout(text: str) -> list[str]:
        """The lines that are not prose: headings, the usage, and each flag's name and default."""
        kept = [
            line
            for line in text.splitlines()
            if (line.startswith("    -") and line.endswith(":")) or line in ("Usage:", "Flags:", "Global Flags:")
        ]
        usage = [
            line.replace("pycosign", "cosign")
            for line in text.splitlines()
            if line.endswith(f"cosign {command} [flags]")
        ]
        return kept + usage

    words = (*command.split(), "--help")
    ours = [line for line in layout(cli(*words).out) if not line.startswith(OUR_FLAGS)]
    assert ours == layout(cosign3(*words).out)


def test_keys_serve_for_each_other(cli: Cli, cosign3: Cli, tmp_path: Path) -> None:
    for maker, reader in ((cli, cosign3), (cosign3, cli)):
        for leftover in tmp_path.glob("cosign.*"):
            leftover.unlink()
        assert maker("generate-key-pair", env=ENV).status == 0
        assert reader("public-key", "--key", "cosign.key", env=ENV).out == (tmp_path / "cosign.pub").read_text()
        assert reader("public-key", "--key", "cosign.key", stdin=b"pw").status == 0
        with_newline = reader("public-key", "--key", "cosign.key", stdin=b"pw\n")
        assert with_newline.status == 1  # the newline belongs to the password


def test_the_peer_is_the_version_that_we_compare_with(cosign3: Cli) -> None:
    assert '"gitVersion": "v3.1.2"' in cosign3("version", "--json").out


def test_a_missing_peer_is_found_out() -> None:
    assert find_peer("no-such-cosign") is None
