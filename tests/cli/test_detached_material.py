"""What belongs to an image's signature in files of its own: `--signature`, `--payload`, `--certificate`."""

import json
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from pycosign.codec.pem import format_pem
from pycosign.wire.trusted_root import parse_trusted_root
from tests.cli.conftest import Ran, find_peer
from tests.cli.stage import EMAIL, OLD_STYLE, Stage, assert_one_error
from tests.net.conftest import ScriptedServer, reply
from tests.verify.vectors import DATA

MADE = DATA / "corpus"


class Files:
    """An image that was signed keyless in the old format, and the files of its signature."""

    def __init__(self, stage: Stage, name: str, *, upload: bool = True) -> None:
        self.stage = stage
        self.image = f"{stage.sandbox.registry}/{stage.image(name, name.encode())}"
        folder = stage.folder / name
        folder.mkdir()
        self.signature, self.payload, self.certificate = folder / "s", folder / "p", folder / "c"
        urls = stage.sandbox.urls
        stage.must(
            "sign", *OLD_STYLE, "--rekor-url", urls["rekor"], "--fulcio-url", urls["fulcio"],
            "--output-signature", self.signature, "--output-payload", self.payload,
            "--output-certificate", self.certificate, f"--upload={str(upload).lower()}", self.image,
        )  # fmt: skip

    def verify(self, *words: object, who: tuple[str, ...] | None = None) -> Ran:
        who = self.stage.who if who is None else who
        return self.stage.run("verify", *who, "--rekor-url", self.stage.sandbox.urls["rekor"], *words)

    @property
    def loose(self) -> tuple[object, ...]:
        return ("--signature", self.signature, "--payload", self.payload, "--certificate", self.certificate)


@pytest.fixture(scope="module")
def unattached(stage: Stage) -> Files:
    return Files(stage, "unattached", upload=False)


def test_a_signature_in_files_is_verified_as_one_beside_the_image(unattached: Files) -> None:
    assert unattached.verify(unattached.image).status == 10  # nothing is beside it
    ran = unattached.verify(*unattached.loose, unattached.image)
    assert ran.status == 0, ran.err
    element = json.loads(ran.out)[0]
    assert element["optional"]["Subject"] == EMAIL
    assert element["critical"] == json.loads(unattached.payload.read_bytes())["critical"]
    text = unattached.verify(*unattached.loose, "-o", "text", unattached.image)
    assert text.out.encode() == unattached.payload.read_bytes() + b"\n"


def test_the_payload_that_is_always_signed_need_not_be_given(unattached: Files) -> None:
    words = ("--signature", unattached.signature, "--certificate", unattached.certificate)
    ran = unattached.verify(*words, unattached.image)
    assert ran.status == 0, ran.err
    assert "using obsolete implied signature payload data" in ran.err


def test_a_signature_may_be_base64_on_the_command_line(unattached: Files) -> None:
    text = unattached.signature.read_text().strip()
    words = ("--signature", text, "--payload", unattached.payload, "--certificate", unattached.certificate)
    assert unattached.verify(*words, unattached.image).status == 0


def test_files_about_another_image_are_refused(stage: Stage, unattached: Files) -> None:
    other = f"{stage.sandbox.registry}/{stage.image('other', b'other')}"
    assert unattached.verify(*unattached.loose, other).status == 12
    without = ("--signature", unattached.signature, "--certificate", unattached.certificate)
    assert unattached.verify(*without, other).status == 12


@pytest.mark.parametrize("what", ["signature", "payload", "certificate"])
def test_every_file_matters(stage: Stage, unattached: Files, what: str) -> None:
    other = Files(stage, f"foreign-{what}", upload=False)
    words = dict(zip(unattached.loose[::2], unattached.loose[1::2], strict=True))
    words[f"--{what}"] = getattr(other, what)
    ran = unattached.verify(*[word for pair in words.items() for word in pair], unattached.image)
    assert ran.status == 12, ran.err


def test_the_identity_is_demanded_all_the_same(unattached: Files) -> None:
    stranger = ("--certificate-identity", "x@example.com", "--certificate-oidc-issuer", unattached.stage.sandbox.issuer)
    assert unattached.verify(*unattached.loose, unattached.image, who=stranger).status == 12
    assert unattached.verify(*unattached.loose, unattached.image, who=()).status == 1


def test_without_a_certificate_there_is_nobody_to_ask_about(unattached: Files) -> None:
    words = ("--signature", unattached.signature, "--payload", unattached.payload)
    assert unattached.verify(*words, unattached.image).status == 12


def test_offline_there_is_no_log_entry(unattached: Files) -> None:
    assert unattached.verify(*unattached.loose, "--offline", unattached.image).status != 0


def test_the_log_can_be_waived_and_then_the_certificate_is_too_old_or_good_now(unattached: Files) -> None:
    ran = unattached.verify(*unattached.loose, "--insecure-ignore-tlog", unattached.image)
    assert ran.status == 0, ran.err
    assert "Skipping tlog verification" in ran.err


def test_a_certificate_belongs_to_the_signatures_that_are_found(stage: Stage, unattached: Files) -> None:
    attached = Files(stage, "attached")
    assert attached.verify(attached.image).status == 0
    assert attached.verify("--certificate", attached.certificate, attached.image).status == 0
    ran = attached.verify("--certificate", unattached.certificate, attached.image)
    assert ran.status == 12
    assert "made with another certificate" in ran.err


def test_bundles_beside_the_image_do_not_count_for_given_files(stage: Stage, unattached: Files) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('bundled', b'bundled')}"
    stage.must("sign", "--yes", image)
    assert unattached.verify(image).status == 0
    assert unattached.verify("--certificate", unattached.certificate, image).status == 10
    assert unattached.verify(*unattached.loose, image).status == 12


def test_a_key_s_signature_in_files(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('keyed', b'keyed')}"
    outputs = ("--output-signature", stage.folder / "ks", "--output-payload", stage.folder / "kp")
    words = (*OLD_STYLE, "--rekor-url", stage.sandbox.urls["rekor"], "--key", stage.key, "--upload=false")
    stage.must("sign", *words, *outputs, image)
    files = ("--signature", stage.folder / "ks", "--payload", stage.folder / "kp")
    rekor = ("--rekor-url", stage.sandbox.urls["rekor"])
    assert stage.run("verify", "--key", stage.public_key, *rekor, *files, image).status == 0
    assert stage.run("verify", "--key", stage.other_public_key, *rekor, *files, image).status == 12


def pieces_of_trust(trusted_root: str | Path, folder: Path) -> dict[str, str]:
    """A trust root as the files that Cosign 2 reads, in its variables; the first log is Rekor v1."""
    root = parse_trusted_root(Path(trusted_root).read_bytes())
    contents = {
        "SIGSTORE_ROOT_FILE": chain_of(trusted_root, folder).read_bytes(),
        "SIGSTORE_REKOR_PUBLIC_KEY": format_pem("PUBLIC KEY", root.tlogs[0].key_der),
        "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": format_pem("PUBLIC KEY", root.ctlogs[0].key_der),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in contents}


def chain_of(trusted_root: str | Path, folder: Path) -> Path:
    """The certificate authority of a trust root as a file for --certificate-chain."""
    root = parse_trusted_root(Path(trusted_root).read_bytes())
    path = folder / "chain.pem"
    path.write_bytes(b"".join(format_pem("CERTIFICATE", der) for der in root.certificate_authorities[0].chain_der))
    return path


def test_the_authorities_may_be_given_beside_the_certificate(stage: Stage, unattached: Files, tmp_path: Path) -> None:
    chain = ("--certificate-chain", chain_of(stage.trusted_root, tmp_path))
    ran = unattached.verify(*unattached.loose, *chain, unattached.image)
    assert ran.status == 0, ran.err
    chain_of(DATA / "corpus" / "trust" / "made-kinds.json", tmp_path)
    refused = unattached.verify(*unattached.loose, *chain, unattached.image)
    assert refused.status == 12
    assert "does not lead to a trusted authority" in refused.err


def test_certificates_may_come_from_variables_and_urls(stage: Stage, unattached: Files, tmp_path: Path) -> None:
    chain = chain_of(stage.trusted_root, tmp_path)
    env = {
        "LEAF": unattached.certificate.read_text(),
        "CHAIN": chain.read_text(),
        "DATA": unattached.payload.read_text(),
    }
    words = ["--signature", unattached.signature, "--payload", "env://DATA", "--certificate", "env://LEAF"]
    words += ["--certificate-chain", "env://CHAIN", "--rekor-url", stage.sandbox.urls["rekor"]]
    ran = stage.run("verify", *stage.who, *words, unattached.image, env=env)
    assert ran.status == 0, ran.err
    missing = stage.run("verify", *stage.who, *words, unattached.image)
    assert_one_error(missing, 1, naming="$DATA")
    with closing(ScriptedServer()) as server:
        server.answer = lambda request: reply(request, 200, unattached.certificate.read_bytes())
        words[5] = f"http://127.0.0.1:{server.port}/certificate.pem"
        assert stage.run("verify", *stage.who, *words, unattached.image, env=env).status == 0
        assert_one_error(
            stage.run("verify", "--offline", *stage.who, *words, unattached.image, env=env), 1, naming="URL"
        )


VARIABLES = (
    "SIGSTORE_ROOT_FILE",
    "SIGSTORE_REKOR_PUBLIC_KEY",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
    "SIGSTORE_TSA_CERTIFICATE_FILE",
)


@pytest.mark.parametrize("name", [*VARIABLES, "--ca-roots", "--certificate-chain", "--timestamp-certificate-chain"])
def test_an_empty_file_of_trust_is_not_none(stage: Stage, unattached: Files, tmp_path: Path, name: str) -> None:
    """It was cut off: whom the repository trusts must not take the place of whom the caller named."""
    path = tmp_path / "empty.pem"
    path.write_bytes(b"")
    words, env = ((f"{name}={path}",), {}) if name.startswith("--") else ((), {name: str(path)})
    rekor = ("--rekor-url", stage.sandbox.urls["rekor"])
    ran = stage.run("verify", *stage.who, *rekor, *unattached.loose, *words, unattached.image, env=env)
    assert ran.status == 1
    assert "has no PEM block" in ran.err or "is not a public key" in ran.err
    if name in VARIABLES:
        assert stage.run("verify-blob", "--bundle", stage.keyless_v1, *stage.who, stage.artifact, env=env).status == 1


def test_pieces_that_do_not_suffice_and_a_repository_that_cannot_be_asked_are_unavailable(
    stage: Stage, tmp_path: Path
) -> None:
    """Nothing can be verified with them alone: what is refused then may be good."""
    pieces = pieces_of_trust(stage.trusted_root, tmp_path)
    nobody = {"TUF_MIRROR": "http://127.0.0.1:9"}
    words = ("verify-blob", "--bundle", stage.keyless_v1, *stage.who, stage.artifact)
    for name in pieces:
        ran = stage.run(*words, env={**nobody, name: pieces[name]})
        assert_one_error(ran, 20, naming="127.0.0.1:9")
    assert stage.run(*words, env={**nobody, **pieces}).status == 0


@pytest.mark.parametrize(("flag", "other"), [("payload", "signature"), ("sct", "certificate")])
def test_a_file_that_would_not_be_looked_at_is_refused(unattached: Files, flag: str, other: str) -> None:
    ran = unattached.verify(f"--{flag}", unattached.payload, unattached.image)
    assert ran.status == 1
    assert f"--{flag} is only looked at together with --{other}" in ran.err


@pytest.mark.peer
def test_cosign_reads_the_same_files_and_says_the_same(stage: Stage, unattached: Files, tmp_path: Path) -> None:
    """Cosign 2.6.4 does not: it asks the log for the bare key, where the log has the certificate."""
    cosign = find_peer("cosign3")
    if cosign is None:
        pytest.skip("cosign 3.1.2 is not built (`make interop` does)")
    env = {**stage.env, "HOME": str(stage.folder)}
    rekor = ("--rekor-url", stage.sandbox.urls["rekor"])

    def theirs(*words: object, more: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[bytes]":
        line = [cosign, "verify", *stage.who, *rekor, *words, unattached.image]
        given = {**env, **(more or {})}
        return subprocess.run(list(map(str, line)), env=given, capture_output=True, check=False, timeout=60)

    done = theirs(*unattached.loose)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == json.loads(unattached.verify(*unattached.loose, unattached.image).out)
    chain = ("--certificate-chain", chain_of(stage.trusted_root, tmp_path))
    pieces = pieces_of_trust(stage.trusted_root, tmp_path)  # else it asks the public instance for its keys
    done = theirs(*unattached.loose, *chain, more=pieces)
    assert done.returncode == 0, done.stderr.decode()
    assert theirs(*unattached.loose[:4]).returncode == unattached.verify(*unattached.loose[:4], unattached.image).status
